"""Operands of conditions and of update values: paths, values and function calls, nested to any depth.

The parser holds no stack but its own list, so no text can overflow it, and it gives each part to a builder as soon as
the part is complete: inner before outer, left before right. That is also the order in which faults are found.
"""

from collections.abc import Container
from typing import Generic, Protocol, TypeVar

from stator.expressions.lexer import NAME, NUMBER, VALUE, WORD, Tokens

RawPath = tuple[str | int, ...]
"""A path as written: bare names, `#placeholders` and list indexes."""

T = TypeVar("T")


class Builder(Protocol[T]):
    """Makes the operands of one language. Never raises: it collects faults."""

    def path(self, raw: RawPath) -> T: ...

    def value(self, name: str) -> T: ...

    def call(self, name: str, operands: tuple[T, ...]) -> T: ...

    def group(self) -> None:
        """Parentheses round one operand were closed."""


class _Open(Generic[T]):
    """A parenthesis not closed yet: of a function call if it has a name, else of a group."""

    __slots__ = ("name", "operands")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.operands: list[T] = []


_NO_WORDS: frozenset[str] = frozenset()


def parse_path(tokens: Tokens, keywords: Container[str] = _NO_WORDS) -> RawPath:
    """`keywords` are the words of this language that cannot be names."""
    parts: list[str | int] = [_name(tokens, keywords)]
    _parse_steps(tokens, parts, keywords)
    return tuple(parts)


def _name(tokens: Tokens, keywords: Container[str]) -> str:
    token = tokens.token
    if token.kind != NAME and (token.kind != WORD or token.text.upper() in keywords):
        tokens.fail()
    tokens.advance()
    return token.text


def _parse_steps(tokens: Tokens, parts: list[str | int], keywords: Container[str]) -> None:
    while True:
        if tokens.skip_symbol("."):
            parts.append(_name(tokens, keywords))
        elif tokens.skip_symbol("["):
            if tokens.token.kind != NUMBER:
                tokens.fail()
            parts.append(int(tokens.advance().text))
            tokens.expect_symbol("]")
        else:
            return


def parse_operand(tokens: Tokens, builder: Builder[T], keywords: Container[str], path_groups: bool = False) -> T:
    """One operand. `path_groups`: whether a path may go on behind a parenthesis, as in `(a.b).c`."""
    opened: list[_Open[T]] = []
    while True:
        if tokens.skip_symbol("("):
            opened.append(_Open(None))
            continue
        token = tokens.token
        if token.kind == VALUE:
            tokens.advance()
            operand = builder.value(token.text)
        elif token.kind == WORD and token.text.upper() not in keywords and tokens.opens_call():
            tokens.advance()
            tokens.advance()
            opened.append(_Open(token.text))
            continue
        else:
            path = parse_path(tokens, keywords)
            while path_groups and (groups := tokens.groups_in_path(_groups(opened))):
                for _ in range(groups):
                    tokens.advance()
                    opened.pop()
                parts = list(path)
                _parse_steps(tokens, parts, keywords)
                path = tuple(parts)
            operand = builder.path(path)
        complete = _close(tokens, builder, opened, operand)
        if complete is not None:
            return complete


def _groups(opened: list[_Open[T]]) -> int:
    """How many of the innermost open parentheses are groups."""
    groups = 0
    for parenthesis in reversed(opened):
        if parenthesis.name is not None:
            break
        groups += 1
    return groups


def _close(tokens: Tokens, builder: Builder[T], opened: list[_Open[T]], operand: T) -> T | None:
    """Closes what ends behind this operand. None when a further operand of a call has to follow."""
    while opened:
        innermost = opened[-1]
        if innermost.name is not None:
            innermost.operands.append(operand)
            if tokens.skip_symbol(","):
                return None
        tokens.expect_symbol(")")
        opened.pop()
        if innermost.name is None:
            builder.group()
        else:
            operand = builder.call(innermost.name, tuple(innermost.operands))
    return operand
