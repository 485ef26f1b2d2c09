"""The store as one of several routers uses it: refused while the router is out of touch, and every write counted.

A router is in touch for STALE_SECONDS_MAX after it began to say so in the store (`membership`). Past that others may
take it for dead and go on without it, so it must neither read nor write: what it knows of tables may be old. A process
that was stopped for a while comes back in the middle of a request; that is why each write asks again when it is
decided, and each read before it answers.

Writes are counted in epochs. An epoch that is marked and whose writes have all ended, with those of all before it,
says: every write of this router that is not over yet was decided by what was known at the mark, or later.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple, TypeVar

from stator.clock import Clock
from stator.errors import InternalServerError
from stator.storage.failure import SpaceGone, StoreBusy, StoreError
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
    Store,
    Usage,
)

T = TypeVar("T")

STALE_SECONDS_MAX = 4.0

_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds since some moment, also those that the machine slept: Linux leaves them out of `time.monotonic`, and a
    router that slept would think that it is in touch."""
    return time.clock_gettime(_CLOCK)


class LostTouch(StoreError):
    """This router was out of touch when a write of its came to an end, of which it does not know how it ended."""


class OutOfTouch(LostTouch, InternalServerError):
    """This router has not been heard of for a while. Nothing was done; the client may try again, here or elsewhere."""

    def __init__(self) -> None:
        InternalServerError.__init__(self, "This router has lost touch with the others. Try again.")


OutOfTouch.code = InternalServerError.code  # what clients know


class Mark(NamedTuple):
    """All writes that are not over were decided by a copy of the catalog of this generation or a later one, and what
    they put into journals is later than `closed`, milliseconds since the epoch."""

    generation: int
    closed: int


class _Epoch:
    __slots__ = ("writes",)

    def __init__(self) -> None:
        self.writes = 0  # under way

    def leave(self) -> None:
        self.writes -= 1


class Fence:
    """A `Store` that is open until `until` by the `monotonic` clock: without end before the router has joined."""

    def __init__(self, store: Store, monotonic: Clock = elapsed) -> None:
        self._store = store
        self.monotonic = monotonic
        self.until = math.inf
        self._epoch = _Epoch()
        self._marks: deque[tuple[_Epoch, Mark]] = deque()
        self._reached = Mark(0, 0)

    @property
    def open(self) -> bool:
        return self.monotonic() < self.until

    def mark(self, mark: Mark) -> None:
        """What comes from now on is decided by what is known at this mark."""
        self._marks.append((self._epoch, mark))
        self._epoch = _Epoch()

    @property
    def reached(self) -> Mark:
        """The last mark that no write is left from before."""
        while self._marks and not self._marks[0][0].writes:
            _, self._reached = self._marks.popleft()
        return self._reached

    @property
    def draining(self) -> bool:
        """Whether writes from before a mark are left."""
        self.reached  # noqa: B018  lets go of the marks that are reached
        return bool(self._marks)

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> list[Row | None]:
        self._check()
        return await self._in_touch(self._store.get(keys, consistent))

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
        self._check()
        page = self._store.range(
            space,
            partition,
            lower,
            upper,
            reverse=reverse,
            rows_max=rows_max,
            bytes_max=bytes_max,
            consistent=consistent,
        )
        return await self._in_touch(page)

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
        self._check()
        page = self._store.scan(
            space, after, lower=lower, upper=upper, rows_max=rows_max, bytes_max=bytes_max, consistent=consistent
        )
        return await self._in_touch(page)

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        self._check()
        epoch = self._epoch
        epoch.writes += 1

        def decide_in_touch(rows: Sequence[Row | None]) -> Change:
            self._check()
            return decide(rows)

        try:
            result = await self._store.transact(keys, decide_in_touch)
        except (SpaceGone, StoreBusy, OutOfTouch):
            epoch.writes -= 1
            raise
        except (StoreError, asyncio.CancelledError) as error:  # it may happen yet
            asyncio.get_running_loop().call_later(WRITE_SECONDS_MAX, epoch.leave)
            if isinstance(error, StoreError) and not self.open:
                raise LostTouch(str(error)) from error
            raise
        except BaseException:  # what `decide` raised
            epoch.writes -= 1
            raise
        epoch.writes -= 1
        return result

    async def changes(self, journal: int, shard: int, after: int, records_max: int) -> list[Record]:
        self._check()
        return await self._in_touch(self._store.changes(journal, shard, after, records_max))

    async def last(self, journal: int, shard: int) -> int:
        self._check()
        return await self._in_touch(self._store.last(journal, shard))

    async def trim(self, journal: int, shard: int, before: int) -> None:
        self._check()
        await self._store.trim(journal, shard, before)

    async def snapshot(self) -> Snapshot:
        self._check()
        return await self._in_touch(self._store.snapshot())

    async def usage(self, space: int) -> Usage:
        self._check()
        return await self._in_touch(self._store.usage(space))

    async def measure(self, space: int, partition: bytes) -> Usage:
        self._check()
        return await self._in_touch(self._store.measure(space, partition))

    async def create_space(self) -> int:
        self._check()
        return await self._store.create_space()

    async def spaces(self) -> list[int]:
        self._check()
        return await self._in_touch(self._store.spaces())

    async def drop_space(self, space: int) -> None:
        self._check()
        await self._store.drop_space(space)

    async def close(self) -> None:
        await self._store.close()

    async def _in_touch(self, answer: Awaitable[T]) -> T:
        """The answer, if this router is still in touch when it is there."""
        try:
            found = await answer
        except StoreError:
            self._check()  # then its reason is of no interest
            raise
        self._check()
        return found

    def _check(self) -> None:
        if self.monotonic() >= self.until:
            raise OutOfTouch
