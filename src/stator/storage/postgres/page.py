"""Pages of rows in order: what to ask for, portion by portion, until a limit ends the page.

A portion is one statement. PostgreSQL ends it at the page's limit of bytes, too, so that a page of large rows is not
sent twice over; values that it cuts off are not even fetched from where they are stored. The first portion is small,
and its rows tell how many more fit.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from psycopg.adapt import Transformer

from stator.storage.postgres.binary import int8
from stator.storage.postgres.link import Statement
from stator.storage.postgres.place import SHORT, place
from stator.storage.postgres.sql import PARTITION, SORT, dropped_table, table
from stator.storage.store import Bound, Page, Position, Row

FIRST_ROWS = 100
PORTION_ROWS_MAX = 4_000

_row = tuple.__new__
_OPERATOR = {(True, True): b">=", (True, False): b">", (False, True): b"<=", (False, False): b"<"}


class Source:
    """A table, and which rows of it: all, or those of one bucket. `dropped` is its name once its space is dropped."""

    __slots__ = ("_bucket", "_space", "dropped", "name", "text")

    def __init__(self, space: int, *, dropped: bool = False, bucket: int | None = None) -> None:
        self._space, self._bucket = space, bucket
        self.dropped = dropped
        self.name = dropped_table(space) if dropped else table(space)
        self.text = self.name + b" t WHERE " + (b"" if bucket is None else b"t.bucket = %d AND " % bucket)

    def named(self, *, dropped: bool) -> "Source":
        return self if dropped == self.dropped else Source(self._space, dropped=dropped, bucket=self._bucket)


class PageQuery(ABC):
    """Give `statement` to the server and what comes back to `take`, until that returns the page.

    `exact` compares whole keys and not what of them is in the index: right for long keys, too, and slow.
    """

    source: Source
    columns: bytes

    def __init__(self, rows_max: int, bytes_max: int, *, exact: bool) -> None:
        self._rows_max = rows_max
        self._bytes_max = bytes_max
        self._exact = exact
        self._rows: list[Row] = []
        self._size = 0
        self._asked = 0

    def statement(self) -> Statement:
        left = self._rows_max - len(self._rows)
        if not self._rows:
            asked = min(left, FIRST_ROWS)
        else:
            mean = self._size / len(self._rows)
            asked = min(left, int((self._bytes_max - self._size) / max(mean, 1.0)) + FIRST_ROWS, PORTION_ROWS_MAX)
        self._asked = asked
        text, parameters = self._exactly() if self._exact else self._plainly()
        return _portion(self.columns, text, parameters, asked, self._bytes_max - self._size)

    def take(self, result: Any) -> Page | None:
        """The page, or None when it takes another statement."""
        found = self._read(result)
        if found is None:  # long keys: in the order of the index they may be in disorder
            self._exact, self._rows, self._size = True, [], 0
            return None
        rows = self._rows
        rows += found
        for row in found:
            self._size += row[3]
        if self._size >= self._bytes_max or len(rows) >= self._rows_max:
            return Page(rows, True)
        return Page(rows, False) if len(found) < self._asked else None

    @abstractmethod
    def _read(self, result: Any) -> list[Row] | None: ...

    @abstractmethod
    def _plainly(self) -> tuple[bytes, list[bytes]]: ...

    @abstractmethod
    def _exactly(self) -> tuple[bytes, list[bytes]]: ...


class RangeQuery(PageQuery):
    """A stretch of one partition."""

    columns = b"sort, version, size, value"

    def __init__(
        self,
        source: Source,
        partition: bytes,
        bounds: tuple[Bound | None, Bound | None],
        *,
        reverse: bool,
        limits: tuple[int, int],
    ) -> None:
        lower, upper = bounds
        longest = max(len(partition), len(lower[0]) if lower else 0, len(upper[0]) if upper else 0)
        super().__init__(*limits, exact=longest >= SHORT)
        self.source = source
        self._partition = partition
        self._bounds = bounds
        self._reverse = reverse

    def _narrowed(self) -> tuple[Bound | None, Bound | None]:
        """The bounds of what is left."""
        if not self._rows:
            return self._bounds
        last = Bound(self._rows[-1].sort, inclusive=False)
        return (self._bounds[0], last) if self._reverse else (last, self._bounds[1])

    def _plainly(self) -> tuple[bytes, list[bytes]]:
        lower, upper = self._narrowed()
        text = b"SELECT sort, version, size, value FROM %bpartition = $1" % self.source.text
        parameters = [self._partition]
        for bound, low in ((lower, True), (upper, False)):
            if bound is not None:
                parameters.append(bound[0])
                text += b" AND sort %b $%d" % (_OPERATOR[low, bound[1]], len(parameters))
        return text + (b" ORDER BY sort DESC" if self._reverse else b" ORDER BY sort"), parameters

    def _exactly(self) -> tuple[bytes, list[bytes]]:
        lower, upper = self._narrowed()
        text = b"SELECT %b AS sort, version, size, value FROM %bt.partition = $1 AND %b = $2" % (
            SORT,
            self.source.text,
            PARTITION,
        )
        parameters = [self._partition[:SHORT], self._partition]
        for bound, low in ((lower, True), (upper, False)):
            if bound is not None:
                parameters += [bound[0][:SHORT], bound[0]]
                number = len(parameters)
                text += b" AND t.sort %b $%d" % (_OPERATOR[low, True], number - 1)
                text += b" AND %b %b $%d" % (SORT, _OPERATOR[low, bound[1]], number)
        order = (
            b" ORDER BY t.sort DESC, t.srest DESC NULLS LAST"
            if self._reverse
            else b" ORDER BY t.sort, t.srest NULLS FIRST"
        )
        return text + order, parameters

    def _read(self, result: Any) -> list[Row] | None:
        rows, partition, plain = _loaded(result), self._partition, not self._exact
        if plain and max([len(row[0]) for row in rows], default=0) == SHORT:  # there is more of it
            return None
        return [_row(Row, (partition, sort, version, size, value)) for sort, version, size, value in rows]


class ScanQuery(PageQuery):
    """A stretch of a space: `lower <= partition < upper`, strictly after a position."""

    columns = b"partition, sort, version, size, value"

    def __init__(
        self, source: Source, after: Position | None, bounds: tuple[bytes, bytes | None], *, limits: tuple[int, int]
    ) -> None:
        lower, upper = bounds
        if after is not None and after.partition < lower:
            after = None
        longest = max(len(lower), len(upper or b""), *map(len, after or ()), 0)
        super().__init__(*limits, exact=longest >= SHORT)
        self.source = source
        self._after = after
        self._lower, self._upper = lower, upper

    def _narrowed(self) -> Position | None:
        if not self._rows:
            return self._after
        return Position(self._rows[-1].partition, self._rows[-1].sort)

    def _plainly(self) -> tuple[bytes, list[bytes]]:
        after = self._narrowed()
        parameters: list[bytes]
        if after is None:
            parameters = [self._lower]
            text = b"partition >= $1"
        else:
            parameters = [*after]
            text = b"(partition, sort) > ($1, $2)"
        if self._upper is not None:
            parameters.append(self._upper)
            text += b" AND partition < $%d" % len(parameters)
        select = b"SELECT partition, sort, version, size, value FROM %b" % self.source.text
        return select + text + b" ORDER BY partition, sort", parameters

    def _exactly(self) -> tuple[bytes, list[bytes]]:
        after = self._narrowed()
        if after is None:
            parameters = [self._lower[:SHORT], self._lower]
            text = b"t.partition >= $1 AND %b >= $2" % PARTITION
        else:
            parameters = [after[0][:SHORT], *after]
            text = b"t.partition >= $1 AND (%b, %b) > ($2, $3)" % (PARTITION, SORT)
        if self._upper is not None:
            parameters += [self._upper[:SHORT], self._upper]
            number = len(parameters)
            text += b" AND t.partition <= $%d AND %b < $%d" % (number - 1, PARTITION, number)
        select = (
            b"SELECT %b AS partition, %b AS sort, version, size, value FROM %b%b"
            b" ORDER BY t.partition, t.prest NULLS FIRST, t.sort, t.srest NULLS FIRST"
        )
        return select % (PARTITION, SORT, self.source.text, text), parameters

    def _read(self, result: Any) -> list[Row] | None:
        rows, plain = _loaded(result), not self._exact
        if plain and max([max(len(row[0]), len(row[1])) for row in rows], default=0) == SHORT:  # there is more
            return None
        return [_row(Row, row) for row in rows]


_transformer = Transformer()


def _loaded(result: Any) -> list[tuple[Any, ...]]:
    """Rows as tuples, made in C: half the time of a call for each value."""
    _transformer.set_pgresult(result)
    rows = _transformer.load_rows(0, result.ntuples, tuple)
    _transformer.set_pgresult(None)
    return rows


def _portion(columns: bytes, text: bytes, parameters: Sequence[bytes], rows: int, size: int) -> Statement:
    """The first `rows` rows, up to the one whose size brings the sum to `size`."""
    count = len(parameters)
    limited = b"%b LIMIT $%d::int8" % (text, count + 1)
    if rows == 1:
        return Statement(limited, [*parameters, int8(rows)])
    summed = (
        b"SELECT %b FROM (SELECT *, sum(size) OVER (ROWS UNBOUNDED PRECEDING) AS total FROM (%b) p) q"
        b" WHERE total - size < $%d::int8"
    ) % (columns, limited, count + 2)
    return Statement(summed, [*parameters, int8(rows), int8(size)])


def is_short(partition: bytes) -> bool:
    return len(partition) < SHORT


def measure(source: Source, partition: bytes) -> Statement:
    """How many rows a partition has, and the sum of their sizes."""
    select = b"SELECT count(*), coalesce(sum(size::int8), 0)::int8 FROM %bt.partition = $1" % source.text
    if is_short(partition):
        return Statement(select, [partition])
    return Statement(select + b" AND %b = $2" % PARTITION, [place(partition, b"")[0], partition])
