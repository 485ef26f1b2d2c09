"""A segment: consecutive records of one lane of a journal as one object, a record a line.

    segments/<lane>/<first>-<last>-<first ms>-<last ms>-<sha256>.jsonl.zst

Sequences are gapless in a lane, so the number of a line tells that of its record. The name says all that one must know
to choose among segments, and the checksum of the bytes: a listing is the whole index.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stator.archive import chunk
from stator.archive.places.failure import Damaged
from stator.storage.store import Record

FOLDER = "segments"

_NAME = re.compile(FOLDER + r"/([0-9]{1,4})/([0-9]{16})-([0-9]{16})-([0-9]{13})-([0-9]{13})-([0-9a-f]{64})\.jsonl\.zst")


class Segment(NamedTuple):
    """Sequences count from 1 and include both ends; times are milliseconds since the epoch."""

    lane: int
    first: int
    last: int
    first_ms: int  # the earliest time in it
    last_ms: int  # the latest
    sha256: str  # of the stored bytes

    @property
    def path(self) -> str:
        """Below its chain."""
        lane, first, last, first_ms, last_ms, sha256 = self
        return f"{FOLDER}/{lane}/{first:016}-{last:016}-{first_ms:013}-{last_ms:013}-{sha256}.jsonl.zst"


def parse(path: str) -> Segment | None:
    """The segment of a path below a chain; None for what is none."""
    found = _NAME.fullmatch(path)
    if found is None:
        return None
    lane, first, last, first_ms, last_ms = (int(group) for group in found.groups()[:5])
    return Segment(lane, first, last, first_ms, last_ms, found[6]) if 1 <= first <= last else None


def milliseconds(record: bytes) -> int:
    """The time of a record of any journal: each is a JSON list of a letter, this and more."""
    return int(record[5 : record.index(b",", 5)])


def pack(records: Sequence[Record]) -> tuple[Segment, bytes]:
    """Records that follow each other in a lane, at least one, as an object. Takes a while: do it in a thread."""
    lines = [record.record for record in records]
    body = chunk.pack(lines)
    times = [milliseconds(line) for line in lines]
    ends = records[0].sequence, records[-1].sequence
    return Segment(records[0].shard, *ends, min(times), max(times), chunk.sha256(body)), body


def unpack(segment: Segment, body: bytes, path: str) -> list[Record]:
    """The records of an object. `path` is for the message. Raises Damaged."""
    lines = chunk.unpack(body, segment.sha256, path)
    if len(lines) != segment.last - segment.first + 1:
        raise Damaged(f"{path} has {len(lines)} records and should have {segment.last - segment.first + 1}")
    return [Record(0, segment.lane, sequence, line) for sequence, line in enumerate(lines, segment.first)]


def in_order(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Those of one lane that together have every record there is, by sequence. What others have as well is left out: a
    segment that several were merged into, and what a server wrote again that was killed before it knew."""
    chosen: list[Segment] = []
    for segment in sorted(segments, key=lambda each: (each.first, -each.last)):
        if not chosen or segment.last > chosen[-1].last:
            chosen.append(segment)
    return tuple(chosen)
