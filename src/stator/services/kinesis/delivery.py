"""Deliver the changes of tables to their Kinesis streaming destinations, each at least once.

Every lane of a table's journal has a cursor for the destination, stored once all changes up to it are acknowledged;
after a crash delivery goes on from there and repeats what was acknowledged past it.

Each destination has a task of its own, so that one whose endpoint hangs holds up no other. The tasks live for one
stretch of work; `run_once` begins them where there is something to do.
"""

import asyncio
import logging
import time

from stator.model.table import Destination, Table
from stator.services.kinesis.client import KinesisClient
from stator.services.kinesis.courier import CURSORS, RUN_SECONDS, Courier, settle
from stator.services.parts import Parts
from stator.storage.rows import rows_of
from stator.storage.store import Change, Key
from stator.tables import destinations
from stator.tables.catalog import CATALOG_SPACE

_log = logging.getLogger(__name__)

_NO_ENDPOINT = "This server has no Kinesis endpoint to deliver to"


class KinesisDelivery:
    """Repeat `run_once`; `close` it at the end. `client` is None without an endpoint: what is to be delivered waits."""

    def __init__(self, parts: Parts, client: KinesisClient | None) -> None:
        self._parts = parts
        self._client = client
        self._couriers: dict[tuple[str, str], Courier] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[int]] = {}
        self._changed = True
        self._begun = False
        parts.catalog.watch(self._look)

    async def run_once(self) -> int:
        """Returns how many changes were delivered and destinations settled since it was last asked."""
        if self._changed:
            self._changed = False
            await self._take_up()
        now = time.monotonic()
        for key, courier in self._couriers.items():
            if key not in self._tasks and courier.not_before <= now:
                self._tasks[key] = asyncio.ensure_future(courier.work())
        if not self._tasks:
            return 0
        await asyncio.wait(self._tasks.values(), timeout=RUN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        done = 0
        for key, task in [(key, task) for key, task in self._tasks.items() if task.done()]:
            del self._tasks[key]
            done += task.result()
        return done

    async def close(self) -> None:
        """Stop at once. What is under way is sent again after the next start."""
        self._parts.catalog.unwatch(self._look)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        if self._client is not None:
            self._client.close()

    def _look(self, table: Table) -> None:
        self._changed = True

    async def _take_up(self) -> None:
        """Have a courier for each live destination and none for others."""
        found: dict[tuple[str, str], tuple[Table, Destination]] = {}
        for table in self._parts.catalog.tables():
            destination = destinations.live(table)
            if destination is not None:
                found[table.id, destination.stream_arn] = (table, destination)
        client = self._client
        if client is None:
            await self._give_up(list(found.values()))
            return
        gone = self._couriers.keys() - found.keys()
        for key in gone:
            del self._couriers[key]
            if key in self._tasks:
                self._tasks[key].cancel()
                await asyncio.wait([self._tasks.pop(key)])
        for key, (table, destination) in found.items():
            courier = self._couriers.get(key)
            if courier is None:
                courier = self._couriers[key] = Courier(self._parts, client)
            courier.table, courier.destination = table, destination
        if gone or not self._begun:
            self._begun = True
            await self._forget({(table.space, destination.stream_arn) for table, destination in found.values()})

    async def _give_up(self, found: list[tuple[Table, Destination]]) -> None:
        """Without an endpoint: what is ACTIVE waits for one, all else ends."""
        for table, destination in found:
            if destination.status == destinations.ENABLING:
                await settle(self._parts, table, destination, destinations.ENABLE_FAILED, _NO_ENDPOINT)
            elif destination.status == destinations.DISABLING:
                await settle(self._parts, table, destination, destinations.DISABLED)
            elif not self._begun:
                _log.warning("changes of table %s wait: kinesis_endpoint is not set", table.name)
        self._begun = True

    async def _forget(self, kept: set[tuple[int, str]]) -> None:
        """Delete the cursors of destinations that are over, or whose table is gone."""
        stale = [
            Key(CATALOG_SPACE, row.partition, row.sort)
            for row in await rows_of(self._parts.store, CATALOG_SPACE, CURSORS)
            if (int.from_bytes(row.sort[:8], "big"), row.sort[9:].decode()) not in kept
        ]
        if stale:
            await self._parts.store.transact((), lambda _: Change(deletes=stale))
