"""The raw engine: keys and bytes into the store and out of it, in this process, with no server around it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import orjson

from benchmarks import workload
from benchmarks.figure import Figure
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put, Row

_VALUES_AT_ONCE = 2_000

Step = Callable[[int], Awaitable[object]]


class Engine:
    """A store with one space of its own, filled with as many rows as the servers have items."""

    def __init__(self, store: SqliteStore, space: int, items: int) -> None:
        self._store = store
        self._items = items
        self._keys = [Key(space, b"%08d" % (number // 50), b"%02d" % (number % 50)) for number in range(items)]
        self.steps: dict[str, Step] = {"GetItem": self._get, "PutItem": self._put}

    @classmethod
    async def filled(cls, directory: Path, items: int) -> "Engine":
        store = SqliteStore.open(directory)
        engine = cls(store, await store.create_space(), items)
        for first in range(0, items, _VALUES_AT_ONCE):
            numbers = range(first, min(first + _VALUES_AT_ONCE, items))
            await store.transact((), partial(_change, Change(puts=[engine._row(number) for number in numbers])))
        return engine

    async def close(self) -> None:
        await self._store.close()

    def _row(self, number: int) -> Put:
        value = orjson.dumps(workload.item_of(number))
        return Put(self._keys[number], len(value), value)

    async def _get(self, number: int) -> object:
        return await self._store.get((self._keys[number * 7919 % self._items],))

    async def _put(self, number: int) -> object:
        change = Change((self._row(number * 7919 % self._items),))
        return await self._store.transact((change.puts[0].key,), partial(_change, change))

    async def run(self, name: str, in_flight: int, seconds: float) -> Figure:
        """So many loops side by side, each waiting for its own answer, as connections do."""
        step = self.steps[name]
        latencies: list[float] = []
        number = 0
        deadline = time.perf_counter() + seconds

        async def loop() -> None:
            nonlocal number
            now = time.perf_counter()
            while now < deadline:
                number += 1
                await step(number)
                then, now = now, time.perf_counter()
                latencies.append(now - then)

        cpu, start = time.process_time(), time.perf_counter()
        await asyncio.gather(*(loop() for _ in range(in_flight)))
        cpu, taken = time.process_time() - cpu, time.perf_counter() - start
        latencies.sort()
        count = len(latencies)
        return Figure(
            requests_per_second=count / taken,
            p50_us=latencies[count // 2] * 1e6,
            p99_us=latencies[count * 99 // 100] * 1e6,
            cpu_us=cpu / count * 1e6,
            resident_mb=0.0,  # not a process of its own
        )


def _change(change: Change, _rows: Sequence[Row | None]) -> Change:
    return change
