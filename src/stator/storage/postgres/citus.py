"""A database on a Citus coordinator: rows are distributed over its nodes by bucket. docs/citus.md.

A bucket is a stretch of the hashes that partitions begin with, so a partition is in one bucket, the order of buckets
is that of a scan, and a statement on one bucket goes as it is to the node that has it. All tables that writes change
are distributed alike: a write of one bucket is a transaction of one node, any other one is committed in two phases.

Two nodes are never read at one moment, nor is a commit seen on both at once. So what was read of several buckets is
checked under locks before anybody is told of it, as what is written is; and nothing is written blind, for a CTE that
inserts is far slower here than a read.
"""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from stator.storage.postgres.binary import bytea_array, int4, int4_array, int8, int8_array, unsigned
from stator.storage.postgres.layout import Layout, numbered
from stator.storage.postgres.link import Statement
from stator.storage.postgres.page import ScanQuery, Source
from stator.storage.postgres.place import is_long
from stator.storage.postgres.sql import SPACE, TABLES, Sql, putting, table
from stator.storage.store import Append, Key, Page, Position, Put, Record

BUCKETS = 1_024
ROWS_MAX = 64  # in one INSERT
SQL_MAX = 20_000  # buckets of spaces whose texts are kept

_COLUMN = {b"column": b"bucket int NOT NULL, ", b"key": b"bucket, "}

_COUNT = (
    b"INSERT INTO stator.usage AS s (bucket, space, slot, rows, size) VALUES ($2::int8, $1::int8, $5::int4, $3, $4)"
    b" ON CONFLICT (space, bucket, slot) DO UPDATE SET rows = s.rows + excluded.rows, size = s.size + excluded.size"
)
# As in `sql.APPEND`, a counter is taken under its row's lock, and stays locked until the commit.
_ADVANCE = (
    b"INSERT INTO stator.shards AS s (bucket, journal, shard, last, time) VALUES ($1::int4, $2, $3, $4, $5)"
    b" ON CONFLICT (journal, shard, bucket) DO UPDATE SET last = s.last + excluded.last,"
    b" time = greatest(s.time, excluded.time)"
)
# All shards of one commit get the latest time of them.
_LEVEL = (
    b"WITH m AS MATERIALIZED (SELECT max(s.time) AS time FROM stator.shards s WHERE s.bucket = ANY($4::int4[])"
    b" AND (s.journal, s.shard) IN (SELECT * FROM unnest($5::int8[], $6::int8[])))"
    b" UPDATE stator.shards SET time = (SELECT time FROM m) WHERE bucket = $1::int4 AND journal = $2 AND shard = $3"
)
_RECORD = (
    b"INSERT INTO stator.records (bucket, journal, shard, sequence, record)"
    b" SELECT c.bucket, c.journal, c.shard, c.last - abs(r.back) + 1, CASE WHEN r.back > 0 THEN r.record"
    b" ELSE overlay(r.record PLACING convert_to(lpad(c.time::text, 13, '0'), 'SQL_ASCII') FROM 6 FOR 13) END"
    b" FROM stator.shards c, unnest($4::int8[], $5::bytea[]) AS r(back, record)"
    b" WHERE c.bucket = $1::int4 AND c.journal = $2 AND c.shard = $3"
)

_SHARD = (
    b"INSERT INTO stator.shards (bucket, journal, shard, last, time) VALUES ($1::int4, $2, $3, $4, 0)"
    b" ON CONFLICT (journal, shard, bucket) DO NOTHING"
)


def bucket_of(partition: bytes) -> int:
    """The first 10 bits."""
    return int.from_bytes(partition[:2].ljust(2, b"\0"), "big") >> 6


def bucket_of_shard(journal: int, shard: int) -> int:
    return zlib.crc32(int8(journal) + int8(shard)) % BUCKETS


class CitusSql(Sql):
    """Texts for one bucket of a space. An update's eighth parameter is its version: Citus sends no UPDATE on that
    draws a number."""

    __slots__ = ("_bucket",)

    def __init__(self, space: int, bucket: int) -> None:
        super().__init__(space, b"t.bucket = %d AND " % bucket, b"$8::int8")
        self.place = (space, bucket)
        self._bucket = bucket

    def inserting(self, puts: Sequence[Put]) -> list[Statement]:
        statements = []
        for start in range(0, len(puts), ROWS_MAX):
            some = puts[start : start + ROWS_MAX]
            # Citus works out the numbers of the rows where it is, and sends the statement on with them.
            more = any(is_long(put.key) for put in some)
            text = _insert(self.table, self._bucket, len(some), more)
            statements.append(putting(text, text, some))
        return statements

    def _blind_texts(self, space: int, name: bytes) -> None:
        """Nothing is written blind."""


@lru_cache(maxsize=SQL_MAX)
def _insert(name: bytes, bucket: int, rows: int, more: bool) -> bytes:
    parts = [(b"$1::bytea[]", b"$2::bytea[]", b"$3::bytea[]"), (b"$4::int4[]",), (b"$5::bytea[]",)]
    if more:
        parts[2] += (b"$6::bytea[]", b"$7::bytea[]")
    values = []
    for row in range(1, rows + 1):
        keys, size, others = (b", ".join([b"(%b)[%d]" % (part, row) for part in some]) for some in parts)
        values.append(b"(%d, %b, nextval('stator.version'), %b, -1, %b)" % (bucket, keys, size, others))
    columns = b"bucket, partition, sort, digest, version, size, was, value" + (b", prest, srest" if more else b"")
    return b"INSERT INTO %b (%b) VALUES %b" % (name, columns, b", ".join(values))


@lru_cache(maxsize=SQL_MAX)
def _records(bucket: int, rows: int) -> bytes:
    values = [
        b"(%d, $1::int8, $2::int8, ($3::int8[])[%d], ($4::bytea[])[%d])" % (bucket, row, row)
        for row in range(1, rows + 1)
    ]
    return b"INSERT INTO stator.records (bucket, journal, shard, sequence, record) VALUES " + b", ".join(values)


@lru_cache(maxsize=SQL_MAX)
def _sql(space: int, bucket: int) -> CitusSql:
    return CitusSql(space, bucket)


class CitusLayout(Layout):
    slots = 16
    opening = (
        Statement(b"BEGIN"),
        # What follows reaches the nodes, where the locks are waited for.
        Statement(b"SET LOCAL citus.propagate_set_commands = 'local'"),
        Statement(b"SET LOCAL lock_timeout = '2s'"),
        Statement(b"LOCK TABLE stator.writers IN ROW SHARE MODE"),  # see `moment`
    )
    verifies = True
    gives_versions = True

    def sql(self, key: Key) -> Sql:
        return _sql(key[0], bucket_of(key[1]))

    def grouped(self, keys: Sequence[Key]) -> list[tuple[Sql, list[Key]]]:
        places: dict[tuple[int, int], list[Key]] = {}
        for key in sorted(set(keys)):
            places.setdefault((key[0], bucket_of(key[1])), []).append(key)
        return [(_sql(*place), some) for place, some in places.items()]

    def spans(self, keys: Sequence[Key]) -> bool:
        return len(keys) > 1 and len({(key[0], bucket_of(key[1])) for key in keys}) > 1

    def scan(
        self, space: int, after: Position | None, bounds: tuple[bytes, bytes | None], *, limits: tuple[int, int]
    ) -> ScanQuery:
        return Walk(space, after, bounds, limits=limits)

    def source(self, space: int, partition: bytes) -> Source:
        return Source(space, bucket=bucket_of(partition))

    def journal(self, text: bytes, journal: int, shard: int, *more: int) -> Statement:
        only = b"bucket = %d AND " % bucket_of_shard(journal, shard)
        return Statement(text % {b"at": only}, [int8(number) for number in (journal, shard, *more)])

    def founding(self, format: int) -> list[bytes]:
        """All that a write changes is distributed like the rows. The rest is the coordinator's own."""
        more = {b"column": b"bucket int, ", b"key": b"bucket, ", b"end": b", bucket"}
        return [
            *(TABLES % {b"format": format, **more}).split(b";"),
            b"CREATE TABLE stator.writers (one int PRIMARY KEY)",
            SPACE % {b"name": table(0), **_COLUMN},
            b"SELECT create_distributed_table('stator.s0', 'bucket', colocate_with := 'none')",
            *[
                b"SELECT create_distributed_table('stator.%b', 'bucket', colocate_with := 'stator.s0')" % name
                for name in (b"usage", b"shards", b"records")
            ],
        ]

    def making(self, space: int) -> list[bytes]:
        return [
            SPACE % {b"name": table(space), **_COLUMN},
            b"SELECT create_distributed_table('%b', 'bucket', colocate_with := 'stator.s0')" % table(space),
        ]

    def counting(self, sums: Sequence[tuple[int, ...]], slot: bytes) -> list[Statement]:
        return [Statement(_COUNT, [*map(int8, row), slot]) for row in sums]

    def filling(self, journal: int, shard: int, records: Sequence[Record]) -> list[Statement]:
        statements = []
        for start in range(0, len(records), ROWS_MAX):
            some = records[start : start + ROWS_MAX]
            sequences = int8_array([record.sequence for record in some])
            contents = bytea_array([record.record for record in some])
            text = _records(bucket_of_shard(journal, shard), len(some))
            statements.append(Statement(text, [int8(journal), int8(shard), sequences, contents]))
        return statements

    def starting(self, journal: int, shard: int, last: int) -> list[Statement]:
        return [Statement(_SHARD, [int4(bucket_of_shard(journal, shard)), int8(journal), int8(shard), int8(last)])]

    def appending(self, appends: Sequence[Append]) -> list[Statement]:
        counts, backs, latest = numbered(appends)
        shards = sorted(counts)
        where = {shard: [int4(bucket_of_shard(*shard)), int8(shard[0]), int8(shard[1])] for shard in shards}
        time = int8(latest)
        statements = [Statement(_ADVANCE, [*where[shard], int8(counts[shard]), time]) for shard in shards]
        if len(shards) > 1:
            among = [
                int4_array([bucket_of_shard(*shard) for shard in shards]),
                int8_array([journal for journal, _ in shards]),
                int8_array([shard for _, shard in shards]),
            ]
            statements += [Statement(_LEVEL, [*where[shard], *among]) for shard in shards]
        for shard in shards:
            own = [
                (back, append.record)
                for append, back in zip(appends, backs, strict=True)
                if (append.journal, append.shard) == shard
            ]
            parameters = [int8_array([back for back, _ in own]), bytea_array([record for _, record in own])]
            statements.append(Statement(_RECORD, [*where[shard], *parameters]))
        return statements


class Walk(ScanQuery):
    """Bucket by bucket. Where one has no rows, the next one that has some is asked for."""

    def __init__(
        self, space: int, after: Position | None, bounds: tuple[bytes, bytes | None], *, limits: tuple[int, int]
    ) -> None:
        lower, upper = bounds
        self._space = space
        self._first = bucket_of(max(lower, after.partition) if after is not None else lower)
        self._last = BUCKETS - 1 if upper is None else bucket_of(upper)
        self._bucket = self._first
        self._looking = False
        super().__init__(Source(space, bucket=self._bucket), after, bounds, limits=limits)

    def statement(self) -> Statement:
        if not self._looking:
            return super().statement()
        text = b"SELECT min(bucket) FROM %b WHERE bucket > $1::int4 AND bucket <= $2::int4" % self.source.name
        return Statement(text, [int4(self._bucket), int4(self._last)])

    def take(self, result: Any) -> Page | None:
        if self._looking:
            self._looking = False
            found = result.get_value(0, 0)
            if found is None:
                return Page(self._rows, False)
            self._go_to(unsigned(found, "big"))
            return None
        exact, before = self._exact, len(self._rows)
        page = super().take(result)
        if page is None:
            if self._exact and not exact:  # from the beginning
                self._go_to(self._first)
            return None
        if page.more or self._bucket >= self._last:
            return page
        if len(page.rows) > before:
            self._go_to(self._bucket + 1)
        else:
            self._looking = True
        return None

    def _go_to(self, bucket: int) -> None:
        self._bucket = bucket
        self.source = Source(self._space, dropped=self.source.dropped, bucket=bucket)
