"""What is done without a server: a new data directory out of an archive, a move to another engine.

Names the engines, as `assembly` does.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from stator.archive import mark
from stator.archive.companion import companion
from stator.archive.instances.rollback import Plan, plan
from stator.archive.jobs import Jobs
from stator.archive.places.location import ArchiveError, Location
from stator.clock import SteadyClock, system_clock
from stator.services.parts import JobParts
from stator.services.restores.rollback import Course, Rollback
from stator.storage import resharding
from stator.storage.directory import make_directory, sync_directory
from stator.storage.failure import NotADataDirectory
from stator.storage.keyfile import AccessKey, KeyFile
from stator.storage.keyring import put_of
from stator.storage.postgres.engine import PostgresStore
from stator.storage.postgres.intake import PostgresIntake
from stator.storage.postgres.location import SCHEMES
from stator.storage.postgres.location import Location as Database
from stator.storage.postgres.outlet import Outlet, connect
from stator.storage.resharding import Tell
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.sqlite.outlet import inventory as take_inventory
from stator.storage.sqlite.schema import FILE_NAME
from stator.storage.store import Store
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


def reshard(source: str, target: str, tell: Tell) -> int:
    """Move all that a data directory or a PostgreSQL database has into an empty database. No server may use either.

    Returns how many rows and records there were. Raises BadLocation or a StoreError.
    """
    return asyncio.run(_reshard(source, target, tell))


async def _reshard(source: str, target: str, tell: Tell) -> int:
    async with contextlib.AsyncExitStack() as stack:
        store: Store
        keys: Sequence[AccessKey] = ()
        outlet: Outlet | None = None
        if source.startswith(SCHEMES):
            outlet = await Outlet.open(Database.parse(source, read_write=True))
            stack.callback(outlet.close)
            store = await PostgresStore.open(outlet.location)
            stack.push_async_callback(store.close)
            inventory = await outlet.hold()
        else:
            directory = Path(source)
            if not (directory / FILE_NAME).exists():
                raise NotADataDirectory(f"there is no data directory at {source}")
            store = SqliteStore.open(directory)
            stack.push_async_callback(store.close)
            inventory = take_inventory(directory)
            keys = KeyFile(directory).load()
        place = Database.parse(target, read_write=True)
        moved = await PostgresStore.open(place, filling=True)
        stack.push_async_callback(moved.close)
        link = await connect(place)
        stack.callback(link.close)
        intake = PostgresIntake(link, moved)
        await intake.begin(inventory)
        done = await resharding.move(store, inventory, intake, tell)
        if outlet is not None:
            await outlet.check()
        await intake.finish(inventory, [put_of(key) for key in keys])
        return done
