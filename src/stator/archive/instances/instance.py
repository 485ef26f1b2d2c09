"""Backups of the whole instance: what the archive knows of them, and to which seconds they lead back.

    instance/<id>.json                   the manifest: comment, moment, size, every table as it was; written last
    instance/<id>/<table id>/...         a full copy of each table, all of one moment

The id is when the backup was asked for, in 13 digits of milliseconds. The journals of all tables, and the catalog's
own (`catalog/<instance>/...`), are in the archive from the first backup on: between two they lead to any second.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from msgspec import Struct

from stator.archive import document
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location
from stator.limits import DAY_SECONDS
from stator.model.table import Table
from stator.tables import definition

FORMAT = 1
KIND = "instance backup"
FOLDER = "instance"
CATALOG_FOLDER = "catalog"

PERIOD_SECONDS = 5 * DAY_SECONDS
"""How far back one can go to any second."""

MAKE_ONE = "make a manual backup first: stator backup create"


class NotCovered(ArchiveError):
    """No backups lead to that time. The text says which times there are."""


class TableCopy(NamedTuple):
    """One table of a backup."""

    table: Table  # as it was
    path: str  # of its full copy
    items: int
    bytes: int  # of the items, as DynamoDB counts them
    stored: int  # bytes of the objects


class InstanceBackup(Struct, frozen=True):
    """Times are seconds since the epoch."""

    id: str  # 13 digits
    instance: str  # whose it is: see `stator.tables.history`
    comment: str
    kept: bool  # until somebody deletes it, however old it gets
    begun: float
    moment: float  # a whole millisecond: it has every change from before, and none from later
    ended: float
    sequence: int  # of the last record of the catalog's journal that it has
    tables: tuple[TableCopy, ...]

    @property
    def items(self) -> int:
        return sum(each.items for each in self.tables)

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.tables)

    @property
    def stored(self) -> int:
        return sum(each.stored for each in self.tables)


def id_of(time: float) -> str:
    return f"{int(time * 1000):013}"


def is_id(text: str) -> bool:
    return len(text) == 13 and text.isascii() and text.isdigit()


def copy_path(backup_id: str, table: Table) -> str:
    return f"{FOLDER}/{backup_id}/{table.id}"


def encode(backup: InstanceBackup) -> bytes:
    content = {
        "id": backup.id,
        "instance": backup.instance,
        "comment": backup.comment,
        "kept": backup.kept,
        "begun": backup.begun,
        "moment": backup.moment,
        "ended": backup.ended,
        "sequence": backup.sequence,
        "tables": [[orjson.Fragment(definition.encode(each.table)), *each[1:]] for each in backup.tables],
    }
    return document.encode(KIND, FORMAT, content)


def decode(body: bytes, path: str = "an instance backup") -> InstanceBackup:
    """Raises Damaged, or ArchiveError for a format of a newer version. `path` is for messages."""
    return document.read(KIND, FORMAT, body, path, _made_of)


def _made_of(content: dict[str, Any]) -> InstanceBackup:
    tables = [
        TableCopy(definition.decode(orjson.dumps(stored)), *members) for stored, *members in content.pop("tables")
    ]
    return InstanceBackup(tables=tuple(tables), **content)


async def write(location: Location, backup: InstanceBackup) -> None:
    """The last object of a backup."""
    # With thousands of tables it is large, and the loop is not to wait for it.
    await location.put(_manifest(backup.id), await asyncio.to_thread(encode, backup))


async def read(location: Location, backup_id: str) -> InstanceBackup:
    """Raises Missing, Damaged or Unreachable."""
    body = await location.get(_manifest(backup_id))
    return await asyncio.to_thread(decode, body, f"{location.url}/{_manifest(backup_id)}")


async def read_all(location: Location, instance: str | None = None) -> list[InstanceBackup]:
    """Every backup in the archive, of one instance or of all, by moment. Raises what `read` does."""
    backups = []
    for backup_id in await ids(location):
        try:
            backup = await read(location, backup_id)
        except Missing:  # removed meanwhile
            continue
        if instance is None or backup.instance == instance:
            backups.append(backup)
    return sorted(backups, key=lambda backup: backup.moment)


async def ids(location: Location) -> list[str]:
    """The ids of all backups there are, oldest first."""
    found = [each.path.removeprefix(f"{FOLDER}/") for each in await location.list(f"{FOLDER}/")]
    return sorted(name[:-5] for name in found if name.endswith(".json") and is_id(name[:-5]))


async def remove(location: Location, backup_id: str) -> None:
    """Forget a backup, or what is left of one. Its manifest goes first."""
    await location.delete(_manifest(backup_id))
    for found in await location.list(f"{FOLDER}/{backup_id}/"):
        await location.delete(found.path)


async def unfinished(location: Location) -> list[str]:
    """The ids of what has copies and no manifest: backups under way, or that came to nothing."""
    found = [each.path.removeprefix(f"{FOLDER}/").partition("/") for each in await location.list(f"{FOLDER}/")]
    whole = {name[:-5] for name, separator, _ in found if not separator and name.endswith(".json")}
    return sorted({name for name, separator, _ in found if separator and is_id(name)} - whole)


def base(backups: Iterable[InstanceBackup], at: float) -> InstanceBackup | None:
    """The newest backup that does not reach past `at`."""
    return max((each for each in backups if each.moment <= at), key=lambda each: each.moment, default=None)


def superfluous(backups: Sequence[InstanceBackup], now: float) -> list[InstanceBackup]:
    """Backups of one instance that lead to no second of the period and were not to be kept. The newest never is."""
    first = base(backups, now - PERIOD_SECONDS)
    return [] if first is None else [each for each in backups if each.moment < first.moment and not each.kept]


def needed_since(backups: Sequence[InstanceBackup], now: float) -> float | None:
    """From when on an instance needs its journals: older changes lead to no second of the period. None without a
    backup: then it needs what there is."""
    first = base(backups, now - PERIOD_SECONDS)
    if first is not None:
        return first.moment
    return min((each.moment for each in backups), default=None)


def cover(backups: Sequence[InstanceBackup], at: float, now: float) -> InstanceBackup:
    """The backup of one instance from which its journals lead to `at`. Raises NotCovered, which says what to do."""
    if not backups:
        raise NotCovered(f"there is no backup of the instance; {MAKE_ONE}")
    first, last = min(each.moment for each in backups), max(each.moment for each in backups)
    exact = next((each for each in backups if each.moment == at), None)
    if exact is not None:
        return exact
    earliest = max(first, now - PERIOD_SECONDS)
    window = f"times from {render_time(earliest, up=True)} to {render_time(last)} can be rolled back to"
    if first == last or math.ceil(earliest) > math.floor(last):
        window = "no second lies between two backups yet"
    if earliest > last:
        window = f"no time of the past {PERIOD_SECONDS // DAY_SECONDS} days can be rolled back to"
    if at > last:
        raise NotCovered(
            f"no backup was made after {render_time(at)}, and a rollback needs one before and one after its time; "
            f"{MAKE_ONE}. As things are, {window}; --to {_newest(backups).id} is the last backup's own moment"
        )
    if at < first:
        raise NotCovered(
            f"the first backup is of {render_time(first, up=True)}, after {render_time(at)}. "
            f"What is to be rolled back to must lie between two backups; {window}"
        )
    if at < now - PERIOD_SECONDS:
        raise NotCovered(
            f"{render_time(at)} is more than {PERIOD_SECONDS // DAY_SECONDS} days ago; {window}. "
            "Of older times only the moments of backups that were kept are left: give the id of one instead of a time"
        )
    found = base(backups, at)
    if found is None:
        raise NotCovered(f"no backup of {render_time(at)} or before is left; {window}")
    return found


def render_time(seconds: float, *, up: bool = False) -> str:
    """A whole second as people read and type it, `up` for the first one that is not earlier."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(math.ceil(seconds) if up else math.floor(seconds)))


def _newest(backups: Sequence[InstanceBackup]) -> InstanceBackup:
    return max(backups, key=lambda each: each.moment)


def _manifest(backup_id: str) -> str:
    return f"{FOLDER}/{backup_id}.json"
