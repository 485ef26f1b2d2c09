"""The catalog's journal gets into the archive whole, once, and under the name of the instance that it is of."""

import asyncio
import itertools
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from stator.archive.chains import catalog_journal
from stator.archive.chains.tenure import Foreign
from stator.archive.jobs import Jobs
from stator.archive.places.location import Location, Unreachable
from stator.clock import ManualClock
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services.chains import catalog_archive
from stator.services.chains.catalog_archive import CatalogArchive
from stator.services.parts import JobParts
from stator.storage.sqlite.engine import SqliteStore
from stator.tables.catalog import Catalog, Edit

PLACE = ("123456789012", "eu-west-1")
OWNER = "a" * 32
_names = itertools.count()

Main = Callable[[CatalogArchive, JobParts], Awaitable[None]]


def place() -> Location:
    return Location.open(f"memory://catalogs-{next(_names)}")


def run(directory: Path, archive: Location, main: Main) -> None:
    async def whole() -> None:
        store, clock = SqliteStore.open(directory), ManualClock()
        catalog = await Catalog.open(store, clock)
        parts = JobParts.furnish(catalog, store, clock, steady=clock, jobs=Jobs(store, clock, "me"), archive=archive)
        try:
            await main(CatalogArchive(parts), parts)
        finally:
            await store.close()

    asyncio.run(whole())


async def change(parts: JobParts, *tags: str) -> None:
    """As many changes of a table as there are tags."""
    keys = KeySchema((KeyAttribute("pk", "S"),))
    for tag in tags:
        table = Table(*PLACE, "things", "id", 1.0, {"pk": "S"}, keys, 7, tags={"is": tag})

        def decide(before: Table | None, table: Table = table) -> Edit:
            return Edit(table if before is None else replace(before, tags=table.tags))

        await parts.catalog.change(*PLACE, "things", decide)


async def sealed(archive: Location, owner: str, until: int) -> list[str]:
    found = await catalog_journal.editions(archive, owner, after=0, until=until, at=float("inf"))
    return [edition.table.tags["is"] for edition in found]


def test_nothing_is_sealed_before_the_first_backup(tmp_path: Path) -> None:
    archive = place()

    async def main(duty: CatalogArchive, parts: JobParts) -> None:
        await change(parts, "1")
        assert await duty.run_once() == 0
        assert await archive.list() == []

    run(tmp_path, archive, main)


def test_every_change_is_sealed_once(tmp_path: Path) -> None:
    archive = place()

    async def main(duty: CatalogArchive, parts: JobParts) -> None:
        await parts.catalog.journal_all(OWNER)
        await change(parts, "1", "2")
        assert await duty.run_once() == 2
        assert await duty.run_once() == 0
        await change(parts, "3")
        assert await duty.run_once() == 1
        assert await sealed(archive, OWNER, 3) == ["1", "2", "3"]

    async def restarted(duty: CatalogArchive, parts: JobParts) -> None:
        await change(parts, "4")
        assert await duty.run_once() == 1
        assert await sealed(archive, OWNER, 4) == ["1", "2", "3", "4"]
        assert len(await archive.list(f"catalog/{OWNER}/segments/")) == 3

    run(tmp_path, archive, main)
    run(tmp_path, archive, restarted)


def test_more_than_fits_into_a_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = place()
    monkeypatch.setattr(catalog_archive, "_RECORDS", 2)
    monkeypatch.setattr(catalog_archive, "_KEPT_RECORDS", 1)

    async def main(duty: CatalogArchive, parts: JobParts) -> None:
        await parts.catalog.journal_all(OWNER)
        await change(parts, *"12345")
        assert await duty.run_once() == 5
        assert len(await archive.list(f"catalog/{OWNER}/segments/")) == 3
        assert await sealed(archive, OWNER, 5) == list("12345")
        assert [record.sequence for record in await parts.store.changes(0, 0, 0, 9)] == [4, 5]
        await change(parts, "6")
        assert await duty.run_once() == 1
        assert await sealed(archive, OWNER, 6) == list("123456")

    run(tmp_path, archive, main)


def test_what_an_archive_refused_is_sealed_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = place()

    async def main(duty: CatalogArchive, parts: JobParts) -> None:
        await parts.catalog.journal_all(OWNER)
        await change(parts, "1")

        async def refuse(*_: object, **__: object) -> None:
            raise Unreachable("away")

        with monkeypatch.context() as patched, pytest.raises(Unreachable):
            patched.setattr(Location, "put", refuse)
            await duty.run_once()
        await change(parts, "2")
        assert await duty.run_once() == 2
        assert await sealed(archive, OWNER, 2) == ["1", "2"]

    run(tmp_path, archive, main)


def test_a_directory_that_was_set_back_begins_anew(tmp_path: Path) -> None:
    """Its changes would carry numbers that the archive has for others."""
    archive = place()

    async def begin(duty: CatalogArchive, parts: JobParts) -> None:
        await parts.catalog.journal_all(OWNER)
        await change(parts, "1")
        await duty.run_once()

    async def go_on(duty: CatalogArchive, parts: JobParts) -> None:
        await change(parts, "2", "3")
        await duty.run_once()

    async def set_back(duty: CatalogArchive, parts: JobParts) -> None:
        await change(parts, "other")
        await duty.run_once()
        now = parts.catalog.instance
        assert now is not None
        assert now.id != OWNER
        assert await sealed(archive, OWNER, 3) == ["1", "2", "3"]
        assert (await sealed(archive, now.id, 2))[-1] == "other"

    run(tmp_path / "data", archive, begin)
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    run(tmp_path / "data", archive, go_on)
    run(tmp_path / "older", archive, set_back)


def test_of_two_copies_the_one_that_was_there_first_begins_anew(tmp_path: Path) -> None:
    """Both are in the same state, so the second cannot know of the first; the first is told so."""
    archive = place()

    async def begin(duty: CatalogArchive, parts: JobParts) -> None:
        await parts.catalog.journal_all(OWNER)
        await change(parts, "1")
        await duty.run_once()

    async def second(duty: CatalogArchive, parts: JobParts) -> None:
        await change(parts, "of the copy")
        assert await duty.run_once() == 1

    async def first(duty: CatalogArchive, parts: JobParts) -> None:
        await duty.run_once()
        await asyncio.to_thread(shutil.copytree, tmp_path / "data", tmp_path / "copy")
        await asyncio.to_thread(run, tmp_path / "copy", archive, second)
        await change(parts, "2")
        with pytest.raises(Foreign):
            await duty.run_once()
        assert await duty.run_once() > 0
        now = parts.catalog.instance
        assert now is not None
        assert now.id != OWNER
        assert (await sealed(archive, now.id, 2))[-1] == "2"
        assert await sealed(archive, OWNER, 2) == ["1", "of the copy"]

    run(tmp_path / "data", archive, begin)
    run(tmp_path / "data", archive, first)
