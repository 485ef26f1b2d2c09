"""Copies of a data directory, and directories that were set back, at one archive: neither spoils what the other has."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from stator.archive.chains import chain as chains
from stator.archive.chains import tenure
from stator.archive.chains.tenure import Foreign
from stator.archive.places.location import Location
from stator.metrics.metric import ARCHIVE_FOREIGN
from stator.services.chains.archivist import ENDED_SECONDS
from stator.tables import lifecycle
from tests.unit.services.chains.test_archivist import PLACE, House, Main, place, run

NOW = 1.75e9


async def begin(house: House) -> None:
    await house.create()
    table = await house.enable()
    await house.put(table, a="1")
    await house.settle()


def refused(house: House) -> int:
    (figure,) = [each for each in house.archivist.figures() if each.metric is ARCHIVE_FOREIGN]
    return int(figure.value)


async def go_on(house: House, value: str) -> None:
    await house.put(house.parts.catalog.require(*PLACE, "music"), a=value)
    house.clock.advance(3600)  # past the pause after a failure
    await house.settle()
    await house.settle()


async def now(house: House) -> dict[str, str]:
    table = house.parts.catalog.require(*PLACE, "music")
    chain = await house.chain(table)
    assert chain.latest is not None
    return await house.items(table, chain.latest / 1000)


async def everything(archive: Location) -> dict[str, bytes]:
    return {
        found.path: await archive.get(found.path)
        for found in await archive.list("chains/")
        if "/asked/" not in found.path
    }


def in_a_thread(main: Main, archive: Location, directory: Path) -> "asyncio.Future[None]":
    """Beside what runs: a server of its own."""
    return asyncio.ensure_future(asyncio.to_thread(run, main, archive, directory, NOW + 10_000))


@pytest.fixture
def archive() -> Location:
    return place()


@pytest.fixture
def copied(tmp_path: Path, archive: Location) -> tuple[Path, Path]:
    """A data directory with a table under recovery, and a copy of it."""
    run(begin, archive, tmp_path / "data")
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    return tmp_path / "data", tmp_path / "copy"


def test_a_copy_adds_nothing_once_the_original_has_gone_on(
    copied: tuple[Path, Path], archive: Location, caplog: pytest.LogCaptureFixture
) -> None:
    async def original(house: House) -> None:
        await go_on(house, "2")

    async def copy(house: House) -> None:
        before = await everything(archive)
        await go_on(house, "3")
        assert await everything(archive) == before
        assert refused(house) == 1
        assert house.archivist.sealed(house.parts.catalog.require(*PLACE, "music").space, 0) == 0  # all is kept
        assert await now(house) == {"a": "2"}

    async def again(house: House) -> None:
        await go_on(house, "4")
        assert refused(house) == 0
        assert await now(house) == {"a": "4"}

    run(original, archive, copied[0], NOW + 100)
    run(copy, archive, copied[1], NOW + 10_000)
    assert "stator archive take-over" in caplog.text
    run(again, archive, copied[0], NOW + 20_000)


def test_a_directory_that_was_set_back_waits_for_a_person(tmp_path: Path, archive: Location) -> None:
    """Without a restart in between only what there is tells that something is missing."""

    async def ahead(house: House) -> None:
        await begin(house)
        await asyncio.to_thread(shutil.copytree, tmp_path / "data", tmp_path / "old")
        await go_on(house, "2")

    async def behind(house: House) -> None:
        before = await everything(archive)
        await go_on(house, "3")
        assert await everything(archive) == before
        assert refused(house) == 1

    run(ahead, archive, tmp_path / "data")
    run(behind, archive, tmp_path / "old", NOW + 10_000)


def test_who_is_granted_it_begins_anew(
    copied: tuple[Path, Path], archive: Location, caplog: pytest.LogCaptureFixture
) -> None:
    async def original(house: House) -> None:
        await go_on(house, "2")

    async def wait(house: House) -> None:
        await go_on(house, "3")

    async def granted(house: House) -> None:
        await go_on(house, "4")
        assert await now(house) == {"a": "4"}
        assert refused(house) == 0

    async def late(house: House) -> None:
        await go_on(house, "5")
        assert refused(house) == 1
        assert await now(house) == {"a": "4"}

    run(original, archive, copied[0], NOW + 100)
    run(wait, archive, copied[1], NOW + 10_000)
    asked = set(re.findall(r"take-over ([0-9a-f]+)", caplog.text))
    assert len(asked) == 1
    run(wait, archive, copied[1], NOW + 20_000)
    assert set(re.findall(r"take-over ([0-9a-f]+)", caplog.text)) == asked  # what was told stays good
    assert asyncio.run(tenure.grant(archive, chains.FOLDER, "0" * 16)) == []
    (prefix,) = asyncio.run(tenure.grant(archive, chains.FOLDER, asked.pop()))
    assert prefix.startswith(f"chains/{PLACE[0]}/{PLACE[1]}/music/")
    run(granted, archive, copied[1], NOW + 30_000)
    run(late, archive, copied[0], NOW + 40_000)


def test_the_one_that_another_took_over_from_stops(
    copied: tuple[Path, Path], tmp_path: Path, archive: Location
) -> None:
    async def copy(house: House) -> None:
        await go_on(house, "of the copy")
        assert refused(house) == 0

    async def original(house: House) -> None:
        await house.archivist.seal_once()
        await asyncio.to_thread(shutil.copytree, tmp_path / "data", tmp_path / "twin")
        await in_a_thread(copy, archive, tmp_path / "twin")
        before = await everything(archive)
        await go_on(house, "of the original")
        await house.archivist.prune_once()
        assert await everything(archive) == before
        assert refused(house) == 1
        with pytest.raises(Foreign):
            await house.archivist.seal(house.clock() - 1)
        assert await now(house) == {"a": "of the copy"}

    run(original, archive, copied[0], NOW + 100)


def test_what_was_put_while_another_took_over_is_taken_back(
    copied: tuple[Path, Path], tmp_path: Path, archive: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def copy(house: House) -> None:
        await house.archivist.seal_once()

    async def original(house: House) -> None:
        await house.archivist.seal_once()
        await asyncio.to_thread(shutil.copytree, tmp_path / "data", tmp_path / "twin")
        put, before = Location.put, await everything(archive)

        async def overtaken(self: Location, path: str, body: bytes, **more: bool) -> None:
            if "/segments/" in path:
                monkeypatch.setattr(Location, "put", put)
                await in_a_thread(copy, archive, tmp_path / "twin")
            await put(self, path, body, **more)

        monkeypatch.setattr(Location, "put", overtaken)
        await go_on(house, "2")
        after = await everything(archive)
        assert {path for path in after if "/segments/" in path} == {path for path in before if "/segments/" in path}
        assert refused(house) == 1

    run(original, archive, copied[0], NOW + 100)


def test_a_copy_without_the_table_leaves_its_chain(copied: tuple[Path, Path], archive: Location) -> None:
    async def original(house: House) -> None:
        await go_on(house, "2")

    async def copy(house: House) -> None:
        before = await everything(archive)
        table = house.parts.catalog.require(*PLACE, "music")
        await house.change(lambda old: lifecycle.delete(old, house.clock()), drops=table.spaces)
        for _ in range(3):
            house.clock.advance(ENDED_SECONDS)
            await house.archivist.seal_once()
            await house.archivist.prune_once()
        assert await everything(archive) == before

    run(original, archive, copied[0], NOW + 100)
    run(copy, archive, copied[1], NOW + 10_000)


def test_processes_with_one_store_take_over_from_each_other(tmp_path: Path, archive: Location) -> None:
    async def main(house: House) -> None:
        await begin(house)
        other = House(house.parts, house.clock)
        await go_on(other, "2")
        assert refused(other) == 0
        for one, value in ((house, "3"), (other, "4"), (house, "5")):
            await go_on(one, value)
            one.clock.advance(3600)
            await one.settle()
            assert refused(one) == 0
        assert await now(house) == {"a": "5"}

    run(main, archive, tmp_path / "data")
