"""Give back the storage of deleted tables and indexes, and of those that a crash kept from being made.

Each deletion left a row for each of its spaces, in the commit that deleted. A crash between dropping a space and
forgetting its row only means that it is dropped twice, which does nothing. A space that an open job holds waits for it:
the backup of a table outlives the table.
"""

import time
from collections.abc import Callable, Collection, Iterable

from stator.clock import Clock
from stator.services.parts import Parts

SPACES_A_RUN = 100
ORPHAN_SECONDS = 3600.0


def _none() -> Collection[int]:
    return ()


async def run_once(parts: Parts, held: Callable[[], Collection[int]] = _none) -> int:
    """Drop the spaces that are due and not `held`; returns how many."""
    done = await _drop_orphans(parts, held())
    found = await parts.catalog.dropped(SPACES_A_RUN + len(held()))
    if found:
        # No router may write to them any more by what it knew before. Then the copy of jobs is as new, too.
        await parts.catalog.settle()
    kept = held()
    due = [each for each in found if each.space not in kept]
    for dropped in due:
        await parts.store.drop_space(dropped.space)
        await parts.catalog.forget_dropped(dropped)
    return done + len(due)


async def _drop_orphans(parts: Parts, held: Collection[int]) -> int:
    """A space that a crash kept from being used is empty. One that is not is no such space, and nobody's to drop."""
    orphans, parts.catalog.orphans = parts.catalog.orphans, ()
    return await _drop_empty(parts, [space for space in orphans if space not in held])


async def _drop_empty(parts: Parts, spaces: Iterable[int]) -> int:
    empty = [space for space in spaces if (await parts.store.usage(space)).rows == 0]
    for space in empty:
        await parts.store.drop_space(space)
    return len(empty)


class Orphans:
    """The same where several routers make spaces: one that nothing refers to may be about to be used by a request that
    another router answers. No request takes an hour between making a space and using it."""

    def __init__(self, parts: Parts, held: Callable[[], Collection[int]], monotonic: Clock = time.monotonic) -> None:
        self._parts = parts
        self._held = held
        self._monotonic = monotonic
        self._since: dict[int, float] = {}  # by space: when it was first found without anything that refers to it

    async def run_once(self) -> int:
        """Drop what has been an orphan for long enough; returns how many."""
        found = set(await self._parts.catalog.find_orphans())
        await self._parts.catalog.settle()
        found = found.intersection(await self._parts.catalog.find_orphans()).difference(self._held())
        now = self._monotonic()
        self._since = {space: self._since.get(space, now) for space in found}
        return await _drop_empty(self._parts, [space for space in found if now - self._since[space] >= ORPHAN_SECONDS])
