"""Expressions of metric math: text to tree. Pure.

expression  = and {("OR" | "||") and}
and         = comparison {("AND" | "&&") comparison}
comparison  = sum {("==" | "!=" | "<" | ">" | "<=" | ">=") sum}
sum         = product {("+" | "-") product}
product     = sign {("*" | "/") sign}
sign        = "-" sign | "+" sign | power
power       = operand ["^" sign]
operand     = number | text | name | FUNCTION "(" [expression {"," expression}] ")" | "(" expression ")"
            | "[" [expression {"," expression}] "]"
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from stator.metrics.math.fault import MathError
from stator.metrics.math.tree import Array, Binary, Call, Negation, Number, Reference, Text, Tree, Word

LENGTH_MAX: Final = 2048
DEPTH_MAX: Final = 32

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
_OR, _AND = {"OR": "OR", "||": "OR"}, {"AND": "AND", "&&": "AND"}
_COMPARISONS = {sign: sign for sign in ("==", "!=", "<", ">", "<=", ">=")}
_SUMS = {"+": "+", "-": "-"}
_PRODUCTS = {"*": "*", "/": "/"}
_RESERVED = _OR.keys() | _AND.keys()


class Token(NamedTuple):
    kind: str
    text: str


@lru_cache(maxsize=512)
def parse(text: str) -> Tree:
    """Raises MathError."""
    if len(text) > LENGTH_MAX:
        raise MathError(f"the expression is longer than {LENGTH_MAX} characters")
    return _Parser(_tokens(text)).parse()


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise MathError(f"unexpected character at {text[at : at + 10].strip()!r}")
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = [*tokens, Token("end", "")]
        self._at = 0
        self._depth = 0

    def parse(self) -> Tree:
        tree = self._expression()
        if self._next.kind != "end":
            raise MathError(f"unexpected {self._next.text!r}")
        return tree

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _is(self, sign: str) -> bool:
        return self._next == Token("sign", sign)

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            found = self._next.text or "the end"
            raise MathError(f"expected {sign!r} instead of {found!r}")
        self._at += 1

    def _expression(self) -> Tree:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise MathError(f"the expression is nested deeper than {DEPTH_MAX} levels")
        tree = self._chain(_OR, self._and)
        self._depth -= 1
        return tree

    def _and(self) -> Tree:
        return self._chain(_AND, self._comparison)

    def _comparison(self) -> Tree:
        return self._chain(_COMPARISONS, self._sum)

    def _sum(self) -> Tree:
        return self._chain(_SUMS, self._product)

    def _product(self) -> Tree:
        return self._chain(_PRODUCTS, self._sign)

    def _chain(self, operators: dict[str, str], operand: Callable[[], Tree]) -> Tree:
        tree = operand()
        while self._next.kind in ("sign", "name") and self._next.text in operators:
            operator = operators[self._take().text]
            tree = Binary(operator, tree, operand())
        return tree

    def _sign(self) -> Tree:
        negative = False
        while self._next.kind == "sign" and self._next.text in _SUMS:
            negative ^= self._take().text == "-"
        power = self._power()
        return Negation(power) if negative else power

    def _power(self) -> Tree:
        base = self._operand()
        if not self._is("^"):
            return base
        self._take()
        self._depth += 1  # 2^2^2^... nests without a parenthesis
        if self._depth > DEPTH_MAX:
            raise MathError(f"the expression is nested deeper than {DEPTH_MAX} levels")
        tree = Binary("^", base, self._sign())
        self._depth -= 1
        return tree

    def _number(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            raise MathError(f"the number {text[:20]} is too large")
        return value

    def _operand(self) -> Tree:
        token = self._take()
        if token.kind == "number":
            return Number(self._number(token.text))
        if token.kind == "text":
            return Text(token.text[1:-1])
        if token.kind == "name" and token.text not in _RESERVED:
            if self._is("("):
                self._take()
                return Call(token.text.upper(), self._list(")"))
            return Reference(token.text) if token.text[0].islower() else Word(token.text)
        if token == Token("sign", "("):
            tree = self._expression()
            self._expect(")")
            return tree
        if token == Token("sign", "["):
            return Array(self._list("]"))
        found = token.text or "the end"
        raise MathError(f"unexpected {found!r}")

    def _list(self, end: str) -> tuple[Tree, ...]:
        elements: list[Tree] = []
        if not self._is(end):
            elements.append(self._expression())
            while self._is(","):
                self._take()
                elements.append(self._expression())
        self._expect(end)
        return tuple(elements)
