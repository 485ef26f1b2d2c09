"""A look at everything that is stored: does it hold together?"""

import asyncio
import contextlib
from pathlib import Path

from stator.clock import system_clock
from stator.config import Settings
from stator.engines import open_store
from stator.items.examine import examine
from stator.storage.sqlite.check import check
from stator.tables.catalog import Catalog


def doctor(data_dir: Path) -> list[str]:
    """What is wrong in a data directory at rest, a line each. Raises a StoreError when it cannot be opened."""
    findings = check(data_dir)
    # What a damaged file says of its tables cannot be believed.
    return findings or doctor_store(Settings(data_dir=data_dir))


def doctor_store(settings: Settings) -> list[str]:
    """The same of any store, while nobody writes to it. Raises ConfigurationError or a StoreError."""
    return asyncio.run(_doctor(settings))


async def _doctor(settings: Settings) -> list[str]:
    findings: list[str] = []
    store = await open_store(settings)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        catalog = await Catalog.open(store, system_clock)
        for table in catalog.tables():
            findings += [finding async for finding in examine(store, table)]
        for space in catalog.orphans:
            rows = (await store.usage(space)).rows
            if rows:  # an empty one is what a crash leaves of a table that came to nothing; the next start drops it
                findings.append(f"space {space} has {rows} rows and belongs to no table")
    return findings
