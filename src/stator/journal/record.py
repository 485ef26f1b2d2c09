"""One record of a table's change journal, to bytes and back. Pure; docs/formats.md has the layout.

A table's journal has the number of the table's space. It is cut into LANES lanes by the hash of the partition key, so
all changes of one item are in one lane, in the order in which they were committed. A lane holds two kinds of record:
changes, and boundaries, which say where a shard of a stream ends and the next begins. Readers of changes step over
boundaries.
"""

from typing import NamedTuple

import orjson

from stator.model.table import Table
from stator.storage.store import Append, Record
from stator.values.attribute import Item

LANES = 4
"""Lanes of every journal, for good: a table's records must stay findable by their keys."""

INSERT, MODIFY, REMOVE = "INSERT", "MODIFY", "REMOVE"

_EVENTS = {"I": INSERT, "M": MODIFY, "R": REMOVE}


class Entry(NamedTuple):
    """A change of one item. Images are None where the item was absent, and where no reader of the table needs them."""

    sequence: int  # ordered and gapless in its lane, from 1; boundaries count as well
    time: float  # of the commit, seconds since the epoch to the millisecond; never falls within a lane
    event: str  # INSERT, MODIFY or REMOVE
    keys: Item
    new_image: Item | None
    old_image: Item | None
    new_size: int  # bytes of the item after and before as DynamoDB counts them, 0 where absent; also without its image
    old_size: int
    identity: str | None  # the service that wrote, for instance dynamodb.amazonaws.com; None for a client
    origin: str | None  # the region of the write when it was replicated; None for one made here


class Boundary(NamedTuple):
    """Where shards of a stream end and begin. `generation` is the number of the shard that begins, None when the
    stream ends."""

    sequence: int
    time: float
    label: str
    generation: int | None


class Author(NamedTuple):
    """Who wrote and where, when it was no client of this region."""

    identity: str | None = None
    origin: str | None = None


NOBODY = Author()


def lane_of(partition: bytes) -> int:
    """The lane of an item, from the partition of its key."""
    return partition[0] >> 6


Image = tuple[bytes, int]
"""An item as it is stored: its JSON and its bytes as DynamoDB counts them."""


def change(
    table: Table,
    partition: bytes,
    item: Item,
    *,
    time: float,
    images: tuple[Image | None, Image | None],
    author: Author,
) -> Append:
    """The record of a change. `images` are the item before and after, of which the record keeps those that the
    table's readers need; `item` is either, for its key."""
    old, new = images
    kept = table.journal_images
    old_value, old_size = (b"null", 0) if old is None else old
    new_value, new_size = (b"null", 0) if new is None else new
    event = "I" if old is None else "R" if new is None else "M"
    if author is NOBODY:
        head = f'["{event}",{int(time * 1000)},{new_size},{old_size},null,null,'
    else:
        identity, origin = (orjson.dumps(each).decode() for each in author)
        head = f'["{event}",{int(time * 1000)},{new_size},{old_size},{identity},{origin},'
    schema = table.keys
    name = schema.hash[0].name
    keys = {name: item[name]}
    if schema.range:
        name = schema.range[0].name
        keys[name] = item[name]
    record = b"%b%b,%b,%b]" % (
        head.encode(),
        orjson.dumps(keys),
        new_value if "NEW" in kept else b"null",
        old_value if "OLD" in kept else b"null",
    )
    return Append(table.space, partition[0] >> 6, record)


def boundary(journal: int, lane: int, *, time: float, label: str, generation: int | None) -> Append:
    return Append(journal, lane, orjson.dumps(["B", int(time * 1000), label, generation]))


def decode(record: Record) -> Entry | Boundary:
    fields = orjson.loads(record.record)
    if fields[0] == "B":
        return Boundary(record.sequence, fields[1] / 1000, fields[2], fields[3])
    kind, time, new_size, old_size, identity, origin, keys, new, old = fields
    return Entry(record.sequence, time / 1000, _EVENTS[kind], keys, new, old, new_size, old_size, identity, origin)


def time_of(record: Record) -> float:
    """The commit time of either kind, without decoding the rest."""
    head = record.record
    return int(head[5 : head.index(b",", 5)]) / 1000
