"""A few connections of one kind, replaced when they break. Whoever has work takes an idle one and gives it back."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from stator.storage.postgres.fault import LinkLost, SqlError
from stator.storage.postgres.link import Link, Result, Statement
from stator.storage.postgres.location import Location

_log = logging.getLogger(__name__)

RETRY_SECONDS = 0.05  # after a connection could not be made; doubled each time
RETRY_SECONDS_MAX = 1.0


class Pool:
    """`ready` is called whenever a link has become idle. `session` are statements that each new link begins with."""

    def __init__(self, location: Location, size: int, session: Sequence[Statement], ready: Callable[[], None]) -> None:
        self.location = location
        self._session = session
        self._ready = ready
        self._size = size
        self._idle: list[Link] = []
        self._links: set[Link] = set()
        self._opened: set[Link] = set()  # those of callers among them: nobody else closes what a caller loses
        self._connecting: set[asyncio.Task[None]] = set()
        self._closed = False
        self.down: str | None = None  # why there is no connection, while there is none
        self.losses = 0

    @property
    def idle(self) -> int:
        """How many links wait for work."""
        return len(self._idle)

    @property
    def resting(self) -> bool:
        """Whether there are links and none of them works."""
        return 0 < len(self._idle) == len(self._links)

    @property
    def links(self) -> int:
        return len(self._links)

    def begin(self) -> None:
        """Connect in the background, up to the size of the pool."""
        while len(self._links) + len(self._connecting) < self._size and not self._closed:
            task = asyncio.get_running_loop().create_task(self._connect())
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def take(self) -> Link | None:
        # The one used last: its caches are warm, and those never needed stay unused.
        return self._idle.pop() if self._idle else None

    def give(self, link: Link) -> None:
        """The link has no transaction open."""
        if not link.closed:
            self._idle.append(link)
            self._ready()

    async def close(self) -> None:
        self._closed = True
        for task in list(self._connecting):
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for link in self._links | self._opened:
            link.close()
        self._links.clear()
        self._idle.clear()

    async def open_link(self) -> Link:
        """A connection set up as those of the pool, of the caller's own; closed with the pool at the latest.

        Raises psycopg.Error, SqlError, LinkLost or OSError.
        """
        link = Link(await self.location.connect(), self._lost)
        try:
            await run(link, self._session, once=True)
        except BaseException:
            link.close()
            raise
        self._opened = {each for each in self._opened if not each.closed}
        self._opened.add(link)
        return link

    async def _connect(self) -> None:
        pause = RETRY_SECONDS
        while True:
            try:
                link = await self.open_link()
            except (psycopg.Error, SqlError, LinkLost, OSError) as error:
                if not self._links and self.down is None:
                    self.down = plain(error)
                    _log.warning("no connection to %s: %s", self.location.text, self.down)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, RETRY_SECONDS_MAX)
                continue
            if self.down is not None:
                _log.warning("connected to %s again", self.location.text)
                self.down = None
            self._links.add(link)
            self.give(link)
            return

    def _lost(self, link: Link) -> None:
        if link not in self._links:
            return
        self._links.remove(link)
        if link in self._idle:
            self._idle.remove(link)
        self.losses += 1
        if not self._closed:
            # Later: the pool counts the task that runs just now among those that connect.
            asyncio.get_running_loop().call_soon(self.begin)


def run(link: Link, statements: Sequence[Statement], *, once: bool = False) -> "asyncio.Future[list[Result]]":
    """The results of a run, to be awaited. Raises SqlError or LinkLost."""
    future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

    def done(results: list[Result], error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(results)
        else:
            future.set_exception(error)

    link.run(statements, done, once=once)
    return future


def plain(error: BaseException) -> str:
    """One line of what went wrong; libpq's texts have several and never the password."""
    return " ".join(str(error).split()) or type(error).__name__
