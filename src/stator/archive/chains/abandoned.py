"""Chains that nobody writes any more: with its data directory lost, no server forgets what left its period."""

from typing import NamedTuple

from stator.archive.chains import chain as chains
from stator.archive.chains.chain import Chain
from stator.archive.chains.check import prefixes
from stator.archive.places.failure import Missing
from stator.archive.places.location import Location
from stator.limits import DAY_SECONDS

ABANDONED_SECONDS = 35 * DAY_SECONDS
"""As long as recovery reaches at most, and a deleted table's backup stays. A server that runs says every five minutes
that it does."""


class Abandoned(NamedTuple):
    """`since`: when it was last written to, seconds since the epoch."""

    chain: Chain
    since: float
    objects: int
    bytes: int


async def find(archive: Location, now: float) -> list[Abandoned]:
    """Those that were last written to ABANDONED_SECONDS ago or earlier. Raises Damaged or Unreachable."""
    found = []
    for prefix in await prefixes(archive):
        try:
            chain = await chains.read(archive, prefix)
        except Missing:  # forgotten meanwhile
            continue
        since = _last(chain)
        if since <= now - ABANDONED_SECONDS:
            objects = await archive.list(f"{prefix}/")
            found.append(Abandoned(chain, since, len(objects), sum(each.size for each in objects)))
    return found


async def remove(archive: Location, prefix: str) -> None:
    """Forget a whole chain: first what makes it one."""
    await archive.delete(f"{prefix}/{chains.RECORD}")
    for each in await archive.list(f"{prefix}/"):
        await archive.delete(each.path)


def _last(chain: Chain) -> float:
    """Whatever is written of a chain, a head or its end comes after it."""
    times = [chain.record.since, chain.record.ended or 0.0, *(moment / 1000 for moment in chain.copies[-1:])]
    return max(times + ([] if chain.head is None else [chain.head.through / 1000]))
