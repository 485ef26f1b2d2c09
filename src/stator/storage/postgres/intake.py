"""A database that another store is moved into. Until all has arrived its format is 0, with which no server opens it.

How far each space is stands in a table of its own, in the same commit as the rows, and is dropped at the end.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from stator.storage.failure import StoreFailure
from stator.storage.postgres import schema
from stator.storage.postgres.binary import bytea_array, int4, int4_array, int8, int8_array, unsigned
from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.place import place, rest
from stator.storage.postgres.pool import run
from stator.storage.postgres.sql import CHANGES, sql
from stator.storage.resharding import Inventory, Reached, Shard
from stator.storage.store import Position, Put, Record, Row

_BEGIN, _COMMIT = Statement(b"BEGIN"), Statement(b"COMMIT")
_SLOT = 0

_EMPTY = Statement(
    b"SELECT (SELECT count(*) FROM stator.spaces) = 1 AND NOT EXISTS (SELECT 1 FROM stator.s0)"
    b" AND NOT EXISTS (SELECT 1 FROM stator.shards) AND NOT EXISTS (SELECT 1 FROM stator.gone)"
)
_OPEN = (
    Statement(b"CREATE TABLE stator.origin (one int PRIMARY KEY, origin bytea NOT NULL)"),
    Statement(
        b"CREATE TABLE stator.arrived (space bigint PRIMARY KEY, partition bytea NOT NULL, sort bytea NOT NULL,"
        b" rows bigint NOT NULL, size bigint NOT NULL, done boolean NOT NULL)"
    ),
    Statement(b"UPDATE stator.format SET format = 0 WHERE one = 1"),
)
_ORIGIN = Statement(b"SELECT origin FROM stator.origin WHERE one = 1")
_REACHED = b"SELECT partition, sort, done FROM stator.arrived WHERE space = $1::int8"
_ARRIVED = (
    b"INSERT INTO stator.arrived AS a (space, partition, sort, rows, size, done)"
    b" VALUES ($1::int8, $2::bytea, $3::bytea, $4::int8, $5::int8, $6::int4 <> 0)"
    b" ON CONFLICT (space) DO UPDATE SET partition = excluded.partition, sort = excluded.sort,"
    b" rows = a.rows + excluded.rows, size = a.size + excluded.size, done = excluded.done"
)
_SUMS = (
    b"INSERT INTO stator.usage (space, slot, rows, size) SELECT space, $2::int4, rows, size FROM stator.arrived"
    b" WHERE space = $1::int8"
)
_ADDED = (
    b"UPDATE stator.usage SET rows = rows + $3::int8, size = size + $4::int8 WHERE space = $1::int8 AND slot = $2::int4"
)
_LAST = b"SELECT coalesce(max(sequence), 0) FROM stator.records WHERE journal = $1::int8 AND shard = $2::int8"
_RECORDS = (
    b"INSERT INTO stator.records (journal, shard, sequence, record) SELECT $1::int8, $2::int8, k.sequence, k.record"
    b" FROM unnest($3::int8[], $4::bytea[]) AS k(sequence, record)"
)
_SHARD = (
    b"INSERT INTO stator.shards (journal, shard, last, time) VALUES ($1::int8, $2::int8, $3::int8, 0)"
    b" ON CONFLICT (journal, shard) DO NOTHING"
)


class PostgresIntake:
    """`store` is open on the same database; rows are read back through it."""

    def __init__(self, link: Link, store: PostgresStore) -> None:
        self._link = link
        self._store = store
        self._spaces: set[int] = set()

    async def begin(self, inventory: Inventory) -> None:
        origin = inventory.origin.encode()
        (found,) = await run(self._link, [Statement(b"SELECT format FROM stator.format WHERE one = 1")])
        if unsigned(found.get_value(0, 0), "big"):
            (empty,) = await run(self._link, [_EMPTY])
            if empty.get_value(0, 0) != b"\x01":
                raise StoreFailure(f"{self._store.location.text} holds tables already: name an empty database")
            note = Statement(b"INSERT INTO stator.origin VALUES (1, $1::bytea)", [origin])
            await run(self._link, [_BEGIN, *_OPEN, note, _COMMIT], once=True)
        else:
            (told,) = await run(self._link, [_ORIGIN])
            before = told.get_value(0, 0).decode()
            if before != inventory.origin:
                raise StoreFailure(
                    f"{self._store.location.text} is being filled from {before}: name that, or an empty database"
                )
        self._spaces = {0, *await self._store.spaces()}

    async def reached(self, space: int) -> Reached:
        if space not in self._spaces:
            await schema.make_space(self._link, space)
            self._spaces.add(space)
        (found,) = await run(self._link, [Statement(_REACHED, [int8(space)])])
        if not found.ntuples:
            return Reached(None, False)
        partition, sort, done = (found.get_value(0, column) for column in range(3))
        return Reached(Position(partition, sort) if partition else None, done == b"\x01")

    async def put_rows(self, space: int, rows: Sequence[Row], *, done: bool) -> None:
        last = rows[-1] if rows else Row(b"", b"", 0, 0, b"")
        count, size = len(rows), sum(row.size for row in rows)
        noted = [int8(space), last.partition, last.sort, int8(count), int8(size), int4(int(done))]
        statements = [_BEGIN, Statement(_ARRIVED, noted)]
        if rows:
            statements.append(Statement(sql(space).insert_long, _columns(rows)))
        if done:
            statements.append(Statement(_SUMS, [int8(space), int4(_SLOT)]))
        await run(self._link, [*statements, _COMMIT])

    async def last_record(self, shard: Shard) -> int:
        (found,) = await run(self._link, [Statement(_LAST, [int8(shard.journal), int8(shard.shard)])])
        return unsigned(found.get_value(0, 0), "big")

    async def put_records(self, shard: Shard, records: Sequence[Record], *, done: bool) -> None:
        if any(after.sequence != before.sequence + 1 for before, after in pairwise(records)):
            raise StoreFailure(f"journal {shard.journal}, shard {shard.shard} has a gap")
        where = [int8(shard.journal), int8(shard.shard)]
        statements = [_BEGIN]
        if records:
            sequences = int8_array([record.sequence for record in records])
            contents = bytea_array([record.record for record in records])
            statements.append(Statement(_RECORDS, [*where, sequences, contents]))
        if done:
            statements.append(Statement(_SHARD, [*where, int8(shard.last)]))
        await run(self._link, [*statements, _COMMIT])

    async def rows(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> list[Row]:
        page = await self._store.scan(space, after, lower=b"", upper=None, rows_max=rows_max, bytes_max=bytes_max)
        return page.rows

    async def records(self, shard: Shard, after: int, records_max: int) -> list[Record]:
        asked = [int8(shard.journal), int8(shard.shard), int8(after), int8(records_max)]
        (found,) = await run(self._link, [Statement(CHANGES, asked)])
        value = found.get_value
        return [
            Record(shard.journal, shard.shard, unsigned(value(at, 0), "big"), value(at, 1))
            for at in range(found.ntuples)
        ]

    async def finish(self, inventory: Inventory, more: Sequence[Put]) -> None:
        statements: list[Statement] = [_BEGIN]
        if more:
            rows = [Row(put.key.partition, put.key.sort, 0, put.size, put.value) for put in more]
            added = [int8(0), int4(_SLOT), int8(len(rows)), int8(sum(row.size for row in rows))]
            statements += [Statement(sql(0).insert_long, _columns(rows)), Statement(_ADDED, added)]
        if inventory.spaces_made:
            statements.append(Statement(b"SELECT setval('stator.space', %d)" % inventory.spaces_made))
        statements += [
            Statement(b"DROP TABLE stator.arrived, stator.origin"),
            Statement(b"UPDATE stator.format SET format = %d WHERE one = 1" % schema.FORMAT),
            _COMMIT,
        ]
        await run(self._link, statements, once=True)


def _columns(rows: Sequence[Row]) -> list[Any]:
    places = [place(row.partition, row.sort) for row in rows]
    return [
        bytea_array([each[0] for each in places]),
        bytea_array([each[1] for each in places]),
        bytea_array([each[2] for each in places]),
        int4_array([row.size for row in rows]),
        bytea_array([row.value for row in rows]),
        bytea_array([rest(row.partition) for row in rows]),
        bytea_array([rest(row.sort) for row in rows]),
    ]
