"""The changes of a chain read back: those that make a past state of a copy, and those of a stretch of time.

They come in batches, each of one lane. Which changes are in a batch follows from their sequences alone and not from
the segments that they are in, so that whoever counts batches can go on after a crash, whatever was merged meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import NamedTuple

from stator.archive.chains import segment
from stator.archive.chains.chain import Chain, Way, check_whole, ways
from stator.archive.chains.segment import Segment
from stator.archive.full_copy import FullCopy
from stator.archive.places.location import Location
from stator.journal.record import Boundary, Entry, decode
from stator.storage.store import Record
from stator.values.attribute import Item

BATCH_RECORDS = 128


class Step(NamedTuple):
    """What becomes of one item. Of several of one item the last one counts."""

    keys: Item
    image: Item | None  # None: it is not there
    size: int  # bytes of the image as DynamoDB counts them, 0 for none


async def changes(location: Location, chain: Chain, copy: FullCopy | None, until: int) -> AsyncIterator[list[Step]]:
    """What to do to the items of a copy, in order, so that they are those of the time `until` (milliseconds); None is
    the beginning of a table that had no items. Doing it twice, from any batch on, does no harm.

    Raises NotCovered, Missing, Damaged or Unreachable.
    """
    bases = chain.record.start if copy is None else copy.lanes
    found: list[Way] = ways(chain, copy, until)
    for way, base in zip(found, bases, strict=True):
        # Backwards the oldest change of an item comes last, and its old image is what stays.
        undone = partial(_kept, low=0, high=base, keep=lambda ms: ms > until)
        async for records in _batches(location, chain, way.undo, undone, backwards=True):
            yield await asyncio.to_thread(_undo, records)
        done = partial(_kept, low=base, high=None, keep=lambda ms: ms <= until)
        async for records in _batches(location, chain, way.redo, done):
            yield await asyncio.to_thread(_redo, records)


async def entries(location: Location, chain: Chain, since: int, until: int) -> AsyncIterator[list[Entry]]:
    """The changes with `since <= time < until` (milliseconds), lane by lane and in order in each.

    Raises what `changes` raises.
    """
    check_whole(chain, since, until)
    kept = partial(_kept, low=0, high=None, keep=lambda ms: since <= ms < until)
    for lane in chain.lanes:
        wanted = [each for each in lane if each.last_ms >= since and each.first_ms < until]
        async for records in _batches(location, chain, wanted, kept):
            found = await asyncio.to_thread(_decode, records)
            if found:
                yield found


def _chosen(each: Segment, body: bytes, path: str, choose: Callable[[Sequence[Record]], list[Record]]) -> list[Record]:
    return choose(segment.unpack(each, body, path))


def _kept(records: Sequence[Record], *, low: int, high: int | None, keep: Callable[[int], bool]) -> list[Record]:
    """Of the records of a segment those with `low < sequence <= high` whose time is to be kept."""
    return [
        record
        for record in records
        if record.sequence > low
        and (high is None or record.sequence <= high)
        and keep(segment.milliseconds(record.record))
    ]


async def _batches(
    location: Location,
    chain: Chain,
    segments: Sequence[Segment],
    choose: Callable[[Sequence[Record]], list[Record]],
    *,
    backwards: bool = False,
) -> AsyncIterator[list[Record]]:
    """The chosen records, each once, in groups of neighbours."""
    held: list[Record] = []
    edge: int | None = None  # the sequence that was seen last: segments may overlap
    for each in segments:
        path = f"{chain.prefix}/{each.path}"
        body = await location.get(path)
        records = await asyncio.to_thread(_chosen, each, body, f"{location.url}/{path}", choose)
        if backwards:
            records.reverse()
        for record in records:
            sequence = record.sequence
            if edge is not None and (sequence >= edge if backwards else sequence <= edge):
                continue
            edge = sequence
            if held and held[-1].sequence // BATCH_RECORDS != sequence // BATCH_RECORDS:
                yield held
                held = []
            held.append(record)
    if held:
        yield held


def _decode(records: Sequence[Record]) -> list[Entry]:
    decoded = (decode(record) for record in records)
    return [entry for entry in decoded if not isinstance(entry, Boundary)]


def _redo(records: Sequence[Record]) -> list[Step]:
    return [Step(entry.keys, entry.new_image, entry.new_size) for entry in _decode(records)]


def _undo(records: Sequence[Record]) -> list[Step]:
    return [Step(entry.keys, entry.old_image, entry.old_size) for entry in _decode(records)]
