"""Expressions of a statement, parsed by precedence. What is nested too deeply is refused, never walked."""

from typing import Final

from stator.expressions.tree import Path
from stator.partiql import fault
from stator.partiql.fault import Place, malformed, refused
from stator.partiql.keywords import FUNCTIONS, OPERATORS, TYPE_PAIRS, TYPES
from stator.partiql.syntax import (
    BagNode,
    BetweenNode,
    BinaryNode,
    CallNode,
    InNode,
    IsNode,
    ListNode,
    Literal,
    LogicNode,
    NegativeNode,
    Node,
    NotNode,
    Parameter,
    PathNode,
    TupleNode,
)
from stator.partiql.token import END, KEYWORD, NAME, NUMBER, QUOTED, SYMBOL, TEXT, Token, read_tokens

DEPTH_MAX: Final = 100
"""Levels of an expression. A level costs a few frames of the interpreter's thousand here and in what reads the tree."""

_LIST_INDEX_MAX: Final = 2**31 - 1

_OR, _AND, _NOT, EQUALITY, _COMPARISON, _SUM, _PRODUCT = 10, 20, 30, 40, 50, 60, 70
_RANKS: Final = {
    "or": _OR,
    "and": _AND,
    "=": EQUALITY,
    "<>": EQUALITY,
    "is": EQUALITY,
    "in": EQUALITY,
    "<": _COMPARISON,
    "<=": _COMPARISON,
    ">": _COMPARISON,
    ">=": _COMPARISON,
    "between": _COMPARISON,
    "like": _COMPARISON,
    "+": _SUM,
    "-": _SUM,
    "||": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
}
_NEGATABLE: Final = frozenset(("in", "between", "like"))
_SYMBOL_OPERATORS: Final = frozenset(("=", "<>", "<", "<=", ">", ">=", "||", "*", "/", "%"))


class Expressions:
    """A parser over the tokens of one statement; `token` is the next one."""

    __slots__ = ("_depth", "_index", "_tokens", "parameters", "text", "token")

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = read_tokens(text)
        self._index = 0
        self._depth = 0
        self.token: Token = self._tokens[0]
        self.parameters = 0  # seen so far

    def advance(self) -> Token:
        """The token passed over."""
        token = self.token
        if token.kind != END:
            self._index += 1
            self.token = self._tokens[self._index]
        return token

    def behind(self) -> Token:
        """The token after the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def is_keyword(self, word: str) -> bool:
        return self.token.kind == KEYWORD and self.token.text == word

    def is_symbol(self, symbol: str) -> bool:
        return self.token.kind == SYMBOL and self.token.text == symbol

    def skip_keyword(self, word: str) -> bool:
        if self.is_keyword(word):
            self.advance()
            return True
        return False

    def skip_symbol(self, symbol: str) -> bool:
        if self.is_symbol(symbol):
            self.advance()
            return True
        return False

    def expect_symbol(self, symbol: str) -> None:
        if not self.skip_symbol(symbol):
            raise self.unexpected()

    def at_end(self) -> bool:
        return self.token.kind == END or self.is_symbol(";")

    def unexpected(self) -> Exception:
        """The next token cannot begin an expression."""
        kind, text, _ = self.token
        if kind == KEYWORD:
            return malformed(fault.UNEXPECTED_OPERATOR if text in OPERATORS else fault.UNEXPECTED_KEYWORD)
        if kind == SYMBOL and text in _SYMBOL_OPERATORS:
            return malformed(fault.UNEXPECTED_OPERATOR)
        return malformed(fault.UNEXPECTED_TERM)

    def expression(self, above: int = 0) -> Node:
        """An expression of operators that bind more tightly than `above`. Raises ValidationException."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise malformed(fault.TOO_DEEP)
        left = self._prefixed()
        while True:
            operator, negated = self._infix()
            rank = _RANKS.get(operator, 0)
            if rank <= above:
                self._depth -= 1
                return left
            place = self.advance().place
            if negated:
                self.advance()
            node = self._operation(operator, rank, left, place)
            left = NotNode(node, place, _deeper(node)) if negated else node

    def _infix(self) -> tuple[str, bool]:
        """The operator that comes next, empty for none, and whether a NOT stands before it."""
        token = self.token
        if token.kind not in (KEYWORD, SYMBOL):
            return "", False
        if token.text == "not":
            behind = self.behind()
            return (behind.text, True) if behind.kind == KEYWORD and behind.text in _NEGATABLE else ("", False)
        return token.text, False

    def _operation(self, operator: str, rank: int, left: Node, place: Place) -> Node:
        if operator == "is":
            return self._is(left, place)
        if self.at_end():
            raise malformed(fault.NO_RIGHT_SIDE)
        if operator == "in":
            options = self._options()
            return InNode(left, options, place, _deeper(left, *options))
        if operator == "between":
            low = self.expression(_COMPARISON)
            if not self.skip_keyword("and"):
                raise self.unexpected()
            high = self.expression(_COMPARISON)
            return BetweenNode(left, low, high, place, _deeper(left, low, high))
        right = self.expression(rank)
        if operator in ("and", "or"):
            if isinstance(left, LogicNode) and left.operator == operator:
                return LogicNode(operator, (*left.parts, right), place, max(left.depth, _deeper(right)))
            return LogicNode(operator, (left, right), place, _deeper(left, right))
        return BinaryNode(operator, left, right, place, _deeper(left, right))

    def _is(self, operand: Node, place: Place) -> Node:
        negated = self.skip_keyword("not")
        word = self.token.text.lower()
        if self.token.kind not in (KEYWORD, NAME):
            raise malformed(fault.NO_TYPE_NAME)
        if (word, self.behind().text.lower()) in TYPE_PAIRS:
            self.advance()
        elif word not in TYPES and word not in ("missing", "null"):
            raise malformed(fault.NO_TYPE_NAME)
        self.advance()
        node = IsNode(operand, word, place, _deeper(operand))
        return NotNode(node, place, _deeper(node)) if negated else node

    def _options(self) -> tuple[Node, ...]:
        """The right side of IN, in round or square brackets."""
        closing = {"(": ")", "[": "]"}.get(self.token.text) if self.token.kind == SYMBOL else None
        if closing is None:
            raise self.unexpected()
        self.advance()
        return self._sequence(closing)

    def _sequence(self, closing: str) -> tuple[Node, ...]:
        """Expressions separated by commas, up to and with the closing symbol."""
        elements: list[Node] = []
        if self.skip_symbol(closing):
            return ()
        while True:
            elements.append(self.expression())
            if not self.skip_symbol(","):
                break
        self.expect_symbol(closing)
        return tuple(elements)

    def _prefixed(self) -> Node:
        if self.is_keyword("not"):
            place = self.token.place
            negated = False
            while self.skip_keyword("not"):
                negated = not negated
            operand = self.expression(_NOT)
            return NotNode(operand, place, _deeper(operand)) if negated else operand
        if self.token.kind == SYMBOL and self.token.text in ("+", "-"):
            return self._signed()
        return self._primary()

    def _signed(self) -> Node:
        place = self.token.place
        sign = ""
        while self.token.kind == SYMBOL and self.token.text in ("+", "-"):
            sign = self.advance().text if sign != "-" else _times_minus(self.advance().text)
        operand = self._primary()
        if isinstance(operand, Literal) and operand.type == "N":
            return Literal("N", operand.text if sign == "+" else f"-{operand.text}", operand.place)
        return NegativeNode(sign, operand, place, _deeper(operand))

    def _primary(self) -> Node:
        kind, text, place = self.token
        if kind in (NAME, QUOTED) or (kind == KEYWORD and text in FUNCTIONS):
            return self._named()
        if kind == TEXT:
            self.advance()
            return Literal("S", text, place)
        if kind == NUMBER:
            self.advance()
            return Literal("N", text, place)
        if kind == KEYWORD and text in ("true", "false", "null", "missing"):
            self.advance()
            return Literal({"null": "NULL", "missing": "MISSING"}.get(text, "BOOL"), text, place)
        if kind == SYMBOL:
            return self._bracketed(text, place)
        raise self.unexpected()

    def _bracketed(self, symbol: str, place: Place) -> Node:
        if symbol == "?":
            self.advance()
            self.parameters += 1
            return Parameter(self.parameters - 1, place)
        if symbol == "(":
            self.advance()
            inner = self.expression()
            self.expect_symbol(")")
            return inner
        if symbol == "[":
            self.advance()
            elements = self._sequence("]")
            return ListNode(elements, place, _deeper(*elements))
        if symbol == "<<":
            self.advance()
            members = self._sequence(">>")
            return BagNode(members, place, _deeper(*members))
        if symbol == "{":
            return self._tuple()
        raise self.unexpected()

    def _tuple(self) -> Node:
        place = self.advance().place
        members: list[tuple[Node, Node]] = []
        if not self.skip_symbol("}"):
            while True:
                name = self.expression()
                self.expect_symbol(":")
                members.append((name, self.expression()))
                if not self.skip_symbol(","):
                    break
            self.expect_symbol("}")
        return TupleNode(tuple(members), place, _deeper(*(node for pair in members for node in pair)))

    def _named(self) -> Node:
        token = self.advance()
        if token.kind != QUOTED and self.is_symbol("("):
            self.advance()
            if self.is_symbol("*") and self.behind().text == ")":  # COUNT(*)
                self.advance()
            arguments = self._sequence(")")
            return CallNode(token.text, arguments, token.place, _deeper(*arguments))
        if token.kind == KEYWORD:
            raise malformed(fault.UNEXPECTED_KEYWORD)
        return PathNode(self._path(token), token.place)

    def path(self) -> PathNode:
        """A document path and nothing else."""
        if self.token.kind not in (NAME, QUOTED):
            raise malformed(fault.NO_IDENTIFIER)
        token = self.advance()
        return PathNode(self._path(token), token.place)

    def _path(self, first: Token) -> Path:
        steps: list[str | int] = [first.text]
        while True:
            if self.skip_symbol("."):
                if self.token.kind not in (NAME, QUOTED):
                    raise malformed(fault.PATH_COMPONENT)
                steps.append(self.advance().text)
            elif self.skip_symbol("["):
                steps.append(self._step())
                self.expect_symbol("]")
            else:
                return tuple(steps)

    def _step(self) -> str | int:
        node = self.expression()
        if isinstance(node, Literal) and node.type == "S":
            return node.text
        if not (isinstance(node, Literal) and node.type == "N" and node.text.lstrip("-").isdigit()):
            raise refused(self.text, node.place, "Unexpected path component")
        index = int(node.text)
        if not 0 <= index <= _LIST_INDEX_MAX:
            problem = f"List index is not within the allowable range; index: [{index}]"
            raise refused(self.text, node.place, problem)
        return index


def _times_minus(sign: str) -> str:
    return "+" if sign == "-" else "-"


def depth_of(node: Node) -> int:
    return 0 if isinstance(node, Literal | Parameter | PathNode) else node.depth


def _deeper(*nodes: Node) -> int:
    """The depth of what holds these. A chain of operators is as deep as it is long."""
    depth = 1
    for node in nodes:
        depth = max(depth, 1 + depth_of(node))
    if depth > DEPTH_MAX:
        raise malformed(fault.TOO_DEEP)
    return depth
