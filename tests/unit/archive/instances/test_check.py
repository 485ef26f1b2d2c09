"""What is wrong with backups of an instance is found, and nothing where nothing is."""

import asyncio
import itertools
from collections.abc import AsyncIterator

from msgspec.structs import replace

from stator.archive import full_copy
from stator.archive.chains import catalog_journal
from stator.archive.full_copy import FullCopy
from stator.archive.instances import instance
from stator.archive.instances.check import Told, check_backups, check_catalogs
from stator.archive.instances.instance import InstanceBackup, TableCopy
from stator.archive.places.location import Location
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.store import Record
from stator.tables import history

NOW = 1_750_000_000.0
OWNER = "a" * 32
TABLE = Table("123456789012", "eu-west-1", "things", "t-1", NOW, {"k": "S"}, KeySchema((KeyAttribute("k", "S"),)), 4)
_names = itertools.count()


def archive() -> Location:
    return Location.open(f"memory://instance-check-{next(_names)}")


async def make(place: Location, moment: float, sequence: int, *, kept: bool = False) -> InstanceBackup:
    id = instance.id_of(moment)
    path = instance.copy_path(id, TABLE)
    await place.put(f"{path}/manifest.json", full_copy.encode(FullCopy(TABLE, moment, (0, 0, 0, 0), 0, 0, ())))
    copies = (TableCopy(TABLE, path, 0, 0, 0),)
    backup = InstanceBackup(id, OWNER, "", kept, moment, moment, moment, sequence, copies)
    await instance.write(place, backup)
    return backup


async def seal(place: Location, *sequences: int) -> str:
    """The path of the segment."""
    records = [Record(0, 0, each, history.append(TABLE, NOW + each).record) for each in sequences]
    return f"{catalog_journal.prefix_of(OWNER)}/{(await catalog_journal.seal(place, OWNER, records)).path}"


async def faults(told: AsyncIterator[Told]) -> list[str]:
    return [each.text async for each in told if not each.whole]


async def wholes(told: AsyncIterator[Told]) -> list[str]:
    return [f"{each.path}: {each.text}" async for each in told if each.whole]


def test_an_archive_without_any_has_no_faults() -> None:
    async def run() -> None:
        assert [each async for each in check_backups(archive())] == []
        assert [each async for each in check_catalogs(archive())] == []

    asyncio.run(run())


def test_what_is_whole_is_told() -> None:
    async def run() -> None:
        place = archive()
        await make(place, NOW, 0)
        await make(place, NOW + 9, 3)
        await seal(place, 1, 2)
        await seal(place, 3, 4)
        assert await faults(check_backups(place)) == await faults(check_catalogs(place)) == []
        assert len(await wholes(check_backups(place))) == 2
        assert await wholes(check_catalogs(place)) == [
            f"catalog/{OWNER}: changes of tables from 2025-06-15T15:06:40Z to 2025-06-15T15:06:49Z"
        ]

    asyncio.run(run())


def test_a_copy_that_is_missing_damaged_or_another_is_a_fault() -> None:
    async def run() -> None:
        place = archive()
        backup = await make(place, NOW, 0)
        manifest = f"{backup.tables[0].path}/manifest.json"
        whole = await place.get(manifest)
        await place.delete(manifest)
        assert "lacks the copy of table things" in (await faults(check_backups(place)))[0]
        await place.put(manifest, whole.replace(b"things", b"thongs"))
        assert "is damaged" in (await faults(check_backups(place)))[0]
        copy = full_copy.decode(whole)
        await place.put(manifest, full_copy.encode(replace(copy, items=1)))
        assert "has 1 items and not 0" in (await faults(check_backups(place)))[0]

    asyncio.run(run())


def test_a_damaged_manifest_is_a_fault() -> None:
    async def run() -> None:
        place = archive()
        backup = await make(place, NOW, 0)
        await place.put(f"instance/{backup.id}.json", b"{}")
        assert "is damaged" in (await faults(check_backups(place)))[0]

    asyncio.run(run())


def test_changes_that_are_missing_or_damaged_are_faults() -> None:
    async def run() -> None:
        place = archive()
        await make(place, NOW, 0)
        await make(place, NOW + 9, 4)
        first = await seal(place, 1, 2)
        await seal(place, 4)
        assert "lacks the changes 3 to 3 of tables" in (await faults(check_catalogs(place)))[0]
        await seal(place, 3)
        assert await faults(check_catalogs(place)) == []
        await place.put(first, b"x")
        assert "is damaged" in (await faults(check_catalogs(place)))[0]

    asyncio.run(run())


def test_what_only_a_kept_backup_would_need_may_be_gone() -> None:
    async def run() -> None:
        place = archive()
        await make(place, NOW - 90 * 86_400, 0, kept=True)
        await make(place, NOW - 8 * 86_400, 5)
        await make(place, NOW, 6)
        await seal(place, 6)
        assert await faults(check_catalogs(place)) == []

    asyncio.run(run())
