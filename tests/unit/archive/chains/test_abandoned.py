"""Chains of lost data directories are found by their age alone, and removed whole."""

import asyncio

import pytest
from msgspec.structs import replace

from stator.archive.chains import abandoned
from stator.archive.chains import chain as chains
from stator.archive.chains.chain import ChainRecord, Head
from stator.archive.places.location import Location
from stator.journal.record import LANES
from stator.limits import DAY_SECONDS
from tests.unit.archive.histories import BEGIN, TABLE

SINCE = BEGIN / 1000
LIMIT = abandoned.ABANDONED_SECONDS


@pytest.mark.parametrize(
    ("through", "ended", "copy", "last"),
    [
        (None, None, None, SINCE),
        (SINCE + 60, None, None, SINCE + 60),
        (SINCE + 60, SINCE + 90, None, SINCE + 90),
        (SINCE + 60, None, SINCE + 70, SINCE + 70),
    ],
)
def test_found_by_what_was_written_last(
    through: float | None, ended: float | None, copy: float | None, last: float
) -> None:
    async def main() -> None:
        archive = Location.open(f"memory://abandoned-{through}-{ended}-{copy}")
        prefix = chains.prefix_of(TABLE)
        record = ChainRecord(TABLE, SINCE, (0,) * LANES, ended=ended)
        await archive.put(f"{prefix}/{chains.RECORD}", chains.encode(record))
        if through is not None:
            head = Head(round(through * 1000), (0,) * LANES)
            await archive.put(f"{prefix}/{chains.HEAD}", chains.encode_head(head))
        if copy is not None:
            await archive.put(f"{chains.copy_path(prefix, round(copy * 1000))}/manifest.json", b"")
        assert await abandoned.find(archive, last + LIMIT - 0.001) == []
        (found,) = await abandoned.find(archive, last + LIMIT)
        assert (found.chain.prefix, found.since) == (prefix, last)
        assert found.objects == 1 + (through is not None) + (copy is not None)

    asyncio.run(main())


def test_nothing_else_goes() -> None:
    async def main() -> None:
        archive = Location.open("memory://abandoned-others")
        for table in (TABLE, replace(TABLE, id="another")):
            record = ChainRecord(table, SINCE, (0,) * LANES)
            await archive.put(f"{chains.prefix_of(table)}/{chains.RECORD}", chains.encode(record))
            await archive.put(f"{chains.prefix_of(table)}/segments/0/x", b"x")
        await archive.put("backups/x", b"x")
        await abandoned.remove(archive, chains.prefix_of(TABLE))
        prefix = chains.prefix_of(replace(TABLE, id="another"))
        assert [found.path for found in await archive.list()] == [
            "backups/x",
            f"{prefix}/{chains.RECORD}",
            f"{prefix}/segments/0/x",
        ]
        assert len(await abandoned.find(archive, SINCE + 100 * DAY_SECONDS)) == 1

    asyncio.run(main())
