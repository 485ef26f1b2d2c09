"""What does not fit into memory is on disk."""

import asyncio
import os
from pathlib import Path

from stator.storage.scratch import Entry, Scratch
from stator.storage.store import Position

COUNT, BYTES = 400, 100_000


def nameless_bytes() -> int:
    """How much this process has in files that have no name any more."""
    there = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return sum(path.stat().st_size for path in there if str(path.readlink()).endswith("(deleted)"))


def test_what_is_put_is_in_a_file_without_a_name_and_read_back() -> None:
    async def main() -> None:
        scratch = await Scratch.open()
        for number in range(COUNT):
            await scratch.put([Entry(b"%08d" % number, b"", None, 0, os.urandom(BYTES), BYTES, number)])
        assert nameless_bytes() > COUNT * BYTES / 2
        found: list[Entry] = []
        more = True
        while more:
            after = Position(found[-1].partition, found[-1].sort) if found else None
            page, more = await scratch.page(after, 50, 10 * BYTES)
            found += page
        assert [entry.time for entry in found] == list(range(COUNT))
        await scratch.close()

    asyncio.run(main())
