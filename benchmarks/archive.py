"""`python -m benchmarks.archive`: what full copies of a table cost, written to a folder and read back.

In this process and without a server: how long it takes, how much memory it needs at most, and how late the event loop
is meanwhile, beside how late it is when nothing happens. `python -m benchmarks.backup` measures a server.
"""

import argparse
import asyncio
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from benchmarks import house
from benchmarks.signing import Key
from stator.archive import full_copy
from stator.archive.places.location import Location
from stator.clock import system_clock
from stator.storage.sqlite.engine import SqliteStore
from stator.tables.catalog import Catalog

_KEY = Key("000000000042", "any", "000000000042")
_TICK_SECONDS = 0.001
_QUIET_SECONDS = 3.0
_SWITCH_SECONDS = 0.0005  # as a server has it

Say = Callable[[str], None]


class Lateness:
    """How late a timer of the loop is, again and again."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._ticking = asyncio.ensure_future(self._tick())

    def told(self) -> str:
        """Since the last call, in milliseconds."""
        late, self._late = sorted(self._late), []
        figures = (late[int(len(late) * part)] * 1000 for part in (0.5, 0.99))
        return "loop late p50 {:.2f}, p99 {:.2f}, max {:.2f} ms".format(*figures, late[-1] * 1000)

    def stop(self) -> None:
        self._ticking.cancel()

    async def _tick(self) -> None:
        while True:
            due = time.perf_counter() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self._late.append(max(0.0, time.perf_counter() - due))


def peak_mb() -> float:
    """The most this process had resident."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def measure(scratch: Path, say: Say) -> None:
    store = SqliteStore.open(scratch / "data")
    try:
        catalog = await Catalog.open(store, system_clock)
        (table,) = catalog.tables()
        place = Location.open(str(scratch / "archive"))
        gc.freeze()
        lateness = Lateness()
        await asyncio.sleep(_QUIET_SECONDS)
        say(f"quiet: {lateness.told()}, {peak_mb():.0f} MB")
        snapshot = await store.snapshot()
        began, used = time.perf_counter(), time.process_time()
        copy = await full_copy.write(place, "copy", snapshot, table, moment=time.time())
        took, used = time.perf_counter() - began, time.process_time() - used
        await snapshot.close()
        size = sum(each.bytes for each in copy.chunks) / 1e6
        stored = sum(each.stored for each in copy.chunks) / 1e6
        say(
            f"write {copy.items:,} items, {size:.0f} MB in {stored:.0f} MB: {took:.2f} s,"
            f" {used / copy.items * 1e6:.1f} us of CPU an item, {peak_mb():.0f} MB at most, {lateness.told()}"
        )
        began, read = time.perf_counter(), 0
        async for _, lines in full_copy.items(place, "copy", copy):
            read += len(lines)
        took = time.perf_counter() - began
        say(f"read {read:,} items: {took:.2f} s, {peak_mb():.0f} MB at most, {lateness.told()}")
        lateness.stop()
    finally:
        await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive", description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)  # in a process of its own, for the memory's sake
    chosen = parser.parse_args()
    if chosen.fill:
        house.load_directory(chosen.fill, _KEY, chosen.items)
        return
    with tempfile.TemporaryDirectory(prefix="stator-bench-") as scratch:
        fill = [sys.executable, "-m", "benchmarks.archive", "--items", str(chosen.items), "--fill", f"{scratch}/data"]
        began = time.perf_counter()
        subprocess.run(fill, check=True)
        print(f"load {chosen.items:,} items straight into the store: {time.perf_counter() - began:.1f} s", flush=True)
        sys.setswitchinterval(_SWITCH_SECONDS)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(Path(scratch), lambda text: print(text, flush=True)))


if __name__ == "__main__":
    main()
