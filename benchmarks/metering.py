"""`python -m benchmarks.metering`: what counting costs a request, and what the duty of each second costs.

A number of series sees something in every second of some virtual minutes, by a clock that is turned; the store is a
real one on disk. Told are CPU seconds of this process for each second of that time, the longest that the duty held the
loop, and what lies in the store afterwards.
"""

import argparse
import asyncio
import tempfile
import time
import timeit
from pathlib import Path

from stator.clock import ManualClock
from stator.metrics.meter import Meters
from stator.metrics.recorder import Recorder
from stator.metrics.series_store import SeriesStore
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services.metering import Metering
from stator.services.parts import Parts
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.sqlite.schema import FILE_NAME
from stator.tables.catalog import Catalog, Edit

ACCOUNT, REGION = "111122223333", "eu-west-1"
_OPERATIONS = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem")
_SERIES_A_TABLE = 10  # a latency for each operation, and two sorts of units
_CALLS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metering", description=__doc__)
    parser.add_argument("--series", type=int, default=1000, help="that see something in every second (1000)")
    parser.add_argument("--minutes", type=int, default=10, help="of virtual time (10)")
    chosen = parser.parse_args()
    print(f"a request that succeeds: {_served_us():.2f} us")
    with tempfile.TemporaryDirectory(prefix="stator-bench-") as scratch:
        asyncio.run(_run(Path(scratch), max(1, chosen.series // _SERIES_A_TABLE), chosen.minutes))


def _served_us() -> float:
    recorder = Recorder()

    def serve() -> None:
        recorder.served(ACCOUNT, REGION, "music", "GetItem", 0.00042)

    return min(timeit.repeat(serve, number=_CALLS, repeat=5)) / _CALLS * 1e6


async def _run(directory: Path, tables: int, minutes: int) -> None:
    clock = ManualClock()
    store = SqliteStore.open(directory)
    catalog = await Catalog.open(store, clock)
    known = [_table(number) for number in range(tables)]
    for table in known:
        await catalog.change(ACCOUNT, REGION, table.name, lambda _, table=table: Edit(table))  # type: ignore[misc]
    parts = Parts(catalog, store, clock)
    meters = Meters(clock)
    metering = Metering(parts, SeriesStore(store, clock), meters)
    spent, longest, points = 0.0, 0.0, 0
    for _ in range(minutes * 60):
        _traffic(parts.recorder, meters, known)
        clock.advance(1)
        watch = asyncio.create_task(_longest_turn())
        await asyncio.sleep(0)
        began = time.process_time()
        points += await metering.run_once()
        spent += time.process_time() - began
        watch.cancel()
        longest = max(longest, await watch)
        if clock.now % 60 == 0:
            await metering.prune_once()
    rows = await store.usage(0)
    size = (directory / FILE_NAME).stat().st_size
    idle = await _idle_seconds(metering, clock)
    print(
        f"{points // (minutes * 60)} series in {tables} tables, {minutes} minutes: "
        f"{spent / (minutes * 60) * 1000:.2f} ms of CPU a second, the loop held for at most {longest * 1000:.1f} ms; "
        f"{idle * 1000:.3f} ms while idle; {rows.rows - tables} rows of {rows.size / 1e6:.1f} MB, "
        f"a file of {size / 1e6:.1f} MB"
    )
    await store.close()


async def _longest_turn() -> float:
    """CPU seconds that others had the loop for, at most, until it is cancelled."""
    longest, last = 0.0, time.thread_time()
    try:
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


def _traffic(recorder: Recorder, meters: Meters, tables: list[Table]) -> None:
    for table in tables:
        for number, operation in enumerate(_OPERATIONS):
            for step in range(5):
                recorder.served(ACCOUNT, REGION, table.name, operation, 0.0003 * (1 + number) * (1 + 0.2 * step))
        meter = meters.of(table)
        meter.read(12.5)
        meter.write(20.0)


async def _idle_seconds(metering: Metering, clock: ManualClock) -> float:
    clock.advance(7200)
    await metering.run_once()
    began = time.process_time()
    for _ in range(60):
        clock.advance(1)
        await metering.run_once()
    return (time.process_time() - began) / 60


def _table(number: int) -> Table:
    keys = KeySchema((KeyAttribute("pk", "S"),))
    return Table(ACCOUNT, REGION, f"table-{number}", f"id-{number}", 1.0, {"pk": "S"}, keys, 100 + number)


if __name__ == "__main__":
    main()
