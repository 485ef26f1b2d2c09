"""Expression text to tokens: one lexer for the five item languages.

A character that fits nowhere becomes a token too, so that the first token a parser cannot use is named in the error,
whether it is unknown or only misplaced.
"""

import re
from typing import NamedTuple, NoReturn

from stator.errors import Family, ValidationException
from stator.limits import EXPRESSION_BYTES_MAX

WORD = 1  # attribute name, keyword or function name
NAME = 2  # #placeholder
VALUE = 3  # :placeholder
NUMBER = 4
SYMBOL = 5
UNKNOWN = 6
END = 7

_BLANKS = " \t\r\n"
_TOKEN = re.compile(
    r"[ \t\r\n]*+(?:"
    r"([A-Za-z][A-Za-z0-9_]*)|(\#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|([0-9]+)|(<>|<=|>=|[=<>()\[\].,+\-])|([^ \t\r\n]))",
    re.ASCII,
)

_OPERATORS = frozenset(("AND", "OR", "NOT", "BETWEEN"))  # a parenthesis behind these opens a group, not a call


class Token(NamedTuple):
    kind: int
    text: str
    start: int
    end: int


def invalid(kind: str, problem: str) -> ValidationException:
    """The error for a faulty expression of this kind (`ConditionExpression` and so on)."""
    return ValidationException(f"Invalid {kind}: {problem}", Family.EXPRESSION)


def read_tokens(kind: str, text: str) -> "Tokens":
    """Raises ValidationException when the text is blank or too long."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > EXPRESSION_BYTES_MAX:
        problem = f"Expression size has exceeded the maximum allowed size; expression size: {size}"
        raise invalid(kind, problem)
    tokens: list[Token] = []
    # Blanks at the end are cut off: looking for a token behind each of them would take quadratic time.
    for match in _TOKEN.finditer(text, 0, len(text.rstrip(_BLANKS))):
        kind_of_token = match.lastindex or UNKNOWN
        tokens.append(Token(kind_of_token, match[kind_of_token], match.start(kind_of_token), match.end()))
    if not tokens:
        raise invalid(kind, "The expression can not be empty;")
    tokens.append(Token(END, "<EOF>", tokens[-1].end, tokens[-1].end))
    return Tokens(kind, text, tokens)


class Tokens:
    """A cursor over the tokens of one expression. `token` is the next one; the last is always END."""

    __slots__ = ("_closing", "_position", "_tokens", "kind", "text", "token")

    def __init__(self, kind: str, text: str, tokens: list[Token]) -> None:
        self.kind = kind
        self.text = text
        self._tokens = tokens
        self._position = 0
        self._closing: dict[int, int] | None = None
        self.token = tokens[0]

    def advance(self) -> Token:
        """Steps over the next token and returns it; stays at the end."""
        token = self.token
        if token.kind != END:
            self._position += 1
            self.token = self._tokens[self._position]
        return token

    def is_symbol(self, symbol: str) -> bool:
        return self.token.kind == SYMBOL and self.token.text == symbol

    def is_keyword(self, *keywords: str) -> bool:
        return self.token.kind == WORD and self.token.text.upper() in keywords

    def skip_symbol(self, symbol: str) -> bool:
        """Steps over this symbol if it is next."""
        if self.token.kind == SYMBOL and self.token.text == symbol:
            self.advance()
            return True
        return False

    def expect_symbol(self, symbol: str) -> None:
        if not self.skip_symbol(symbol):
            self.fail()

    def opens_call(self) -> bool:
        """Whether the token behind the next one is an opening parenthesis."""
        return self._position + 1 < len(self._tokens) and self._tokens[self._position + 1].text == "("

    def groups_in_path(self, open_groups: int) -> int:
        """How many of so many open groups close here with a path going on behind them, as in `((a)).b`."""
        closing = 0
        while closing < open_groups and self._tokens[self._position + closing].text == ")":
            closing += 1
        return closing if self._tokens[self._position + closing].text in (".", "[") else 0

    def behind_group(self) -> Token | None:
        """The token behind the parenthesis that closes the one that is next; None if it is never closed."""
        closing = self._parentheses().get(self._position)
        return None if closing is None else self._tokens[closing + 1]

    def has_redundant_parentheses(self) -> bool:
        """Whether a group anywhere holds nothing but another group."""
        if "(" not in self.text:
            return False
        closing = self._parentheses()
        return any(
            closing.get(opening + 1) == closed - 1 and not self._is_call(opening) for opening, closed in closing.items()
        )

    def _is_call(self, opening: int) -> bool:
        before = self._tokens[opening - 1] if opening else None
        return before is not None and before.kind == WORD and before.text.upper() not in _OPERATORS

    def _parentheses(self) -> dict[int, int]:
        """Positions of opening parentheses to those of the closing ones, of all that are closed."""
        if self._closing is None:
            self._closing = {}
            opened: list[int] = []
            for position, token in enumerate(self._tokens):
                if token.text == "(":
                    opened.append(position)
                elif token.text == ")" and opened:
                    self._closing[opened.pop()] = position
        return self._closing

    def fail(self) -> NoReturn:
        """Raises the syntax error for the next token, shown with its neighbours as they were written."""
        at = self._position
        first = self._tokens[max(at - 1, 0)]
        last = self._tokens[min(at + 1, len(self._tokens) - 1)]
        near = self.text[first.start : last.end]
        raise invalid(self.kind, f'Syntax error; token: "{self.token.text}", near: "{near}"')
