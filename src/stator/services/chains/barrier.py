"""What is seen through before a time counts as covered: a commit that came later than all writes of that time."""

import logging
from collections.abc import Sequence

from stator.clock import Clock, SteadyClock
from stator.limits import DAY_SECONDS
from stator.services.parts import JobParts
from stator.storage.routers.member import BARRIER
from stator.storage.store import Change, Put, Row, Store

_log = logging.getLogger(__name__)

AHEAD_SECONDS = float(DAY_SECONDS)
"""What lies further ahead than this is taken for a clock that was wrong."""


async def pass_barrier(parts: JobParts) -> int:
    """A time, in milliseconds: every change of then and before can be read from its journal now."""
    if parts.routers is not None:
        return await parts.routers.pass_time()

    def decide(_: Sequence[Row | None]) -> Change:
        now = int(parts.steady() * 1000)
        value = str(now).encode()
        return Change(puts=[Put(BARRIER, len(value), value)], result=now - 1)  # others may follow in this millisecond

    through: int = await parts.store.transact((), decide)
    return through


async def steady_clock(store: Store, clock: Clock) -> SteadyClock:
    """A clock that begins no earlier than the last time that was told to be covered, also where the other was set back
    while no server ran: a change from before that time would be in no state of the past."""
    (row,) = await store.get([BARRIER])
    since = 0.0 if row is None else int(row.value) / 1000
    ahead = since - clock()
    if ahead > AHEAD_SECONDS:  # the clock was wrong then: better to begin anew than to stay wrong for long
        _log.warning("the clock is %.0f s behind the changes that are kept; times until now cannot be relied on", ahead)
        since = 0.0
    return SteadyClock(clock, since)
