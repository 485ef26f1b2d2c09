"""Rows put in slices."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stator.services.restores import planting
from stator.services.restores.planting import BUSY_SECONDS, SLICE_ROWS_MAX, SLICE_ROWS_MIN, Plant, Planter
from stator.services.traffic import Traffic
from stator.storage.failure import StoreBusy, StoreFailure
from stator.storage.hold import Hold
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Decide, Key, Row


def plants(space: int, count: int, value: bytes = b"value") -> list[Plant]:
    return [(space, b"partition", number.to_bytes(4, "big"), number, value) for number in range(count)]


class Spy(SqliteStore):
    """A store that notes how many rows each commit has and fails after so many."""

    busy = 0  # how many times it has too much to do

    def watch(self, commits_max: int = 1_000_000) -> list[int]:
        self.commits: list[int] = []
        self.commits_max = commits_max
        return self.commits

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        if self.busy:
            self.busy -= 1
            raise StoreBusy
        if len(self.commits) >= self.commits_max:
            raise StoreFailure("no")
        self.commits.append(len(decide([]).puts))
        return await super().transact(keys, decide)


class SteadyHold(Hold):
    """A row takes always the same, whatever the machine is busy with."""

    row_seconds = 0.0

    def around(self, decide: Decide) -> Decide:
        def counted(rows: Sequence[Row | None]) -> Change:
            change = decide(rows)
            self._seconds = self.row_seconds * len(change.puts)
            return change

        return counted

    @property
    def seconds(self) -> float:
        return self._seconds


@pytest.mark.parametrize(
    ("row_seconds", "rows_most"),
    [
        pytest.param(1e-9, SLICE_ROWS_MAX, id="as many as there may be"),
        pytest.param(BUSY_SECONDS / 100.5, 100, id="as many as there is time for"),
        pytest.param(1.0, SLICE_ROWS_MIN, id="no fewer"),
    ],
)
def test_every_row_is_put_in_slices_that_grow_to_what_they_may(
    monkeypatch: pytest.MonkeyPatch, row_seconds: float, rows_most: int
) -> None:
    monkeypatch.setattr(SteadyHold, "row_seconds", row_seconds)
    monkeypatch.setattr(planting, "Hold", SteadyHold)

    async def test() -> None:
        store = Spy.open(None)
        assert isinstance(store, Spy)
        commits = store.watch()
        space = await store.create_space()
        store.busy = 3
        await Planter(store, Traffic(lambda: 0, lambda: 0.0)).plant(iter(plants(space, 20_000)))
        page = await store.scan(space, None, lower=b"", upper=None, rows_max=29_999, bytes_max=1 << 30)
        assert [(space, row.partition, row.sort, row.size, row.value) for row in page.rows] == plants(space, 20_000)
        assert sum(commits) == 20_000
        assert commits[0] == SLICE_ROWS_MIN
        assert max(commits) == rows_most
        await store.close()

    asyncio.run(test())


def test_a_slice_of_large_rows_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "SLICE_BYTES_MAX", 1_000)

    async def test() -> None:
        store = Spy.open(None)
        assert isinstance(store, Spy)
        commits = store.watch()
        space = await store.create_space()
        await Planter(store, Traffic(lambda: 0)).plant(plants(space, 10, bytes(400)))
        assert commits == [3, 3, 3, 1]
        await store.close()

    asyncio.run(test())


def test_nothing_to_put() -> None:
    async def test() -> None:
        store = Spy.open(None)
        assert isinstance(store, Spy)
        commits = store.watch()
        await Planter(store, Traffic(lambda: 0)).plant([])
        assert commits == []
        await store.close()

    asyncio.run(test())


def test_what_the_store_fails_with_comes_out() -> None:
    async def test() -> None:
        store = Spy.open(None)
        assert isinstance(store, Spy)
        commits = store.watch(commits_max=3)
        space = await store.create_space()
        with pytest.raises(StoreFailure):
            await Planter(store, Traffic(lambda: 0)).plant(plants(space, 100_000))
        assert len(commits) == 3
        assert (await store.usage(space)).rows == sum(commits)
        await store.close()

    asyncio.run(test())
