"""How far standbys are behind, as it is seen from here: which of the primary's places in its log they have come to.

PostgreSQL's own figures do not tell it: on a standby that has lost its primary nothing is late, and the time of its
last transaction grows while nobody writes.
"""

import asyncio
import logging
from collections import deque
from typing import Any

from stator.storage.failure import StoreError
from stator.storage.postgres.binary import unsigned
from stator.storage.postgres.desks import ReadDesk
from stator.storage.postgres.link import Result, Statement
from stator.storage.postgres.reading import Ask

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LAG_SECONDS_MAX = 10.0  # of a standby that is still read from
PLACES_MAX = 600  # ten minutes: whoever is further behind is said to be that far behind

_PRIMARY = Statement(b"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8")
_STANDBY = Statement(
    b"SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::int8 FROM (SELECT 1) one WHERE pg_is_in_recovery()"
)


class Lag:
    """`seconds` is what a standby was behind when it was last looked at; None before that, and while none answers."""

    def __init__(self, primary: ReadDesk, standbys: ReadDesk) -> None:
        self._primary = primary
        self._standbys = standbys
        self._loop = asyncio.get_running_loop()
        self._places: deque[tuple[float, int]] = deque(maxlen=PLACES_MAX)
        self.seconds: float | None = None

    @property
    def bearable(self) -> bool:
        return self.seconds is not None and self.seconds <= LAG_SECONDS_MAX

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        try:
            begun = self._loop.time()
            place = await self._ask(self._primary, _PRIMARY)
            if place is not None:
                self._places.append((begun, place))
        except StoreError as error:  # without a primary the standbys are as they were
            _log.debug("the primary's place is not known: %s", error)
        try:
            reached = await self._ask(self._standbys, _STANDBY)
        except StoreError:
            reached = None
        self.seconds = None if reached is None else self._behind(reached)

    def _behind(self, reached: int) -> float:
        """The age of the first place that was not reached yet."""
        for time, place in self._places:
            if place > reached:
                return self._loop.time() - time
        return 0.0

    def _ask(self, desk: ReadDesk, statement: Statement) -> "asyncio.Future[int | None]":
        future: asyncio.Future[int | None] = self._loop.create_future()
        desk.submit(Ask(statement, _place, None, future))
        return future


def _place(result: Result) -> Any:
    return unsigned(result.get_value(0, 0), "big") if result.ntuples else None
