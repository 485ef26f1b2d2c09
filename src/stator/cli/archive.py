"""`stator archive`: what is in an archive, and whether it can be restored. No server has to run."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from stator.archive import full_copy, mark
from stator.archive.backup import FOLDER, of_copy
from stator.archive.chains import abandoned, tenure
from stator.archive.chains import chain as chains
from stator.archive.chains.check import covered, prefixes
from stator.archive.instances import instance
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location
from stator.archive.verify import State, shown
from stator.archive.verify import verify as look_at
from stator.cli.complaint import Complaint
from stator.cli.progress import counted
from stator.config import Settings
from stator.limits import DAY_SECONDS


def show(settings: Settings) -> int:
    """Prints a line for each backup of a table, each table whose changes are kept, and each backup of the instance."""
    return _run(_show, settings)


def verify(settings: Settings) -> int:
    """Reads everything. Prints what can be restored and what is wrong; returns 1 where something is, else 0."""
    return _run(_verify, settings)


def take_over(settings: Settings, asked: str) -> int:
    """Decides for the data directory that asked under this id. Returns 1 where nothing was asked, else 0."""

    async def work(archive: Location) -> int:
        granted = await tenure.grant(archive, chains.FOLDER, asked)
        for prefix in granted:
            print(prefix)
        if not granted:
            raise Complaint(f"nobody asked as {asked} in {archive.url}. The server's log has the id.")
        print("The server goes on when it tries again, within a minute.", file=sys.stderr)
        return 0

    return _run(work, settings)


def prune(settings: Settings, now: float, *, delete: bool) -> int:
    """Prints what data directories that are lost have left, and removes it if that is wanted."""

    async def work(archive: Location) -> int:
        if not await mark.check(archive):
            raise Complaint(f"{archive.url} is no archive. Name the one to look at with --archive.")
        found = await abandoned.find(archive, now)
        for each in found:
            size = f"{counted(each.objects, 'objects')}, {each.bytes:,} bytes"
            print(f"{each.chain.prefix}  {covered(each.chain)}, last written {shown(each.since)}: {size}", flush=True)
            if delete:
                await abandoned.remove(archive, each.chain.prefix)
        days = abandoned.ABANDONED_SECONDS // DAY_SECONDS
        if not found:
            print(f"Nothing has been left alone for {days} days.", file=sys.stderr)
        else:
            print("Removed." if delete else "Kept; --delete removes it.", file=sys.stderr)
        return 0

    return _run(work, settings)


def _run(work: Callable[[Location], Coroutine[Any, Any, int]], settings: Settings) -> int:
    try:
        return asyncio.run(work(Location.open(settings.archive_url)))
    except ArchiveError as error:
        raise Complaint(str(error)) from error


async def _show(archive: Location) -> int:
    if not await mark.check(archive):
        raise Complaint(f"{archive.url} is no archive. Name the one to look at with --archive.")
    end = f"/{full_copy.MANIFEST}"
    for found in await archive.list(f"{FOLDER}/"):
        if not found.path.endswith(end):
            continue
        try:
            copy = await full_copy.read(archive, found.path.removesuffix(end))
            backup = of_copy(copy)
        except Missing:
            continue
        except (ArchiveError, ValueError) as error:
            print(f"stator: {error}", file=sys.stderr)
            continue
        text = f"{backup.type.lower()} backup {backup.name} of {shown(backup.created)}"
        print(f"{backup.arn}  {text}: {counted(backup.items, 'items')}, {backup.bytes:,} bytes")
    for prefix in await prefixes(archive):
        try:
            print(f"{prefix}  {covered(await chains.read(archive, prefix))}")
        except Missing:
            continue
    for backup_id in await instance.ids(archive):
        try:
            whole = await instance.read(archive, backup_id)
        except Missing:
            continue
        text = f"backup of the instance as of {instance.render_time(whole.moment, up=True)}"
        size = f"{counted(len(whole.tables), 'tables')}, {counted(whole.items, 'items')}"
        print(f"{backup_id}  {text}: {size}  {whole.comment}".rstrip())
    return 0


async def _looks_like_one(archive: Location) -> bool:
    """Whether there is something to verify though the mark is gone."""
    return any([await archive.list(f"{folder}/") for folder in (FOLDER, chains.FOLDER, instance.FOLDER)])


async def _verify(archive: Location) -> int:
    if not await mark.check(archive) and not await _looks_like_one(archive):
        raise Complaint(f"{archive.url} is no archive. Name the one to look at with --archive.")
    faults = 0
    async for finding in look_at(archive):
        faults += finding.state is State.FAULT
        print(f"{finding.state.upper():5}  {finding.path}  {finding.text}", flush=True)
    if faults:
        print(f"Faults: {faults}. What is whole can be restored; see docs/backups.md.", file=sys.stderr)
        return 1
    print(f"{archive.url} is whole", file=sys.stderr)
    return 0
