"""What is done without a server: a new data directory out of an archive. Names the engine, as `assembly` does."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from stator.archive import mark
from stator.archive.companion import companion
from stator.archive.instances.rollback import Plan, plan
from stator.archive.jobs import Jobs
from stator.archive.places.location import ArchiveError, Location
from stator.clock import SteadyClock, system_clock
from stator.services.parts import JobParts
from stator.services.restores.rollback import Course, Rollback
from stator.storage.directory import make_directory, sync_directory
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.sqlite.schema import FILE_NAME
from stator.tables.catalog import Catalog

_UNFINISHED = ".rollback"


def roll_back(
    archive_url: str, data_dir: Path, to: float | str, *, owner: str | None, now: float, tell: Callable[[Course], None]
) -> Plan:
    """Make `data_dir`, which must be new or empty, what an instance was at a time, or at the moment of a backup.

    Raises ArchiveError, a StoreError or OSError; the directory then holds nothing but a folder `.rollback`, which the
    next attempt removes first.
    """
    if data_dir.exists() and any(each.name != _UNFINISHED for each in data_dir.iterdir()):
        raise ArchiveError(f"{data_dir} is not empty: a rollback makes a new data directory; name one with --data-dir")
    archive = Location.open(archive_url)

    async def run() -> Plan:
        if not await mark.check(archive):
            raise ArchiveError(f"{archive.url} is no archive of Stator; name that of the server with --archive")
        chosen = await plan(archive, to, now, owner)
        make_directory(data_dir)
        await _make(archive, data_dir / _UNFINISHED, chosen, tell)
        return chosen

    chosen = asyncio.run(run())
    _put_in_place(data_dir)
    return chosen


async def _make(archive: Location, directory: Path, chosen: Plan, tell: Callable[[Course], None]) -> None:
    await SqliteStore.open(directory).close()  # raises while another rollback is at it
    shutil.rmtree(directory)
    store = SqliteStore.open(directory)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        steady = SteadyClock(system_clock)
        catalog = await Catalog.open(store, system_clock, steady=steady)
        catalog.accompany(companion(steady))
        parts = JobParts.furnish(
            catalog, store, system_clock, steady=steady, jobs=Jobs(store, system_clock, _UNFINISHED), archive=archive
        )
        await Rollback(parts, chosen, tell).run()


def _put_in_place(data_dir: Path) -> None:
    """The database appears whole or not at all: a closed store is one file."""
    unfinished = data_dir / _UNFINISHED
    (unfinished / FILE_NAME).rename(data_dir / FILE_NAME)
    sync_directory(data_dir)
    shutil.rmtree(unfinished)
