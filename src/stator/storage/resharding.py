"""Move everything from one store, at rest, into the empty database of another engine, and prove that it arrived.

What is copied is what a store holds: spaces with their numbers, rows in order, journals with their sequences. The other
side opens for servers only once all of it was read back and compared. Stopped at any moment, the same calls go on.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from stator.storage.failure import StoreFailure
from stator.storage.store import Position, Put, Record, Row, Store

ROWS_MAX = 4_000
BYTES_MAX = 4 * 1024 * 1024
RECORDS_MAX = 2_000

Tell = Callable[[str, int], None]
"""Hears of progress: `copying` or `verifying`, and how many rows and records were done since."""


class Shard(NamedTuple):
    """A shard of a journal, with the sequence of its last record, trimmed or not."""

    journal: int
    shard: int
    last: int


class Inventory(NamedTuple):
    """What a store has beside what its contract lists. `origin` is a text that is the store's own."""

    origin: str
    spaces_made: int  # the highest number that a space ever had
    shards: Sequence[Shard]


class Reached(NamedTuple):
    """How far a space has come on the other side."""

    after: Position | None
    done: bool


class Intake(Protocol):
    """An empty database that takes a store in. What was put is durable, and stays until it is finished."""

    async def begin(self, inventory: Inventory) -> None:
        """Raises StoreFailure when the database holds something else."""

    async def reached(self, space: int) -> Reached: ...

    async def put_rows(self, space: int, rows: Sequence[Row], *, done: bool) -> None: ...

    async def last_record(self, shard: Shard) -> int: ...

    async def put_records(self, shard: Shard, records: Sequence[Record], *, done: bool) -> None: ...

    async def rows(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> list[Row]:
        """As they arrived, in order; fewer than asked for at the end."""

    async def records(self, shard: Shard, after: int, records_max: int) -> list[Record]: ...

    async def finish(self, inventory: Inventory, more: Sequence[Put]) -> None:
        """Put these rows into space 0, too; from now on servers may open it."""


async def move(source: Store, inventory: Inventory, intake: Intake, tell: Tell) -> int:
    """Copy and compare, between `begin` and `finish`. Returns how many rows and records arrived.

    Raises StoreFailure.
    """
    spaces = [0, *await source.spaces()]
    for space in spaces:
        await _copy_rows(source, space, intake, tell)
    for shard in inventory.shards:
        await _copy_records(source, shard, intake, tell)
    done = 0
    for space in spaces:
        done += await _compare_rows(source, space, intake, tell)
    for shard in inventory.shards:
        done += await _compare_records(source, shard, intake, tell)
    return done


async def _copy_rows(source: Store, space: int, intake: Intake, tell: Tell) -> None:
    after, done = await intake.reached(space)
    while not done:
        page = await source.scan(space, after, lower=b"", upper=None, rows_max=ROWS_MAX, bytes_max=BYTES_MAX)
        done = not page.more
        await intake.put_rows(space, page.rows, done=done)
        tell("copying", len(page.rows))
        if page.rows:
            after = _place(page.rows[-1])


async def _copy_records(source: Store, shard: Shard, intake: Intake, tell: Tell) -> None:
    after = await intake.last_record(shard)
    while True:
        records = await source.changes(shard.journal, shard.shard, after, RECORDS_MAX)
        done = len(records) < RECORDS_MAX
        await intake.put_records(shard, records, done=done)
        tell("copying", len(records))
        if done:
            return
        after = records[-1].sequence


async def _compare_rows(source: Store, space: int, intake: Intake, tell: Tell) -> int:
    after: Position | None = None
    compared = 0
    while True:
        page = await source.scan(space, after, lower=b"", upper=None, rows_max=ROWS_MAX, bytes_max=BYTES_MAX)
        count = len(page.rows)
        arrived = await intake.rows(space, after, count + 1, 1 << 62)
        if [_content(row) for row in arrived[:count]] != [_content(row) for row in page.rows]:
            raise StoreFailure(f"space {space} did not arrive as it was sent: {_difference(page.rows, arrived)}")
        compared += count
        tell("verifying", count)
        if not page.more:
            if len(arrived) > count:
                raise StoreFailure(f"space {space} has rows on the other side that were not sent")
            return compared
        after = _place(page.rows[-1])


async def _compare_records(source: Store, shard: Shard, intake: Intake, tell: Tell) -> int:
    after = compared = 0
    while True:
        records = await source.changes(shard.journal, shard.shard, after, RECORDS_MAX)
        arrived = await intake.records(shard, after, RECORDS_MAX)
        if arrived != records:
            raise StoreFailure(f"journal {shard.journal}, shard {shard.shard} did not arrive as it was sent")
        compared += len(records)
        tell("verifying", len(records))
        if len(records) < RECORDS_MAX:
            return compared
        after = records[-1].sequence


def _place(row: Row) -> Position:
    return Position(row.partition, row.sort)


def _content(row: Row) -> tuple[bytes, bytes, int, bytes]:
    """All but the version, which is each engine's own."""
    return row.partition, row.sort, row.size, row.value


def _difference(sent: Sequence[Row], arrived: Sequence[Row]) -> str:
    here = {_content(row) for row in arrived}
    missing = next((row for row in sent if _content(row) not in here), None)
    return "there is more than was sent" if missing is None else f"{missing.partition.hex()} {missing.sort.hex()}"
