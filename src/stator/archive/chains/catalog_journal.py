"""The catalog's journal in the archive: `catalog/<instance>/segments/0/...`, in the form of all segments."""

import asyncio
from collections.abc import Sequence

from stator.archive.chains import segment
from stator.archive.chains.segment import Segment
from stator.archive.instances.instance import CATALOG_FOLDER
from stator.archive.places.failure import ArchiveError
from stator.archive.places.location import Location
from stator.storage.store import Record
from stator.tables import history
from stator.tables.history import Edition


def prefix_of(owner: str) -> str:
    return f"{CATALOG_FOLDER}/{owner}"


async def segments(archive: Location, owner: str) -> tuple[Segment, ...]:
    """What there is of an instance's catalog, in order."""
    prefix = f"{prefix_of(owner)}/"
    found = [segment.parse(each.path.removeprefix(prefix)) for each in await archive.list(prefix)]
    return segment.in_order(each for each in found if each is not None)


async def seal(archive: Location, owner: str, records: Sequence[Record]) -> Segment:
    """Put records that follow each other into the archive."""
    made, body = await asyncio.to_thread(segment.pack, records)
    await archive.put(f"{prefix_of(owner)}/{made.path}", body)
    return made


async def editions(archive: Location, owner: str, *, after: int, until: int, at: float) -> list[Edition]:
    """What changes past the sequence `after` made of tables up to the time `at`. `until` is a sequence that is known to
    be no earlier than that time. Raises ArchiveError when one of the changes is missing, Damaged or Unreachable."""
    found: list[Edition] = []
    reached = after
    for each in await segments(archive, owner):
        if each.last <= reached:
            continue
        if reached >= until:
            break
        if each.first > reached + 1:
            raise _gap(archive, owner, reached + 1, each.first - 1)
        path = f"{prefix_of(owner)}/{each.path}"
        records = await asyncio.to_thread(segment.unpack, each, await archive.get(path), f"{archive.url}/{path}")
        for record in records[reached + 1 - each.first :]:
            edition = history.decode(record)
            if edition.time > at:
                return found
            found.append(edition)
        reached = each.last
    if reached < until:
        raise _gap(archive, owner, reached + 1, until)
    return found


async def forget(archive: Location, owner: str, sequence: int) -> int:
    """Remove the segments that end at `sequence` or before, save the last, which says how far they go."""
    old = [each for each in (await segments(archive, owner))[:-1] if each.last <= sequence]
    for each in old:
        await archive.delete(f"{prefix_of(owner)}/{each.path}")
    return len(old)


async def remove(archive: Location, owner: str) -> None:
    """Forget all of an instance that has no backup any more."""
    for found in await archive.list(f"{prefix_of(owner)}/"):
        await archive.delete(found.path)


def _gap(archive: Location, owner: str, first: int, last: int) -> ArchiveError:
    return ArchiveError(
        f"{archive.url}/{prefix_of(owner)} lacks the changes {first} to {last} of tables: roll back to another time, "
        "or to a backup's own moment by its id"
    )
