"""The PostgreSQL engine: no state of its own, so that any number of servers may work on one database.

Reads and writes wait at desks for one of a few connections. A read is one round trip; what waits meanwhile goes
together. A write is two, in a group with whatever else waits, see `group`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Self

import psycopg
from msgspec import Struct

from stator.storage.failure import StoreClosed, StoreError, StoreFailure
from stator.storage.postgres import schema
from stator.storage.postgres.binary import int4_array, int8, unsigned
from stator.storage.postgres.desks import WAIT_SECONDS, ReadDesk, WriteDesk
from stator.storage.postgres.fault import LinkLost, SqlError, failure
from stator.storage.postgres.group import Member
from stator.storage.postgres.lag import Lag
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Link, Result, Statement
from stator.storage.postgres.location import Location, application_name
from stator.storage.postgres.moment import CitusSnapshot
from stator.storage.postgres.page import measure
from stator.storage.postgres.pool import Pool, plain, run
from stator.storage.postgres.reading import Ask, Get, PageRead, Read
from stator.storage.postgres.snapshot import PostgresSnapshot
from stator.storage.postgres.sql import CHANGES, CUT_OFF, LAST, NAMED, SPACES, TRIM, USAGE
from stator.storage.postgres.succession import Succession
from stator.storage.store import (
    WRITE_SECONDS_MAX,
    Bound,
    Change,
    Decide,
    Key,
    Page,
    Position,
    Record,
    Row,
    Snapshot,
    Usage,
)

_log = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0  # between tries to drop the tables of spaces that are gone
TRIM_RECORDS = 5_000  # in one statement
CUT_SECONDS = 0.02  # between two looks whether connections that were ended are gone

_NOTHING = Usage(0, 0)


class Limits(Struct, frozen=True):
    """`statement_seconds` bounds a read, `lock_seconds` what a write waits for other servers' writes."""

    connections: int = 8
    statement_seconds: float = 30.0
    lock_seconds: float = 2.0


class PostgresStore:
    """A `Store` in a PostgreSQL database. Made by `open`; used from the loop that it was opened on."""

    def __init__(self, location: Location, standby: Location | None, limits: Limits) -> None:
        self.location = location
        self._loop = asyncio.get_running_loop()
        writers = max(limits.connections // 2, 1)
        readers = max(limits.connections - writers, 1)
        reading = schema.session(
            statement_timeout=f"{limits.statement_seconds * 1000:.0f}", lock_timeout=f"{limits.lock_seconds * 1000:.0f}"
        )
        # No statement_timeout where there are commits: one that is cancelled while it waits for a standby is committed
        # here and nowhere else.
        writing = schema.session(
            statement_timeout="0",
            lock_timeout=f"{limits.lock_seconds * 1000:.0f}",
            idle_in_transaction_session_timeout=f"{WRITE_SECONDS_MAX * 800:.0f}",
        )
        # The pools are made before the desks that they wake.
        self._pinning = Pool(location, 0, schema.session(statement_timeout="0"), _nothing)
        self._readers = Pool(location, readers, reading, lambda: self._reads.wake())  # noqa: PLW0108
        self._writers = Pool(location, writers, writing, lambda: self._writes.wake())  # noqa: PLW0108
        self._reads = ReadDesk(self._readers, _refuse)
        self._writes = WriteDesk(self._writers)
        self._layout = Layout()
        self._near = self._reads  # where reads go that may be a little behind
        self._standbys: Pool | None = None
        self._lag: Lag | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._succession = Succession(location, (self._readers, self._writers))
        self._successor: asyncio.Task[None] | None = None
        if standby is not None:
            self._standbys = Pool(standby, readers, reading, lambda: self._near.wake())  # noqa: PLW0108
            self._near = ReadDesk(self._standbys, self._read_here, haste=True)
            self._lag = Lag(self._reads, self._near)
        self._sweeper: asyncio.Task[None] | None = None
        self._own: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def open(
        cls,
        location: Location,
        standby: Location | None = None,
        limits: Limits | None = None,
        *,
        filling: bool = False,
    ) -> Self:
        """Connect, and make the tables in a new database. `filling` also opens one that a store is being moved into.

        Raises StoreFailure, FormatTooNew or NotADataDirectory.
        """
        store = cls(location, standby, limits or Limits())
        try:
            link = await store._writers.open_link()
            try:
                store._lay_out(await schema.prepare(link, location.text, filling=filling))
            finally:
                link.close()
        except (psycopg.Error, SqlError, LinkLost, OSError) as error:
            raise StoreFailure(f"{location.text}: {plain(error)}") from error
        for pool in (store._readers, store._writers, store._standbys):
            if pool is not None:
                pool.begin()
        store._sweep_soon()
        store._successor = store._loop.create_task(store._succession.watch())
        if store._lag is not None:
            store._watcher = store._loop.create_task(store._lag.watch())
        return store

    @property
    def layout(self) -> Layout:
        return self._layout

    @property
    def lag_seconds(self) -> float | None:
        """How far the standbys that are read from were behind a second ago; None where there are none."""
        return None if self._lag is None else self._lag.seconds

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> list[Row | None]:
        if not keys:
            return []
        if consistent and self._layout.verifies and self._layout.spans(keys):
            verified: list[Row | None] = await self.transact(keys, _as_read)
            return verified
        future: asyncio.Future[list[Row | None]] = self._loop.create_future()
        self._submit(Get(keys, self._layout, future), consistent)
        return await future

    async def range(
        self,
        space: int,
        partition: bytes,
        lower: Bound | None,
        upper: Bound | None,
        *,
        reverse: bool,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        future: asyncio.Future[Page] = self._loop.create_future()
        limits = (rows_max, bytes_max)
        query = self._layout.range(space, partition, (lower, upper), reverse=reverse, limits=limits)
        self._submit(PageRead(query, future), consistent)
        return await future

    async def scan(
        self,
        space: int,
        after: Position | None,
        *,
        lower: bytes,
        upper: bytes | None,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        future: asyncio.Future[Page] = self._loop.create_future()
        query = self._layout.scan(space, after, (lower, upper), limits=(rows_max, bytes_max))
        self._submit(PageRead(query, future), consistent)
        return await future

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        self._check()
        future: asyncio.Future[Any] = self._loop.create_future()
        self._writes.submit(Member(keys, decide, future, self._loop.time()))
        return await future

    async def changes(self, journal: int, shard: int, after: int, records_max: int) -> list[Record]:
        def parse(result: Result) -> list[Record]:
            value = result.get_value
            return [Record(journal, shard, unsigned(value(at, 0), "big"), value(at, 1)) for at in range(result.ntuples)]

        statement = self._layout.journal(CHANGES, journal, shard, after, records_max)
        found: list[Record] = await self._ask(statement, parse, [])
        return found

    async def last(self, journal: int, shard: int) -> int:
        last: int = await self._ask(self._layout.journal(LAST, journal, shard), _number, 0)
        return last

    async def trim(self, journal: int, shard: int, before: int) -> None:
        statement = self._layout.journal(TRIM, journal, shard, before, TRIM_RECORDS)

        async def trim(link: Link) -> None:
            while (await run(link, [statement]))[0].command_tuples:
                pass

        await self._do(trim)

    async def snapshot(self) -> Snapshot:
        self._check()

        wanted = True

        async def pin() -> Snapshot:
            made: Snapshot
            try:
                link = await self._pinning.open_link()
                gate = await self._pinning.open_link() if self._layout.verifies else None
            except (psycopg.Error, SqlError, LinkLost, OSError) as error:
                raise StoreFailure(f"{self.location.text}: {plain(error)}") from error
            if gate is not None:
                made = await CitusSnapshot.pin(gate, link, self._layout)
            else:
                made = await PostgresSnapshot.pin(link, lambda read: self._submit(read, consistent=True))
            if not wanted:
                await made.close()
            return made

        try:
            snapshot: Snapshot = await self._in_task(pin())
        except asyncio.CancelledError:
            wanted = False
            raise
        return snapshot

    async def usage(self, space: int) -> Usage:
        usage: Usage = await self._ask(Statement(USAGE, [int8(space)]), _usage, _NOTHING)
        return usage

    async def measure(self, space: int, partition: bytes) -> Usage:
        usage: Usage = await self._ask(measure(self._layout.source(space, partition), partition), _usage, _NOTHING)
        return usage

    async def create_space(self) -> int:
        space: int = await self._do(lambda link: schema.create_space(link, self._layout))
        return space

    async def spaces(self) -> list[int]:
        def parse(result: Result) -> list[int]:
            found = (unsigned(result.get_value(at, 0), "big") for at in range(result.ntuples))
            return [space for space in found if space]

        spaces: list[int] = await self._ask(Statement(SPACES), parse, [])
        return spaces

    async def drop_space(self, space: int) -> None:
        if space:
            await self._do(lambda link: schema.drop_space(link, space))
            self._sweep_soon()

    async def cut_off(self, router: str) -> None:
        """End the connections of another router. When this returns, nothing that it has sent can happen any more."""
        name = application_name(router).encode()

        async def cut(link: Link) -> None:
            # Only those there are now: one that is not dead connects again, and what it decides now is refused.
            left = (await run(link, [Statement(NAMED, [name])]))[0]
            while left.ntuples:
                pids = int4_array([unsigned(left.get_value(at, 0), "big") for at in range(left.ntuples)])
                left = (await run(link, [Statement(CUT_OFF, [name, pids])]))[0]
                await asyncio.sleep(CUT_SECONDS)

        await self._do(cut)

    async def close(self) -> None:
        """Finish the writes that wait, and let go of all connections."""
        if self._closed:
            return
        self._closed = True
        await self._writes.close()
        for task in (self._sweeper, self._watcher, self._successor):
            if task is not None:
                task.cancel()
        await asyncio.gather(*self._own, return_exceptions=True)
        closed = StoreClosed("the store is closed")
        self._near.close(closed)
        self._reads.close(closed)
        for pool in (self._readers, self._writers, self._standbys, self._pinning):
            if pool is not None:
                await pool.close()

    def _lay_out(self, layout: Layout) -> None:
        self._layout = layout
        for desk in (self._reads, self._writes, self._near):
            desk.layout = layout

    def _check(self) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")

    def _submit(self, read: Read, consistent: bool) -> None:
        self._check()
        near = not consistent and self._lag is not None and self._lag.bearable
        (self._near if near else self._reads).submit(read)

    def _read_here(self, read: Read, _error: StoreError) -> None:
        """What no standby could answer, the primary does."""
        try:
            self._check()
            self._reads.submit(read)
        except StoreError as error:  # there is nobody else who could
            _refuse(read, error)

    def _ask(self, statement: Statement, parse: Callable[[Result], Any], absent: Any) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = self._loop.create_future()
        self._submit(Ask(statement, parse, absent, future), consistent=True)
        return future

    async def _do(self, work: Callable[[Link], Awaitable[Any]]) -> Any:
        """Work of the engine's own on a connection that writes; again where somebody was in the way."""
        self._check()
        give_up = self._loop.time() + WAIT_SECONDS

        async def attempt() -> Any:
            while True:
                link = await self._writes.borrow()
                try:
                    return await work(link)
                except (SqlError, LinkLost) as error:
                    passing = isinstance(error, SqlError) and (error.conflict or error.lost)
                    if not passing or self._loop.time() > give_up:
                        raise failure(error) from error
                finally:
                    self._writes.give_back(link)

        return await self._in_task(attempt())

    def _in_task(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Future[Any]":
        """Goes on to its end even if its caller is cancelled."""
        task = self._loop.create_task(work)
        self._own.add(task)
        task.add_done_callback(self._own.discard)
        return asyncio.shield(task)

    def _sweep_soon(self) -> None:
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = self._loop.create_task(self._sweep())

    async def _sweep(self) -> None:
        """Drop the tables of spaces that are gone, as soon as no snapshot is open."""
        more = True
        while more and not self._closed:
            try:
                link = await self._writes.borrow()
            except StoreError:
                return
            try:
                more = await schema.sweep(link)
                continue
            except SqlError as error:
                if not error.conflict:
                    _log.warning("spaces that are gone stay for now: %s", error)
                    return
            except LinkLost:
                pass
            finally:
                self._writes.give_back(link)
            await asyncio.sleep(SWEEP_SECONDS)


def _refuse(read: Read, error: StoreError) -> None:
    if not read.future.done():
        read.future.set_exception(error)


def _as_read(rows: Sequence[Row | None]) -> Change:
    return Change(result=list(rows))


def _number(result: Result) -> int:
    return unsigned(result.get_value(0, 0), "big") if result.ntuples else 0


def _usage(result: Result) -> Usage:
    return Usage(unsigned(result.get_value(0, 0), "big"), unsigned(result.get_value(0, 1), "big"))


def _nothing() -> None:
    """Nobody waits for links of this pool."""
