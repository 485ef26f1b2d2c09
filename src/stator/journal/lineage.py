"""A stream and its shards: what is written down of them, and how they come and go. Pure.

A stream is a stretch of its table's journal. In each lane its shards follow each other, each the parent of the next,
and a boundary in the lane stands where one begins: it takes a sequence of its own, so that even an empty shard has one.
Another boundary ends the last shard when the stream is disabled. A boundary's sequence is not known in the commit that
writes it; until somebody has looked it up the shard is `begun` or `ended` without knowing where.

Both rows of a stream live in space 0: `streams/<account>/<region>` has the stream itself, `ended/<account>/<region>`
that it was disabled, until the first has taken that in. docs/formats.md has the values.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

from stator.journal.record import LANES, boundary
from stator.model.table import Status, Stream, Table
from stator.storage.store import Append, Key, Put
from stator.tables.catalog import CATALOG_SPACE

FORMAT = 1

STREAMS = bytes(8) + b"streams/"
_ENDED = bytes(8) + b"ended/"
JOURNALS = bytes(8) + b"journals"

_NUMBER_BASE = 10**24  # sequence numbers have 25 digits
_NUMBER_STEP = 1000  # the lane goes below the sequence, so that a number is unique in its stream


class Name(Struct, frozen=True):
    """What a stream ARN says."""

    account: str
    region: str
    table: str
    label: str

    @property
    def arn(self) -> str:
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.table}/stream/{self.label}"


class Shard(Struct, frozen=True):
    """Times are seconds since the epoch. The shard's records have sequences past `start` up to `end`."""

    lane: int
    generation: int  # from 0 in its lane
    begun: float
    parent: str | None = None  # its id, kept when the parent is gone
    start: int | None = None  # the boundary's sequence; None while it is not known
    ended: float | None = None  # None while the shard is open
    end: int | None = None  # the last sequence before the next boundary; None while open or not known

    @property
    def id(self) -> str:
        return f"shardId-{int(self.begun * 1000):020d}-{self.lane:02x}{self.generation:06x}"

    @property
    def first_number(self) -> str:
        return render_number(self.lane, self.start or 1)

    @property
    def last_number(self) -> str | None:
        return None if self.end is None else render_number(self.lane, self.end)


class StreamRecord(Struct, frozen=True):
    """A stream as it is written down. `shards` has those of a lane in order; trimmed ones are left out."""

    name: Name
    journal: int
    table_id: str
    view_type: str
    keys: tuple[tuple[str, str], ...]  # name and HASH or RANGE
    created: float
    disabled: float | None
    shards: tuple[tuple[Shard, ...], ...]  # by lane

    def shard(self, shard_id: str) -> Shard | None:
        return next((shard for lane in self.shards for shard in lane if shard.id == shard_id), None)

    @property
    def pending(self) -> bool:
        """Whether the place of some boundary has yet to be looked up."""
        last = [lane[-1] for lane in self.shards if lane]
        return any(shard.start is None or (shard.ended is not None and shard.end is None) for shard in last)


def render_number(lane: int, sequence: int) -> str:
    """A SequenceNumber: 25 digits, in the order of the sequences of a lane."""
    return str(_NUMBER_BASE + sequence * _NUMBER_STEP + lane)


def parse_number(number: str, lane: int) -> int | None:
    """The sequence of a SequenceNumber; None for one that is no number of this lane."""
    if not (number.isascii() and number.isdigit()):
        return None
    sequence, found = divmod(int(number) - _NUMBER_BASE, _NUMBER_STEP)
    return sequence if sequence > 0 and found == lane else None


def stream_key(name: Name) -> Key:
    return Key(CATALOG_SPACE, streams_of(name.account, name.region), f"{name.table}/{name.label}".encode())


def ended_key(name: Name) -> Key:
    place = f"{name.account}/{name.region}".encode()
    return Key(CATALOG_SPACE, _ENDED + place, f"{name.table}/{name.label}".encode())


def streams_of(account: str, region: str) -> bytes:
    """The partition of the streams of an account and region, sorted by table name and label."""
    return STREAMS + f"{account}/{region}".encode()


def journal_key(journal: int) -> Key:
    """The row that says that a journal may hold records."""
    return Key(CATALOG_SPACE, JOURNALS, journal.to_bytes(8, "big"))


def accompany(old: Table | None, new: Table, now: float) -> tuple[list[Put], list[Append]]:
    """What goes with the commit that changes a table's definition: streams that begin or end, and the note that there
    is a journal."""
    puts: list[Put] = []
    appends: list[Append] = []
    now = int(now * 1000) / 1000
    before = None if old is None or old.id != new.id else _live(old)
    after = _live(new)
    had, has = (None if each is None else each.stream for each in (before, after))
    if had is not None and (has is None or has.label != had.label):
        puts.append(_put(ended_key(_name(new, had)), orjson.dumps([FORMAT, now, new.id])))
        appends += _boundaries(new.space, had.label, now, None)
    if has is not None and (had is None or has.label != had.label):
        stream = _begin(new, has, now)
        puts.append(_put(stream_key(stream.name), encode(stream)))
        appends += _boundaries(new.space, has.label, now, 0)
    if after is not None and after.journaled and not (before is not None and before.journaled):
        puts.append(_put(journal_key(new.space), orjson.dumps([FORMAT, new.account, new.region, new.name, new.id])))
    return puts, appends


def roll(stream: StreamRecord, now: float) -> tuple[StreamRecord, list[Append]]:
    """End the open shard of every lane and begin its child."""
    now = int(now * 1000) / 1000
    lanes = []
    appends = []
    for lane in stream.shards:
        last = lane[-1]
        child = Shard(last.lane, last.generation + 1, now, last.id)
        lanes.append((*lane[:-1], replace(last, ended=child.begun), child))
        appends.append(
            boundary(stream.journal, last.lane, time=now, label=stream.name.label, generation=child.generation)
        )
    return replace(stream, shards=tuple(lanes)), appends


def end(stream: StreamRecord, now: float) -> StreamRecord:
    """The stream once it was disabled."""
    lanes = tuple((*lane[:-1], replace(lane[-1], ended=now)) for lane in stream.shards)
    return replace(stream, disabled=now, shards=lanes)


def without_trimmed(stream: StreamRecord, horizon: float) -> StreamRecord:
    """The stream without the shards that ended before `horizon`. A lane keeps its last shard."""
    lanes = []
    for lane in stream.shards:
        kept = [shard for shard in lane[:-1] if shard.ended is None or shard.ended >= horizon]
        lanes.append((*kept, lane[-1]))
    return replace(stream, shards=tuple(lanes))


def encode(stream: StreamRecord) -> bytes:
    name = stream.name
    return orjson.dumps(
        {
            "format": FORMAT,
            "name": [name.account, name.region, name.table, name.label],
            "journal": stream.journal,
            "table_id": stream.table_id,
            "view_type": stream.view_type,
            "keys": stream.keys,
            "created": stream.created,
            "disabled": stream.disabled,
            "shards": [
                [[s.generation, s.begun, s.parent, s.start, s.ended, s.end] for s in lane] for lane in stream.shards
            ],
        }
    )


def decode(value: bytes) -> StreamRecord:
    """Raises ValueError for a stream that this version cannot read."""
    stored: dict[str, Any] = orjson.loads(value)
    if stored["format"] != FORMAT:
        raise ValueError(f"stream of format {stored['format']}; this version reads format {FORMAT}")
    return StreamRecord(
        name=Name(*stored["name"]),
        journal=stored["journal"],
        table_id=stored["table_id"],
        view_type=stored["view_type"],
        keys=tuple((name, kind) for name, kind in stored["keys"]),
        created=stored["created"],
        disabled=stored["disabled"],
        shards=tuple(
            tuple(Shard(lane, *members) for members in shards) for lane, shards in enumerate(stored["shards"])
        ),
    )


def end_of(stream: StreamRecord, value: bytes | None) -> float | None:
    """When the stream was disabled, from the row that says so; that of an earlier table's stream says nothing."""
    if value is None:
        return None
    _, time, table_id = orjson.loads(value)
    return float(time) if table_id == stream.table_id else None


def _live(table: Table) -> Table | None:
    """The table as its writes see it; None for one on its way out."""
    return None if table.status is Status.DELETING else table.becomes or table


def _name(table: Table, stream: Stream) -> Name:
    return Name(table.account, table.region, table.name, stream.label)


def _begin(table: Table, stream: Stream, now: float) -> StreamRecord:
    keys = [(key.name, "HASH") for key in table.keys.hash] + [(key.name, "RANGE") for key in table.keys.range]
    shards = tuple((Shard(lane, 0, now),) for lane in range(LANES))
    return StreamRecord(_name(table, stream), table.space, table.id, stream.view_type, tuple(keys), now, None, shards)


def _boundaries(journal: int, label: str, now: float, generation: int | None) -> Sequence[Append]:
    return [boundary(journal, lane, time=now, label=label, generation=generation) for lane in range(LANES)]


def _put(key: Key, value: bytes) -> Put:
    return Put(key, len(value), value)
