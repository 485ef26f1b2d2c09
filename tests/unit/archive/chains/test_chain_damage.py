"""Every byte of a chain matters: one that is changed is found, and found by name."""

import asyncio

from stator.archive import mark
from stator.archive.places.location import Location
from stator.archive.verify import State, verify
from tests.unit.archive.chains.test_check import history, kept


def test_every_damaged_byte_of_a_chain_is_a_fault() -> None:
    async def test() -> None:
        place = Location.open("memory://chain-damage")
        await mark.inscribe(place, 1.0)
        await kept(place, history())
        objects = [found.path for found in await place.list("chains/")]
        segments = [path for path in objects if path.endswith(".zst")]
        documents = [path for path in objects if path.endswith(".json")]
        assert (len(segments) >= 6, len(documents)) == (True, 2)
        for path in (*documents, segments[0], segments[-1]):
            body = await place.get(path)
            for at in range(len(body)):
                await place.put(path, body[:at] + bytes((body[at] ^ 1 << at % 8,)) + body[at + 1 :])
                faults = [finding async for finding in verify(place) if finding.state is State.FAULT]
                assert len(faults) == 1, (path, at)
                assert path in faults[0].text
            await place.put(path, body)
        assert not [finding async for finding in verify(place) if finding.state is State.FAULT]

    asyncio.run(test())
