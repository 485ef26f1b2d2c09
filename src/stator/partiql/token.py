"""Statement text to tokens."""

import re
from typing import NamedTuple

from stator.partiql.fault import Place, malformed
from stator.partiql.keywords import KEYWORDS

NAME, QUOTED, KEYWORD, TEXT, NUMBER, SYMBOL, END = "name", "quoted", "keyword", "text", "number", "symbol", "end"

_INT_MAX = 2**31 - 1
_INT_MIN = -(2**31)

_TOKEN = re.compile(
    r"""
    (?:[ \t\r\n\v\f]+ | --[^\r\n]* | /\*(?s:.*?)\*/)*+
    (?:
        (?P<name>[A-Za-z_$][A-Za-z0-9_$]*+)
      | (?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)
      | (?P<text>'(?:[^']|'')*+')
      | (?P<quoted>"(?:[^"]|"")*+")
      | (?P<symbol><<|>>|<>|<=|>=|!=|\|\||/(?!\*)|[=<>+\-*%()\[\]{},.:;?@])
      | (?P<end>\Z)
    )
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """`text` is what it stands for: keywords in lower case, quoted names and strings without their quotes."""

    kind: str
    text: str
    place: Place


def read_tokens(text: str) -> list[Token]:
    """The tokens of a statement, an END last. Raises ValidationException."""
    tokens: list[Token] = []
    offset = 0
    while True:
        match = _TOKEN.match(text, offset)
        if match is None:
            raise malformed()
        kind = match.lastgroup or END
        token = _token(kind, match[kind], Place(match.start(kind), match.end(kind) - match.start(kind)))
        tokens.append(token)
        if kind == END:
            return tokens
        offset = match.end()


def _token(kind: str, raw: str, place: Place) -> Token:
    if kind == NAME:
        lowered = raw.lower()
        return Token(KEYWORD, lowered, place) if lowered in KEYWORDS else Token(NAME, raw, place)
    if kind == TEXT:
        return Token(TEXT, raw[1:-1].replace("''", "'"), place)
    if kind == QUOTED:
        return Token(QUOTED, raw[1:-1].replace('""', '"'), place)
    if kind == NUMBER:
        _check_exponent(raw)
    return Token(kind, "<>" if raw == "!=" else raw, place)


def _check_exponent(raw: str) -> None:
    """The exponent and the scale that it leaves are 32-bit integers."""
    digits, _, exponent_text = raw.lower().partition("e")
    if not exponent_text:
        return
    if len(exponent_text.lstrip("+-0")) > len(str(_INT_MAX)):
        raise malformed()
    exponent = int(exponent_text)
    scale = len(digits.partition(".")[2]) - exponent
    if not (_INT_MIN <= exponent <= _INT_MAX and _INT_MIN <= scale <= _INT_MAX):
        raise malformed()
