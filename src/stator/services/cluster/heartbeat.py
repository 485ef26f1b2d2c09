"""Have this router in the store for the others to see, and forget routers that are long gone."""

from collections.abc import Sequence

from stator.clock import Clock
from stator.services.cluster.router import PARTITION, Oneself, Router, key_of, put_router, read_router
from stator.storage.store import Change, Store

BEAT_SECONDS = 5.0
KEPT_SECONDS = 600.0
"""How long one is shown that is not heard of any more."""
ROUTERS_MAX = 200
"""Those heard of last are kept."""

_BYTES_MAX = 8 * 1024 * 1024


class Heartbeat:
    def __init__(self, store: Store, oneself: Oneself, clock: Clock) -> None:
        self._store = store
        self._oneself = oneself
        self._clock = clock

    async def run_once(self) -> int:
        """Returns how many were forgotten."""
        own = self._oneself.look()
        old = [router for router in stale(await self.routers(), self._clock()) if router.id != own.id]
        change = Change(puts=[put_router(own)], deletes=[key_of(router.id) for router in old])
        await self._store.transact([], lambda _rows: change)
        return len(old)

    async def routers(self) -> list[Router]:
        """All that are in the store."""
        page = await self._store.range(
            0, PARTITION, None, None, reverse=False, rows_max=10 * ROUTERS_MAX, bytes_max=_BYTES_MAX
        )
        return [router for row in page.rows if (router := read_router(row)) is not None]


def stale(routers: Sequence[Router], now: float) -> list[Router]:
    """Those to be forgotten. By the clocks of those who wrote them: a wrong one is shown for longer, or not as long."""
    latest_first = sorted(routers, key=lambda router: router.seen, reverse=True)
    return [
        router for place, router in enumerate(latest_first) if router.seen < now - KEPT_SECONDS or place >= ROUTERS_MAX
    ]
