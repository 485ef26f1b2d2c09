"""Two servers over one store in a thread of the test's process: everything of several routers but the locks."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvloop

from stator.assembly import Server, start
from stator.config import Settings
from stator.storage.routers import membership
from stator.storage.sqlite.engine import SqliteStore
from tests.running import Account, new_account


@contextmanager
def in_touch() -> Iterator[None]:
    """A process that stands still for a while is no failure of these tests."""
    chosen: dict[str, float] = {"STALE_SECONDS_MAX": 3600.0, "GONE_SECONDS": 7200.0}
    before = {name: getattr(membership, name) for name in chosen}
    vars(membership).update(chosen)
    try:
        yield
    finally:
        vars(membership).update(before)


class Pair:
    """Started when made; `close` stops it. The first leads."""

    def __init__(self, **settings: Any) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.store: SqliteStore
        self.servers: list[Server] = self.run(self._start(settings))

    def clients(self, service: str = "dynamodb") -> list[Any]:
        """One client of each server, both of one new account."""
        account = new_account(self.servers[0].url)
        return [Account(server.url, account.number).client(service) for server in self.servers]

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def stop(self, number: int) -> None:
        """One of them stops; the other goes on."""
        self.run(self.servers[number].close())
        self.servers.pop(number)

    def close(self) -> None:
        for server in self.servers:
            self.run(server.close())
        self.run(self.store.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self, settings: dict[str, Any]) -> list[Server]:
        self.store = SqliteStore.open(None)
        chosen: dict[str, Any] = {"port": 0, "in_memory": True, "archive": "memory://pair"} | settings
        return [await start(Settings(**chosen), shared=self.store) for _ in range(2)]
