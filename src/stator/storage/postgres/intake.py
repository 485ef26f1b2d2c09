"""A database that another store is moved into. Until all has arrived its format is 0, with which no server opens it.

How far each space is stands in a table of its own, in the same commit as the rows, and is dropped at the end.
"""

from collections.abc import Sequence
from itertools import pairwise

from stator.storage.failure import StoreFailure
from stator.storage.postgres import schema
from stator.storage.postgres.binary import int4, int8, unsigned
from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.pool import run
from stator.storage.postgres.sql import CHANGES
from stator.storage.resharding import Inventory, Reached, Shard
from stator.storage.store import Key, Position, Put, Record, Row

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
_SUMS = b"SELECT rows, size FROM stator.arrived WHERE space = $1::int8"
_LAST = b"SELECT coalesce(max(sequence), 0) FROM stator.records WHERE %(at)bjournal = $1::int8 AND shard = $2::int8"


class PostgresIntake:
    """`store` is open on the same database; rows are read back through it."""

    def __init__(self, link: Link, store: PostgresStore) -> None:
        self._link = link
        self._store = store
        self._layout = store.layout
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
            await schema.make_space(self._link, self._layout, space)
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
            statements += self._inserting(space, rows)
        if not done:
            await run(self._link, [*statements, _COMMIT])
            return
        *_, sums = await run(self._link, [*statements, Statement(_SUMS, [int8(space)])])
        count, size = (unsigned(sums.get_value(0, column), "big") for column in range(2))
        await run(self._link, [*self._counting(space, count, size), _COMMIT])

    async def last_record(self, shard: Shard) -> int:
        (found,) = await run(self._link, [self._layout.journal(_LAST, shard.journal, shard.shard)])
        return unsigned(found.get_value(0, 0), "big")

    async def put_records(self, shard: Shard, records: Sequence[Record], *, done: bool) -> None:
        if any(after.sequence != before.sequence + 1 for before, after in pairwise(records)):
            raise StoreFailure(f"journal {shard.journal}, shard {shard.shard} has a gap")
        statements = [_BEGIN]
        if records:
            statements += self._layout.filling(shard.journal, shard.shard, records)
        if done:
            statements += self._layout.starting(shard.journal, shard.shard, shard.last)
        await run(self._link, [*statements, _COMMIT])

    async def rows(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> list[Row]:
        page = await self._store.scan(space, after, lower=b"", upper=None, rows_max=rows_max, bytes_max=bytes_max)
        return page.rows

    async def records(self, shard: Shard, after: int, records_max: int) -> list[Record]:
        asked = self._layout.journal(CHANGES, shard.journal, shard.shard, after, records_max)
        (found,) = await run(self._link, [asked])
        value = found.get_value
        return [
            Record(shard.journal, shard.shard, unsigned(value(at, 0), "big"), value(at, 1))
            for at in range(found.ntuples)
        ]

    async def finish(self, inventory: Inventory, more: Sequence[Put]) -> None:
        statements: list[Statement] = [_BEGIN]
        if more:
            rows = [Row(put.key.partition, put.key.sort, 0, put.size, put.value) for put in more]
            statements += self._inserting(0, rows)
            statements += self._counting(0, len(rows), sum(row.size for row in rows))
        if inventory.spaces_made:
            statements.append(Statement(b"SELECT setval('stator.space', %d)" % inventory.spaces_made))
        statements += [
            Statement(b"DROP TABLE stator.arrived, stator.origin"),
            Statement(b"UPDATE stator.format SET format = %d WHERE one = 1" % schema.number(self._layout)),
            _COMMIT,
        ]
        await run(self._link, statements, once=True)

    def _inserting(self, space: int, rows: Sequence[Row]) -> list[Statement]:
        puts = {key: Put(key, row.size, row.value) for row in rows for key in [Key(space, row.partition, row.sort)]}
        statements = []
        for texts, keys in self._layout.grouped(list(puts)):
            statements += texts.inserting([puts[key] for key in keys])
        return statements

    def _counting(self, space: int, rows: int, size: int) -> list[Statement]:
        place = self._layout.sql(Key(space, b"", b"")).place
        return self._layout.counting([(*place, rows, size)], int4(_SLOT))
