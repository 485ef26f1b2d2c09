"""The chain of a table: everything continuous that an archive has of it, and which of it leads to a time.

    chains/<account>/<region>/<table>/<table id>/
        chain.json                    the table, and since when and where its journal was kept; rewritten as it changes
        copies/<13-digit ms>/...      full copies
        segments/<lane>/...           the journal since then
        head.json                     up to which time all changes are in segments

A state of the past is made of any copy: changes after the copy are done, changes in it undone, whichever the time
wants. Times here are milliseconds since the epoch, as journals have them, and a state of a time has what was committed
in that millisecond.
"""

import asyncio
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import orjson
from msgspec import Struct

from stator.archive import document, full_copy
from stator.archive.chains import segment
from stator.archive.chains.segment import Segment
from stator.archive.full_copy import FullCopy
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location
from stator.journal.record import LANES
from stator.model.table import Table
from stator.tables import definition

FORMAT = 1
KIND = "chain"
HEAD_KIND = "head"
FOLDER = "chains"
COPIES = "copies"
RECORD = "chain.json"
HEAD = "head.json"

_COPY_DIGITS = 13


class NotCovered(ArchiveError):
    """The archive does not have what leads to that time."""


class ChainRecord(Struct, frozen=True):
    """`chain.json`. `since` is seconds since the epoch, a whole millisecond: every change from then on is in the
    table's journal."""

    table: Table  # as it is by now
    since: float
    start: tuple[int, ...]  # the sequence of each lane before the first of its segments
    empty: bool = False  # whether the table had no items at `since`: then a copy is not needed
    ended: float | None = None  # when it was deleted, or not to be kept any more


class Head(NamedTuple):
    """`head.json`: every change up to `through`, in milliseconds, is in segments."""

    through: int
    lanes: tuple[int, ...]  # the last sequence of each


class Chain(Struct, frozen=True):
    """What a listing and two small objects say. `prefix` has no slash at its end."""

    prefix: str
    record: ChainRecord
    head: Head | None
    copies: tuple[int, ...]  # the moments of those that are whole, in order
    lanes: tuple[tuple[Segment, ...], ...]  # by lane, in order

    @property
    def earliest(self) -> int:
        return round(self.record.since * 1000)

    @property
    def latest(self) -> int | None:
        """None while no time is covered."""
        if self.head is None or self.head.through < self.earliest or not (self.copies or self.record.empty):
            return None
        return self.head.through


class Way(NamedTuple):
    """What to do with one lane for the state of a time, after the base was taken as it is."""

    undo: tuple[Segment, ...]  # in the order of use: from the newest
    redo: tuple[Segment, ...]


def folder_of(account: str, region: str, name: str) -> str:
    """Of the chains of all tables that had this name."""
    return f"{FOLDER}/{account}/{region}/{name}"


def prefix_of(table: Table) -> str:
    return f"{folder_of(table.account, table.region, table.name)}/{table.id}"


def copy_path(prefix: str, moment: int) -> str:
    return f"{prefix}/{COPIES}/{moment:0{_COPY_DIGITS}}"


def encode(record: ChainRecord) -> bytes:
    content = {
        "table": orjson.Fragment(definition.encode(record.table)),
        "since": record.since,
        "start": record.start,
        "empty": record.empty,
        "ended": record.ended,
    }
    return document.encode(KIND, FORMAT, content)


def decode(body: bytes, path: str = RECORD) -> ChainRecord:
    """Raises Damaged, or ArchiveError for a format of a newer version. `path` is for messages."""
    return document.read(KIND, FORMAT, body, path, _made_of)


def _made_of(content: dict[str, Any]) -> ChainRecord:
    table = definition.decode(orjson.dumps(content.pop("table")))
    return ChainRecord(table, start=tuple(content.pop("start")), **content)


def encode_head(head: Head) -> bytes:
    return document.encode(HEAD_KIND, FORMAT, {"through": head.through, "lanes": head.lanes})


def decode_head(body: bytes, path: str = HEAD) -> Head:
    """Raises what `decode` raises."""
    return document.read(
        HEAD_KIND, FORMAT, body, path, lambda content: Head(content["through"], tuple(content["lanes"]))
    )


def copies_among(paths: Iterable[str]) -> tuple[int, ...]:
    """The moments of the whole copies among paths below a chain."""
    moments = []
    for path in paths:
        folder, _, name = path.removeprefix(f"{COPIES}/").partition("/")
        if path.startswith(f"{COPIES}/") and name == full_copy.MANIFEST and is_moment(folder):
            moments.append(int(folder))
    return tuple(sorted(moments))


def is_moment(text: str) -> bool:
    return len(text) == _COPY_DIGITS and text.isascii() and text.isdigit()


def lanes_among(paths: Iterable[str], count: int = LANES) -> tuple[tuple[Segment, ...], ...]:
    """The segments among paths below a chain, by lane and in order."""
    found: list[list[Segment]] = [[] for _ in range(count)]
    for path in paths:
        each = segment.parse(path)
        if each is not None and each.lane < count:
            found[each.lane].append(each)
    return tuple(segment.in_order(lane) for lane in found)


async def read(location: Location, prefix: str) -> Chain:
    """The chain at `prefix` as it is now. Raises Missing, Damaged, Unreachable, or ArchiveError for a newer format."""
    record = decode(await location.get(f"{prefix}/{RECORD}"), f"{location.url}/{prefix}/{RECORD}")
    try:
        # The head comes before the listing: what it promises is then listed.
        head = decode_head(await location.get(f"{prefix}/{HEAD}"), f"{location.url}/{prefix}/{HEAD}")
    except Missing:
        head = None
    cut = len(prefix) + 1
    paths = [found.path[cut:] for found in await location.list(f"{prefix}/")]
    since = round(record.since * 1000)
    # A copy from before belongs to a chain that was broken off: what came between is in no journal.
    copies = tuple(moment for moment in copies_among(paths) if moment >= since)
    # A month has thousands of segments: names are read in a thread.
    lanes = await asyncio.to_thread(_lanes_since, paths, record.start)
    return Chain(prefix, record, head, copies, lanes)


def _lanes_since(paths: Iterable[str], start: tuple[int, ...]) -> tuple[tuple[Segment, ...], ...]:
    """What is older was sealed before the chain was broken off, and does not lead up to its beginning."""
    lanes = zip(lanes_among(paths, len(start)), start, strict=True)
    return tuple(tuple(each for each in lane if each.last > before) for lane, before in lanes)


async def find(location: Location, account: str, region: str, name: str) -> list[str]:
    """The prefixes of all chains of tables of that name, in no order."""
    folder = folder_of(account, region, name)
    found = (each.path.removeprefix(f"{folder}/") for each in await location.list(f"{folder}/"))
    ids = (path.partition("/") for path in found)
    return [f"{folder}/{table_id}" for table_id, _, rest in ids if rest == RECORD]


def plan(chain: Chain, time: int) -> int | None:
    """The moment of the copy from which to make the state at `time`; None for a table that began without items.

    Raises NotCovered.
    """
    if chain.latest is None or not chain.earliest <= time <= chain.latest:
        raise NotCovered(f"{chain.prefix} covers {chain.earliest} to {chain.latest} ms, which has not {time}")
    before = [moment for moment in chain.copies if moment <= time]
    if before:
        return before[-1]
    return None if not chain.copies or _has_beginning(chain) else chain.copies[0]


def _has_beginning(chain: Chain) -> bool:
    """Whether a chain began without items and nothing has been pruned since."""
    first = zip(chain.lanes, chain.record.start, strict=True)
    return chain.record.empty and all(lane[0].first <= start + 1 for lane, start in first if lane)


def ways(chain: Chain, copy: FullCopy | None, time: int) -> list[Way]:
    """By lane, what makes the state at `time` of a copy; None is the beginning of a table that had no items.

    Segments at the ends have records that do not matter: undone are those up to the copy's last that are later than
    `time`, done those past it that are not. Raises NotCovered when segments are missing.
    """
    if chain.head is None or chain.head.through < time:
        raise NotCovered(f"{chain.prefix} does not have all changes up to {time} ms yet")
    lanes = chain.record.start if copy is None else copy.lanes
    # What a copy has is no later than its moment.
    later = copy is not None and round(copy.moment * 1000) > time
    return [
        Way(_undone(chain, number, base, time) if later else (), _redone(chain, number, base, time))
        for number, base in enumerate(lanes)
    ]


def check_whole(chain: Chain, since: int, until: int) -> None:
    """Whether every change with `since <= time < until` is in segments. Raises NotCovered."""
    if chain.head is None or since < chain.earliest or until > chain.head.through + 1:
        latest = None if chain.head is None else chain.head.through
        raise NotCovered(f"{chain.prefix} has the changes of {chain.earliest} to {latest} ms, not {since} to {until}")
    for number, lane in enumerate(chain.lanes):
        # What came before the first there is may have been pruned: it was older than any time that is covered.
        for before, each in pairwise(lane):
            if each.first > before.last + 1 and each.last_ms >= since and before.first_ms < until:
                raise _gap(chain, number, before.last + 1, each.first - 1)
        if not lane or lane[-1].last_ms < until:
            _check_end(chain, number, lane[-1].last if lane else chain.record.start[number])


def _check_end(chain: Chain, lane: int, reached: int) -> None:
    """The segments of a lane, that end with `reached`, go as far as the head says."""
    end = 0 if chain.head is None else chain.head.lanes[lane]
    if reached < end:
        raise _gap(chain, lane, reached + 1, end)


def _redone(chain: Chain, lane: int, base: int, time: int) -> tuple[Segment, ...]:
    wanted: list[Segment] = []
    reached = base
    for each in chain.lanes[lane]:
        if each.last <= base:
            continue
        if each.first > reached + 1:
            raise _gap(chain, lane, reached + 1, each.first - 1)
        if each.first_ms > time:
            break
        reached = each.last
        wanted.append(each)
    else:
        _check_end(chain, lane, reached)
    return tuple(wanted)


def _undone(chain: Chain, lane: int, base: int, time: int) -> tuple[Segment, ...]:
    start = chain.record.start[lane]
    wanted: list[Segment] = []
    reached = base + 1  # the oldest that is had
    for each in reversed(chain.lanes[lane]):
        if each.first > base:
            continue
        if each.last < reached - 1:
            raise _gap(chain, lane, each.last + 1, reached - 1)
        reached = each.first
        if each.last_ms <= time:
            return tuple(wanted)
        wanted.append(each)
        if each.first_ms <= time:
            return tuple(wanted)
    if reached > start + 1:  # what is older is not there, and may be later than `time` as well
        raise _gap(chain, lane, start + 1, reached - 1)
    return tuple(wanted)


def _gap(chain: Chain, lane: int, first: int, last: int) -> NotCovered:
    return NotCovered(f"{chain.prefix} lacks the changes {first} to {last} of lane {lane}")
