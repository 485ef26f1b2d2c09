"""Can the backups of an instance be rolled back to, and the times between them? Copies are looked at where they lie."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stator.archive import full_copy
from stator.archive.chains import catalog_journal, segment
from stator.archive.instances import instance
from stator.archive.instances.instance import InstanceBackup
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location
from stator.tables import history


class Told(NamedTuple):
    """What is to be said of an object or folder: that it is whole, or what is wrong with it."""

    whole: bool
    path: str
    text: str


async def check_backups(archive: Location) -> AsyncIterator[Told]:
    """Every manifest, and that the copies it names are there. A backup that goes meanwhile is passed over."""
    for backup_id in await instance.ids(archive):
        path = f"{instance.FOLDER}/{backup_id}.json"
        try:
            backup = await instance.read(archive, backup_id)
            faults = [fault async for fault in _faults(archive, backup)]
        except Missing:
            continue
        except ArchiveError as error:
            yield Told(False, path, str(error))
            continue
        for fault in faults:
            yield Told(False, path, fault)
        if not faults:
            text = f"backup of the instance as of {instance.render_time(backup.moment, up=True)}"
            yield Told(True, path, f"{text}: {len(backup.tables)} tables, {backup.items} items")


async def check_catalogs(archive: Location) -> AsyncIterator[Told]:
    """The journal of each catalog: every record of it can be read, and between two backups none is missing."""
    backups = await _readable(archive)
    for owner in sorted({backup.instance for backup in backups}):
        own = [backup for backup in backups if backup.instance == owner]
        path = catalog_journal.prefix_of(owner)
        faults = [fault async for fault in _catalog_faults(archive, owner, own)]
        for fault in faults:
            yield Told(False, path, fault)
        if not faults:
            first, last = own[0].moment, own[-1].moment
            text = f"from {instance.render_time(first, up=True)} to {instance.render_time(last)}"
            yield Told(True, path, f"changes of tables {text}")


async def _faults(archive: Location, backup: InstanceBackup) -> AsyncIterator[str]:
    for each in backup.tables:
        try:
            copy = await full_copy.read(archive, each.path)
        except Missing:
            if not await archive.list(f"{instance.FOLDER}/{backup.id}.json"):
                raise
            yield f"it lacks the copy of table {each.table.name}, {each.path}"
            continue
        except ArchiveError as error:
            yield f"its copy of table {each.table.name}: {error}"
            continue
        if (copy.items, copy.bytes) != (each.items, each.bytes):
            yield f"its copy of table {each.table.name} has {copy.items} items and not {each.items}"


async def _readable(archive: Location) -> list[InstanceBackup]:
    found = []
    for backup_id in await instance.ids(archive):
        try:
            found.append(await instance.read(archive, backup_id))
        except ArchiveError:  # told of already
            continue
    return sorted(found, key=lambda backup: backup.moment)


async def _catalog_faults(archive: Location, owner: str, backups: Sequence[InstanceBackup]) -> AsyncIterator[str]:
    for each in await catalog_journal.segments(archive, owner):
        path = f"{catalog_journal.prefix_of(owner)}/{each.path}"
        try:
            body = await archive.get(path)
            for record in await asyncio.to_thread(segment.unpack, each, body, f"{archive.url}/{path}"):
                history.decode(record)
        except (ArchiveError, ValueError) as error:
            yield str(error)
    last = backups[-1]
    first = instance.base(backups, last.moment - instance.PERIOD_SECONDS) or backups[0]
    try:
        await catalog_journal.editions(archive, owner, after=first.sequence, until=last.sequence, at=last.moment)
    except (ArchiveError, ValueError) as error:
        if not isinstance(error, Missing):  # what goes meanwhile is no fault
            yield str(error)
