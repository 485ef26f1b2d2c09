"""A store in a dict: as much of the contract as the catalog uses, with faults to order."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Table, Throughput
from stator.storage.store import Append, Bound, Change, Decide, Key, Page, Position, Record, Row, Usage


class MemoryStore:
    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self.spaces_made = {0}
        self.commits = 0
        self.appended: list[Append] = []
        self.fail_after_commit: Exception | None = None
        self._next = 1

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> list[Row | None]:
        return [self.rows.get(key) for key in keys]

    async def range(
        self,
        space: int,
        partition: bytes,
        lower: Bound | None,
        upper: Bound | None,
        *,
        reverse: bool,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        rows = [row for key, row in sorted(self.rows.items()) if key[:2] == (space, partition)]
        return Page(rows[:rows_max], len(rows) >= rows_max)

    async def scan(
        self,
        space: int,
        after: Position | None,
        *,
        lower: bytes,
        upper: bytes | None,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        rows = [
            row
            for key, row in sorted(self.rows.items())
            if key.space == space
            and key.partition >= lower
            and (upper is None or key.partition < upper)
            and (after is None or (key.partition, key.sort) > (after.partition, after.sort))
        ]
        return Page(rows[:rows_max], len(rows) >= rows_max)

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        await asyncio.sleep(0)
        change: Change = decide([self.rows.get(key) for key in keys])
        await asyncio.sleep(0)
        for put in change.puts:
            self.commits += 1
            self.rows[put.key] = Row(put.key.partition, put.key.sort, self.commits, put.size, put.value)
        for key in change.deletes:
            self.rows.pop(key, None)
        self.appended += change.appends
        if self.fail_after_commit:
            raise self.fail_after_commit
        return change.result

    async def changes(self, journal: int, shard: int, after: int, records_max: int) -> list[Record]:
        records = [each.record for each in self.appended if (each.journal, each.shard) == (journal, shard)]
        found = [Record(journal, shard, number, each) for number, each in enumerate(records, 1)]
        return found[after : after + records_max]

    async def usage(self, space: int) -> Usage:
        rows = [row for key, row in self.rows.items() if key.space == space]
        return Usage(len(rows), sum(row.size for row in rows))

    async def create_space(self) -> int:
        await asyncio.sleep(0)
        space, self._next = self._next, self._next + 1
        self.spaces_made.add(space)
        return space

    async def spaces(self) -> list[int]:
        return [space for space in self.spaces_made if space]

    async def drop_space(self, space: int) -> None:
        self.spaces_made.discard(space)
        self.rows = {key: row for key, row in self.rows.items() if key.space != space}


ACCOUNT = "123456789012"
REGION = "eu-west-1"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make_table() -> Callable[..., Table]:
    def make(name: str = "music", **members: Any) -> Table:
        types = {"artist": "S", "song": "S", "year": "N"}
        defaults: dict[str, Any] = {
            "account": ACCOUNT,
            "region": REGION,
            "name": name,
            "id": "5f9c2f3e-0000-4000-8000-000000000001",
            "created": 1_700_000_000.25,
            "attribute_types": types,
            "keys": KeySchema((KeyAttribute("artist", "S"),), (KeyAttribute("song", "S"),)),
            "space": 1,
            "indexes": (
                Index(
                    name="by-year",
                    local=False,
                    keys=KeySchema((KeyAttribute("year", "N"),)),
                    projection=Projection("INCLUDE", ("title", "label")),
                    space=2,
                    throughput=Throughput(3, 4),
                ),
            ),
            "throughput": Throughput(5, 6),
        }
        return Table(**(defaults | members))

    return make
