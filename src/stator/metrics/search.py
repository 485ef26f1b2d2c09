"""SEARCH expressions: which of the series there are meet one. Pure.

    search  = ["{" namespace {"," dimension} "}"] [terms]
    terms   = term {["AND"] term | "OR" term}          OR binds less than AND
    term    = "NOT" term | "(" terms ")" | [name "="] (word | "(" terms ")")

A word in double quotes must be the whole of a name or value. Another must be some of its parts: parts begin at capitals
and digits and end at whatever is neither. Without a name in front it may be anywhere: in the metric's name, in the
namespace, in the names and values of dimensions.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from stator.metrics.math.fault import MathError
from stator.metrics.series import Series

LENGTH_MAX: Final = 1024
DEPTH_MAX: Final = 16

SERIES_MAX: Final = 500
"""Series that a search finds at most."""

Test = Callable[[Series], bool]

_TOKEN = re.compile(r'\s*("[^"]*"|[(){},=]|[^\s(){},="]+)')
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")


def found(text: str, series: Iterable[Series]) -> list[Series]:
    """The first SERIES_MAX that meet a search. Raises MathError."""
    test = search_of(text)
    return [each for each in series if test(each)][:SERIES_MAX]


@lru_cache(maxsize=256)
def search_of(text: str) -> Test:
    """Raises MathError."""
    if len(text) > LENGTH_MAX:
        raise MathError(f"a search is longer than {LENGTH_MAX} characters")
    return _Parser(_tokens(text)).parse()


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise MathError(f"unexpected {text[at : at + 10]!r} in a search")
        tokens.append(match[1])
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def parse(self) -> Test:
        tests: list[Test] = []
        if self._next == "{":
            tests.append(self._schema())
        if self._next:
            tests.append(self._terms(""))
        if self._next or not tests:
            raise MathError("a search has a schema in braces, terms, or both")
        return lambda series: all(test(series) for test in tests)

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._at += 1
        return token

    def _schema(self) -> Test:
        self._take()
        names: list[str] = []
        while True:
            names.append(_plain(self._take()))
            sign = self._take()
            if sign == "}":
                break
            if sign != ",":
                raise MathError("a schema is a namespace and names of dimensions, with commas, in braces")
        namespace, dimensions = names[0], sorted(names[1:])
        return lambda series: series.namespace == namespace and [name for name, _ in series.dimensions] == dimensions

    def _terms(self, name: str) -> Test:
        """`name`: whose value all terms are about; empty for any."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise MathError(f"a search is nested deeper than {DEPTH_MAX} levels")
        choices = [self._all(name)]
        while self._next == "OR":
            self._take()
            choices.append(self._all(name))
        self._depth -= 1
        return choices[0] if len(choices) == 1 else lambda series: any(test(series) for test in choices)

    def _all(self, name: str) -> Test:
        tests = [self._term(name)]
        while self._next not in ("", ")", "OR"):
            if self._next == "AND":
                self._take()
            tests.append(self._term(name))
        return tests[0] if len(tests) == 1 else lambda series: all(test(series) for test in tests)

    def _term(self, name: str) -> Test:
        negative = False
        while self._next == "NOT":
            self._take()
            negative = not negative
        test = self._word(name)
        return (lambda series: not test(series)) if negative else test

    def _word(self, name: str) -> Test:
        token = self._take()
        if token == "(":
            inner = self._terms(name)
            if self._take() != ")":
                raise MathError("a parenthesis is open in a search")
            return inner
        if token in ("", ")", "{", "}", ",", "=", "AND", "OR"):
            raise MathError(f"unexpected {token or 'end'!r} in a search")
        if self._next == "=" and not name:
            self._take()
            return self._word(_plain(token))
        matches = _exactly(token[1:-1]) if token.startswith('"') else _partly(token)
        return lambda series: any(matches(text) for text in _texts(series, name))


def _plain(token: str) -> str:
    name = token[1:-1] if token.startswith('"') else token
    if not name or name in "(){},=":
        raise MathError("a name is missing in a search")
    return name


def _texts(series: Series, name: str) -> list[str]:
    if name == "MetricName":
        return [series.name]
    if name == "Namespace":
        return [series.namespace]
    if name:
        return [value for key, value in series.dimensions if key == name]
    return [series.name, series.namespace, *(text for pair in series.dimensions for text in pair)]


def _exactly(wanted: str) -> Callable[[str], bool]:
    return lambda text: text == wanted


def _partly(wanted: str) -> Callable[[str], bool]:
    whole, parts = wanted.lower(), _parts(wanted)
    return lambda text: text.lower() == whole or (bool(parts) and parts <= _parts(text))


@lru_cache(maxsize=4096)
def _parts(text: str) -> frozenset[str]:
    return frozenset(part.lower() for part in _PART.findall(text))
