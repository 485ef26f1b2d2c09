"""A lock that all routers share: a row that names who holds it.

It guards decisions that look at what there is before they add to it, each of which takes a moment. Whoever holds it for
longer is dead or stands still: the next takes it, and what the old one would still write is refused by the fence.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import orjson

from stator.storage.failure import StoreError
from stator.storage.routers.fence import STALE_SECONDS_MAX, Fence
from stator.storage.store import Change, Key, Put, Row

_log = logging.getLogger(__name__)

FORMAT = 1
_PARTITION = bytes(8) + b"locks"
HELD_SECONDS_MAX = STALE_SECONDS_MAX + 2.0
_WAIT_SECONDS = 0.02


class Mutex(AbstractAsyncContextManager[None]):
    """To be entered with `async with`; not twice by one task. `look` brings this router's copies up to date, so that
    whoever has entered knows what those before it did."""

    def __init__(self, fence: Fence, name: str, router: str, look: Callable[[], Awaitable[object]]) -> None:
        self._fence = fence
        self._key = Key(0, _PARTITION, name.encode())
        self._router = router
        self._look = look
        self._local = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._local.acquire()
        try:
            await self._take()
            await self._look()
        except BaseException:
            self._local.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        def decide(rows: Sequence[Row | None]) -> Change:
            return Change(deletes=[self._key] if _holder(rows[0]) == self._router else ())

        try:
            await self._fence.transact([self._key], decide)
        except StoreError as error:  # what it guarded is done; others wait for as long as it may be held
            _log.warning("cannot give up a lock: %s", error)
        finally:
            self._local.release()

    async def _take(self) -> None:
        value = orjson.dumps([FORMAT, self._router])
        seen, since = 0, 0.0

        def decide(rows: Sequence[Row | None]) -> Change:
            row = rows[0]
            over = row is not None and row.version == seen and self._fence.monotonic() - since > HELD_SECONDS_MAX
            if row is None or over or _holder(row) == self._router:
                return Change(puts=[Put(self._key, len(value), value)], result=0)
            return Change(result=row.version)

        while version := await self._fence.transact([self._key], decide):
            if version != seen:
                seen, since = version, self._fence.monotonic()
            await asyncio.sleep(_WAIT_SECONDS)


def _holder(row: Row | None) -> str:
    return "" if row is None else str(orjson.loads(row.value)[1])
