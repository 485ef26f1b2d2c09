"""Notice that another server takes the writes now, though the old one still holds its connections.

A server that is dead closes its connections, and one whose machine is gone is given up by TCP within seconds. But one
that hangs, because its disk does for instance, says nothing while its system keeps the connections alive: whoever waits
for it would wait for ever, long after a standby has taken its place.
"""

import asyncio
import logging
from collections.abc import Sequence

import psycopg
from psycopg.pq.abc import PGconn

from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.location import Location
from stator.storage.postgres.pool import Pool

_log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""What a connection works on at two looks in a row takes long: then the place is asked who is there now."""


class Succession:
    """Of the server that `location` leads to, to which all `pools` are connected."""

    def __init__(self, location: Location, pools: Sequence[Pool]) -> None:
        self._location = location
        self._pools = pools
        self._before: dict[Link, Sequence[Statement]] = {}  # the run that each was busy with at the last look

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> int:
        """Let go of connections to a server that is no longer the one and on which some hang. Returns how many did."""
        busy = {link: link._statements for pool in self._pools for link in pool._links if link.busy}
        hanging = [link for link, run in busy.items() if self._before.get(link) is run]
        self._before = busy
        for link in hanging:
            link.look()
        hanging = [link for link in hanging if link.busy and link._statements is busy[link]]
        if not hanging:
            return 0
        try:
            connection = await self._location.connect()
        except (psycopg.Error, OSError):  # nobody is there yet
            return 0
        now = _address(connection.pgconn)
        await connection.close()
        old = [link for pool in self._pools for link in pool._links if _address(link._pg) != now]
        left = [link for link in hanging if link in old and link._statements is busy[link]]
        if left:
            _log.warning("another server takes the writes now; %d connections to the old one hang", len(left))
            for link in old:  # those that are idle would hang next
                if link in left or not link.busy:
                    link.drop("another server takes the writes now")
        return len(left)


def _address(connection: PGconn) -> tuple[bytes, bytes]:
    """Host and port, of those in the URL, that it leads to."""
    return connection.host, connection.port
