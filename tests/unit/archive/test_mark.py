import asyncio

import pytest

from stator.archive import document, mark
from stator.archive.places.location import ArchiveError, Damaged, Exists, Location


def test_a_place_becomes_an_archive_once() -> None:
    async def test() -> None:
        place = Location.open("memory://mark/a")
        assert not await mark.check(place)
        await mark.inscribe(place, 5.0)
        assert await mark.check(place)
        first = await place.get("stator-archive.json")
        await mark.inscribe(place, 6.0)
        assert await place.get("stator-archive.json") == first
        assert document.decode("archive", 1, first) == {"made": 5.0}

    asyncio.run(test())


def test_two_servers_may_be_the_first() -> None:
    class Late(Location):
        async def put(self, path: str, body: bytes, *, if_absent: bool = False, lasting: bool = True) -> None:
            await super().put(path, document.encode(mark.KIND, 1, {"made": 1.0}))
            raise Exists("another was faster")

    class Nowhere(Location):
        async def put(self, path: str, body: bytes, *, if_absent: bool = False, lasting: bool = True) -> None:
            raise Exists("so it says")

    async def test() -> None:
        place = Location.open("memory://mark/b")
        with pytest.raises(ArchiveError, match="comes and goes"):
            await mark.inscribe(Nowhere(place._backend, place.url, "mark/b/"), 5.0)
        await mark.inscribe(Late(place._backend, place.url, "b/"), 5.0)
        assert await mark.check(place)

    asyncio.run(test())


def test_an_archive_of_a_newer_version_is_refused() -> None:
    async def test() -> None:
        place = Location.open("memory://mark/c")
        await place.put(mark.NAME, document.encode(mark.KIND, 2, {"made": 5.0}))
        for use in (mark.check(place), mark.inscribe(place, 5.0)):
            with pytest.raises(ArchiveError, match="format 2; this version of Stator reads up to format 1"):
                await use
        await place.put(mark.NAME, b"{}")
        with pytest.raises(Damaged):
            await mark.check(place)

    asyncio.run(test())
