"""Can what is in an archive be restored? Reads every byte of it, and takes every item for what it would become.

A checksum says that nothing changed since it was written. That an item is an item of its table, in its place and of its
size, is looked at besides: a restore does the same with it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

import orjson

from stator.archive import full_copy, mark
from stator.archive.backups import CHANGED
from stator.archive.chains import chain as chains
from stator.archive.chains.check import check_chains
from stator.archive.full_copy import MANIFEST, FullCopy
from stator.archive.instances import instance
from stator.archive.instances.check import check_backups, check_catalogs
from stator.archive.intake.intake import LOGS
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.found import Found
from stator.archive.places.location import Location
from stator.errors import WireError
from stator.items.keys import item_key
from stator.model.table import Table
from stator.storage.store import Key
from stator.values.parse import parse_item

_COMPLAINTS_MAX = 5  # of one chunk


class State(StrEnum):
    WHOLE = "whole"
    SPARE = "spare"  # nothing needs it: unfinished, interrupted, or not ours
    FAULT = "fault"


class Finding(NamedTuple):
    state: State
    path: str
    text: str


async def verify(archive: Location) -> AsyncIterator[Finding]:
    """Look at everything. What goes while it is looked at, a server at work removed. Raises Unreachable."""
    yield await _mark(archive)
    folders: dict[str, list[Found]] = {}
    for found in await archive.list():
        folders.setdefault(found.path.rpartition("/")[0], []).append(found)
    for folder, objects in folders.items():
        if folder == instance.FOLDER or folder.startswith((f"{instance.CATALOG_FOLDER}/", f"{LOGS}/")):
            continue
        if folder.startswith(f"{chains.FOLDER}/") and f"/{chains.COPIES}/" not in folder:
            continue
        async for finding in _folder(archive, folder, objects):
            yield finding
    for check in (check_chains, check_backups, check_catalogs):
        async for told in check(archive):
            yield Finding(State.WHOLE if told.whole else State.FAULT, told.path, told.text)


async def _mark(archive: Location) -> Finding:
    try:
        if await mark.check(archive):
            return Finding(State.WHOLE, mark.NAME, "an archive of Stator")
    except ArchiveError as error:
        return Finding(State.FAULT, mark.NAME, str(error))
    return Finding(State.FAULT, mark.NAME, f"{archive.url} is no archive of Stator: it is not there")


async def _folder(archive: Location, folder: str, objects: list[Found]) -> AsyncIterator[Finding]:
    names = {found.path.rpartition("/")[2] for found in objects if found.path not in (mark.NAME, CHANGED)}
    if MANIFEST in names:
        async for finding in _copy(archive, folder, names):
            yield finding
    elif names:
        yield Finding(State.SPARE, folder or archive.url, f"objects that belong to nothing: {len(names)}")


async def _copy(archive: Location, folder: str, names: set[str]) -> AsyncIterator[Finding]:
    try:
        copy = await full_copy.read(archive, folder)
    except Missing:
        return
    except ArchiveError as error:
        yield Finding(State.FAULT, folder, str(error))
        return
    whole = True
    async for finding in _chunks(archive, folder, copy):
        whole = False
        yield finding
    if whole:
        text = f"table {copy.table.name} as of {shown(copy.moment)}: {copy.items} items, {copy.bytes} bytes"
        yield Finding(State.WHOLE, folder, text)
    spare = names - {MANIFEST, *(record.path for record in copy.chunks)}
    if spare:
        yield Finding(State.SPARE, folder, f"objects that its manifest does not name: {len(spare)}")


async def _chunks(archive: Location, folder: str, copy: FullCopy) -> AsyncIterator[Finding]:
    """What is wrong with the items of a copy."""
    size = items = 0
    readable = True
    last: Key | None = None
    for record in copy.chunks:
        try:
            lines = await full_copy.read_chunk(archive, folder, record)
        except ArchiveError as error:
            if isinstance(error, Missing) and not await archive.list(f"{folder}/{MANIFEST}"):
                return
            yield Finding(State.FAULT, folder, str(error))
            readable = False
            continue
        looked = await asyncio.to_thread(_look_at, copy.table, lines, last)
        items, size, last = items + len(lines), size + looked.size, looked.last
        for complaint in looked.complaints:
            yield Finding(State.FAULT, f"{folder}/{record.path}", complaint)
    if readable and (items, size) != (copy.items, copy.bytes):
        text = f"its chunks have {items} items of {size} bytes, its manifest says {copy.items} of {copy.bytes}"
        yield Finding(State.FAULT, folder, text)


class _Looked(NamedTuple):
    size: int  # bytes as DynamoDB counts them
    last: Key | None
    complaints: list[str]


def _look_at(table: Table, lines: Sequence[bytes], last: Key | None) -> _Looked:
    """Whether lines are items of the table that follow `last` in the order of keys."""
    size = 0
    complaints = []
    for number, line in enumerate(lines, 1):
        try:
            item, counted = parse_item(orjson.loads(line))
            key = item_key(table, item)
        except (AttributeError, KeyError, TypeError, ValueError, WireError) as error:
            complaints.append(f"line {number} is no item of the table: {str(error) or type(error).__name__}")
            continue
        size += counted
        if last is not None and key <= last:
            complaints.append(f"line {number} has a key that comes before the last")
        last = key
    return _Looked(size, last, complaints[:_COMPLAINTS_MAX])


def shown(time: float) -> str:
    """A time for people."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
