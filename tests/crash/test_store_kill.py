"""kill -9 at any instant loses nothing acknowledged and leaves nothing half done. STATOR_KILLS sets how many instants."""

import asyncio
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from stator.storage.sqlite.check import check
from stator.storage.sqlite.engine import SqliteStore
from tests.crash import writer

KILLS = int(os.environ.get("STATOR_KILLS", "10"))
ROOT = Path(__file__).parents[2]


def _run_and_kill(directory: Path, seconds: float) -> dict[int, int]:
    """Let the writer run for `seconds` after its first word; returns the last count acknowledged to each."""
    command = [sys.executable, "-m", "tests.crash.writer", str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, "the writer ended by itself"
        time.sleep(seconds)
        process.kill()
        told = first + process.stdout.read()
    lines = [line.split() for line in told.splitlines(keepends=True) if line.endswith(b"\n")]
    return {int(number): int(count) for number, count in lines}


async def _compare(directory: Path, acknowledged: dict[int, int], seen: dict[int, int]) -> None:
    store = SqliteStore.open(directory)
    try:
        rows = await store.get([writer.counter(number) for number in range(writer.WRITERS)])
        for number, row in enumerate(rows):
            value = int(row.value) if row is not None else 0
            assert value >= max(acknowledged.get(number, 0), seen.get(number, 0))
            records = await store.changes(writer.JOURNAL, number, 0, 10_000_000)
            assert [int(record.record) for record in records] == list(range(1, value + 1))
            seen[number] = value
        assert (await store.usage(0)).size == sum(row.size for row in rows if row is not None)
    finally:
        await store.close()


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    instants = random.Random(os.environ.get("STATOR_KILLS"))
    directory = tmp_path / "data"
    seen: dict[int, int] = {}
    for _ in range(KILLS):
        acknowledged = _run_and_kill(directory, instants.uniform(0, 0.15))
        # Before it is opened: the check must understand a file that was left in the middle.
        assert check(directory) == []
        asyncio.run(_compare(directory, acknowledged, seen))
    assert check(directory) == []
    assert min(seen.values()) >= KILLS / 2
