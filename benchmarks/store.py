"""What the store costs: `python -m benchmarks.store [directory]`. CPU is that of all threads, with the kernel's.

Every write has a value of its own: SQLite neither writes nor syncs when an update changes nothing.
"""

import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw
import uvloop
from rich.console import Console
from rich.table import Table

from stator.storage.sqlite import chores, engine
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put, Row

ROWS = 50_000
VALUE_BYTES = 400
RANGE_ROWS = 50
SECONDS = 3.0

_random = random.Random(7)


class Commits:
    """Counts commits and their seconds, in place of the engine's own `commit`."""

    def __init__(self, inner: Callable[[apsw.Connection], None]) -> None:
        self._inner = inner
        self.seconds: list[float] = []

    def __call__(self, connection: apsw.Connection) -> None:
        began = time.perf_counter()
        self._inner(connection)
        self.seconds.append(time.perf_counter() - began)


def _put(key: Key) -> Put:
    return Put(key, VALUE_BYTES, _random.randbytes(16) + b"x" * (VALUE_BYTES - 16))


async def _load(store: SqliteStore) -> tuple[list[Key], list[Key]]:
    """Rows in partitions of one, and partitions of RANGE_ROWS rows."""
    space, other = await store.create_space(), await store.create_space()
    singles = [Key(space, _random.randbytes(8) + b"user#%06d" % n, b"") for n in range(ROWS)]
    partitions = [Key(other, _random.randbytes(8) + b"list#%d" % n, b"") for n in range(ROWS // RANGE_ROWS // 5)]
    spread = [key._replace(sort=b"%04d" % n) for n in range(RANGE_ROWS) for key in partitions]
    for keys in (singles, spread):
        for start in range(0, len(keys), 1_000):
            puts = [_put(key) for key in keys[start : start + 1_000]]
            await store.transact([], lambda _, puts=puts: Change(puts=puts))  # type: ignore[misc]
    return singles, partitions


async def _reads(store: SqliteStore, singles: Sequence[Key], partitions: Sequence[Key]) -> list[tuple[str, float]]:
    async def ranged(key: Key) -> None:
        await store.range(*key[:2], None, None, reverse=False, rows_max=RANGE_ROWS, bytes_max=1 << 20)

    async def got(key: Key) -> None:
        await store.get([key])

    answers = []
    for name, read, keys in (("get", got, singles), (f"range of {RANGE_ROWS}", ranged, partitions)):
        chosen = _random.choices(keys, k=20_000 if read is got else 2_000)
        for key in keys:  # warms the cache
            await read(key)
        began = time.process_time()
        for key in chosen:
            await read(key)
        answers.append((name, (time.process_time() - began) / len(chosen) * 1e6))
    return answers


async def _writes(store: SqliteStore, keys: Sequence[Key], writers: int, commits: Commits) -> tuple[str, ...]:
    latencies: list[float] = []
    ends = time.perf_counter() + SECONDS

    async def writer() -> None:
        while (began := time.perf_counter()) < ends:
            put = _put(_random.choice(keys))

            def decide(rows: Sequence[Row | None]) -> Change:
                return Change(puts=[put], result=rows[0])  # noqa: B023 (called before the loop goes on)

            await store.transact([put.key], decide)
            latencies.append(time.perf_counter() - began)

    commits.seconds.clear()
    processor, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(writers)))
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    latencies.sort()
    waits = sorted(commits.seconds) or [0.0]
    count = len(latencies)
    return (
        f"{writers}",
        f"{count / wall:,.0f}",
        f"{processor / count * 1e6:.1f}",
        f"{count / len(waits):.1f}" if commits.seconds else "-",
        f"{waits[len(waits) // 2] * 1e3:.2f}",
        f"{waits[len(waits) * 99 // 100] * 1e3:.2f}",
        f"{latencies[count // 2] * 1e3:.2f}",
        f"{latencies[count * 99 // 100] * 1e3:.2f}",
    )


async def _measure(directory: Path | None, console: Console, commits: Commits) -> None:
    store = SqliteStore.open(directory)
    singles, partitions = await _load(store)
    reads = await _reads(store, singles, partitions)
    name = "memory" if directory is None else "disk"
    console.print(f"{name}: " + ", ".join(f"{what} {cost:.1f} µs" for what, cost in reads))
    columns = ("writers", "puts/s", "CPU µs/put", "puts/commit", "commit p50 ms", "p99", "put p50 ms", "p99")
    table = Table(*columns, title=f"put of {VALUE_BYTES} bytes over {ROWS:,} rows, {name}")
    for writers in (1, 32, 128):
        table.add_row(*await _writes(store, singles, writers, commits))
    console.print(table)
    await store.close()


def main() -> None:
    console = Console(width=120)
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    directory = Path(tempfile.mkdtemp(prefix="stator-store-", dir=parent))
    commits = Commits(chores.commit)
    vars(engine)["commit"] = commits  # where the engine looks it up
    try:
        for place in (directory, None):
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_measure(place, console, commits))
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
