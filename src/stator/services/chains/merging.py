"""Merge the small segments of an hour that is over: a table that is written to all the time has thousands a day.

What is merged lies beside what it was made of at first, and readers take it instead; who read the old ones may go on
for a while. A crash costs the merging of one hour, which is done again.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby, pairwise

from stator.archive.chains import segment
from stator.archive.chains.segment import Segment
from stator.archive.chunk import CHUNK_BYTES
from stator.archive.places.location import Location
from stator.services.chains.keeper import ChainKeeper
from stator.storage.store import Record

STAY_SECONDS = 3600.0
"""Segments that are in a merged one stay so long."""

_HOUR_MS = 3_600_000
_AGE_MS = 2 * _HOUR_MS  # nothing younger is merged
_SEGMENTS_MIN = 8  # fewer in an hour are not worth it
_BYTES_MAX = 64 * 1024  # on average, as they are stored: larger ones are left alone
_HOURS_A_ROUND = 24  # of one lane


class Merging:
    """One round, at `now`."""

    def __init__(self, archive: Location, now: float) -> None:
        self._archive = archive
        self._now = now
        self.merged = 0

    async def merge(self, keeper: ChainKeeper) -> None:
        cut = len(keeper.prefix) + 1
        sizes = {
            found.path[cut:]: found.size for found in await self._archive.list(f"{keeper.prefix}/{segment.FOLDER}/")
        }
        for number in range(len(keeper.lanes)):
            for hour in self._hours(keeper.lanes[number], sizes)[:_HOURS_A_ROUND]:
                made = await self._merge(keeper.prefix, hour)
                keeper.lanes[number] = list(segment.in_order([*keeper.lanes[number], *made]))
                self.merged += len(hour)
        await self._sweep(keeper, list(sizes))

    def _hours(self, lane: Sequence[Segment], sizes: dict[str, int]) -> list[list[Segment]]:
        """What to merge: neighbours, each wholly in one hour."""
        limit = self._now * 1000 - _AGE_MS
        # The newest stays alone: it says how far the lane is.
        old = [each for each in lane[:-1] if each.last_ms < limit]
        hours = [list(group) for _, group in groupby(old, key=lambda each: each.first_ms // _HOUR_MS)]
        return [
            hour
            for hour in hours
            if len(hour) >= _SEGMENTS_MIN
            and all(after.first == before.last + 1 for before, after in pairwise(hour))
            and sum(sizes.get(each.path, _BYTES_MAX) for each in hour) < len(hour) * _BYTES_MAX
        ]

    async def _merge(self, prefix: str, hour: Sequence[Segment]) -> list[Segment]:
        made: list[Segment] = []
        held: list[Record] = []
        size = 0
        for each in hour:
            path = f"{prefix}/{each.path}"
            records = await asyncio.to_thread(segment.unpack, each, await self._archive.get(path), path)
            held += records
            size += sum(len(record.record) for record in records)
            if size >= CHUNK_BYTES:
                made.append(await self._put(prefix, held))
                held, size = [], 0
        if held:
            made.append(await self._put(prefix, held))
        return made

    async def _put(self, prefix: str, records: Sequence[Record]) -> Segment:
        made, body = await asyncio.to_thread(segment.pack, records)
        await self._archive.put(f"{prefix}/{made.path}", body)
        return made

    async def _sweep(self, keeper: ChainKeeper, paths: Sequence[str]) -> None:
        """Remove what others have as well, once it was known for a while."""
        for path in await asyncio.to_thread(
            _superseded, keeper.own.start, [list(lane) for lane in keeper.lanes], paths
        ):
            since = keeper.superseded.setdefault(path, self._now)
            if since + STAY_SECONDS <= self._now:
                await self._archive.delete(f"{keeper.prefix}/{path}")
                del keeper.superseded[path]


def _superseded(start: Sequence[int] | None, lanes: Sequence[Sequence[Segment]], paths: Sequence[str]) -> list[str]:
    """Those of segments that are not in their lane, because one there has all that they have, or because they are from
    before the chain began anew."""
    firsts = [[each.first for each in lane] for lane in lanes]
    found = []
    for path in paths:
        each = segment.parse(path)
        if each is None or each.lane >= len(lanes):
            continue
        if start is not None and each.last <= start[each.lane]:
            found.append(path)
            continue
        place = bisect_right(firsts[each.lane], each.first) - 1
        if place >= 0:
            kept = lanes[each.lane][place]
            if kept != each and each.last <= kept.last:
                found.append(path)
    return found
