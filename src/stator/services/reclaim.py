"""Give back the storage of deleted tables and indexes, and of those that a crash kept from being made.

Each deletion left a row for each of its spaces, in the commit that deleted. A crash between dropping a space and
forgetting its row only means that it is dropped twice, which does nothing.
"""

from stator.services.parts import Parts

SPACES_A_RUN = 100


async def run_once(parts: Parts) -> int:
    """Drop the spaces that are due; returns how many."""
    done = await _drop_orphans(parts)
    due = await parts.catalog.dropped(SPACES_A_RUN)
    for dropped in due:
        await parts.store.drop_space(dropped.space)
        await parts.catalog.forget_dropped(dropped)
    return done + len(due)


async def _drop_orphans(parts: Parts) -> int:
    """A space that a crash kept from being used is empty. One that is not is no such space, and nobody's to drop."""
    orphans, parts.catalog.orphans = parts.catalog.orphans, ()
    empty = [space for space in orphans if (await parts.store.usage(space)).rows == 0]
    for space in empty:
        await parts.store.drop_space(space)
    return len(empty)
