"""Reads that wait for a connection. Gets that wait together are sent together, one statement for each space."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from stator.storage.postgres.binary import int8_array, unsigned
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Result, Statement
from stator.storage.postgres.page import PageQuery
from stator.storage.postgres.place import columns, place
from stator.storage.postgres.sql import EXISTING
from stator.storage.store import Key, Page, Row

_row = tuple.__new__

# One moment for several statements.
BEGIN = Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
END = Statement(b"COMMIT")


class Read(Protocol):
    """One read on its way. `tries` counts the connections it was lost with."""

    future: "asyncio.Future[Any]"
    since: float
    tries: int

    def statements(self) -> list[Statement]:
        """What to ask now."""

    def take(self, results: list[Result]) -> bool:
        """Whether the answer is complete; if not, `statements` has more to ask."""

    def space_gone(self) -> bool:
        """A space that was asked for does not exist. Whether that is the answer."""


class Ask:
    """Any one statement. `absent` is the answer where its space does not exist."""

    __slots__ = ("_absent", "_parse", "_statement", "future", "since", "tries")

    def __init__(
        self, statement: Statement, parse: Callable[[Result], Any], absent: Any, future: "asyncio.Future[Any]"
    ) -> None:
        self._statement = statement
        self._parse = parse
        self._absent = absent
        self.future = future
        self.since = 0.0
        self.tries = 0

    def statements(self) -> list[Statement]:
        return [self._statement]

    def take(self, results: list[Result]) -> bool:
        self.future.set_result(self._parse(results[0]))
        return True

    def space_gone(self) -> bool:
        self.future.set_result(self._absent)
        return True


class PageRead:
    """A page, by as many statements as it takes."""

    __slots__ = ("_query", "future", "since", "tries")

    def __init__(self, query: PageQuery, future: "asyncio.Future[Any]") -> None:
        self._query = query
        self.future = future
        self.since = 0.0
        self.tries = 0

    def statements(self) -> list[Statement]:
        return [self._query.statement()]

    def take(self, results: list[Result]) -> bool:
        page = self._query.take(results[0])
        if page is None:
            return False
        self.future.set_result(page)
        return True

    def space_gone(self) -> bool:
        self.future.set_result(Page([], False))
        return True


class Get:
    """Rows by key, at one moment."""

    __slots__ = ("_asking", "_existing", "_layout", "future", "keys", "since", "single", "tries")

    def __init__(self, keys: Sequence[Key], layout: Layout, future: "asyncio.Future[Any]") -> None:
        self.keys = keys
        self._layout = layout
        self.single = not layout.spans(keys)  # one statement is one moment
        self.future = future
        self.since = 0.0
        self.tries = 0
        self._existing: set[int] | None = None  # None: all of them, as far as is known
        self._asking = False

    def statements(self) -> list[Statement]:
        if self._asking:
            return [Statement(EXISTING, [int8_array(sorted({key[0] for key in self.keys}))])]
        keys = self.keys if self._existing is None else [key for key in self.keys if key[0] in self._existing]
        texts = fetch(keys, self._layout)
        return texts if self.single else [BEGIN, *texts, END]

    def take(self, results: list[Result]) -> bool:
        if self._asking:
            self._asking = False
            found = results[0]
            self._existing = {unsigned(found.get_value(at, 0), "big") for at in range(found.ntuples)}
            return False
        keys = self.keys if self._existing is None else [key for key in self.keys if key[0] in self._existing]
        rows = fetched(keys, self._layout, results if self.single else results[1:-1])
        self.answer(rows)
        return True

    def answer(self, rows: dict[Key, Row]) -> None:
        self.future.set_result([rows.get(key) for key in self.keys])

    def space_gone(self) -> bool:
        if self.single:
            self.future.set_result([None] * len(self.keys))
            return True
        self._asking = True
        return False


def fetch(keys: Sequence[Key], layout: Layout) -> list[Statement]:
    """Statements that read keys, one for each group of `layout` in its order. No keys, no statements."""
    if len(keys) == 1:
        key = keys[0]
        return [Statement(layout.sql(key).get, place(key[1], key[2]))]
    return [Statement(texts.get_many, columns(some)) for texts, some in layout.grouped(keys)]


def fetched(keys: Sequence[Key], layout: Layout, results: Sequence[Result]) -> dict[Key, Row]:
    """What the statements of `fetch` found."""
    rows: dict[Key, Row] = {}
    if len(keys) == 1:
        key, result = keys[0], results[0]
        if result.ntuples:
            value = result.get_value
            version, size = unsigned(value(0, 0), "big"), unsigned(value(0, 1), "big")
            rows[key] = _row(Row, (key[1], key[2], version, size, value(0, 2)))
        return rows
    for (_, some), result in zip(layout.grouped(keys), results, strict=True):
        value = result.get_value
        for at in range(result.ntuples):
            key = some[unsigned(value(at, 0), "big") - 1]
            version, size = unsigned(value(at, 1), "big"), unsigned(value(at, 2), "big")
            rows[key] = _row(Row, (key[1], key[2], version, size, value(at, 3)))
    return rows
