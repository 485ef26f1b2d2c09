"""Give back the storage of deleted tables and indexes, and of those that a crash kept from being made.

Each deletion left a row for each of its spaces, in the commit that deleted. A crash between dropping a space and
forgetting its row only means that it is dropped twice, which does nothing. A space that an open job holds waits for it:
the backup of a table outlives the table.
"""

from collections.abc import Callable, Collection

from stator.services.parts import Parts

SPACES_A_RUN = 100


def _none() -> Collection[int]:
    return ()


async def run_once(parts: Parts, held: Callable[[], Collection[int]] = _none) -> int:
    """Drop the spaces that are due and not `held`; returns how many."""
    done = await _drop_orphans(parts, held())
    kept = held()
    due = [each for each in await parts.catalog.dropped(SPACES_A_RUN + len(kept)) if each.space not in kept]
    for dropped in due:
        await parts.store.drop_space(dropped.space)
        await parts.catalog.forget_dropped(dropped)
    return done + len(due)


async def _drop_orphans(parts: Parts, held: Collection[int]) -> int:
    """A space that a crash kept from being used is empty. One that is not is no such space, and nobody's to drop."""
    orphans, parts.catalog.orphans = parts.catalog.orphans, ()
    empty = [space for space in orphans if space not in held and (await parts.store.usage(space)).rows == 0]
    for space in empty:
        await parts.store.drop_space(space)
    return len(empty)
