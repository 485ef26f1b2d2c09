"""The store contract: all that an engine knows. Keys, bytes and versions; never items or tables.

Two engines implement it, `storage.sqlite` and `storage.postgres`, and one suite, `tests/storage`, holds them to it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

WRITE_SECONDS_MAX = 5.0
"""See `Store.transact`; such an engine sets its timeouts on statements and idle transactions to match."""


class Key(NamedTuple):
    """Where a row lives. `partition` is an 8-byte hash followed by typed key bytes; `sort` orders rows inside it."""

    space: int
    partition: bytes
    sort: bytes


class Row(NamedTuple):
    """A stored row. `version` grows with every write and never repeats, also across delete and re-create."""

    partition: bytes
    sort: bytes
    version: int
    size: int  # bytes as DynamoDB counts them, set by the writer
    value: bytes


class Put(Struct, frozen=True):
    """A row to write, replacing what is there. The engine assigns the version."""

    key: Key
    size: int
    value: bytes


class Append(Struct, frozen=True):
    """A record to append to one shard of one journal. The engine assigns the sequence.

    The bytes 5 to 18 of a record may be a time, milliseconds since the epoch in 13 decimal digits. An engine that
    several processes write to sees to it that times never fall within a shard, whatever the clocks of the processes
    say: all records of one commit get, in these bytes, the latest of their own times and those that their shards have
    come to (kept beside the last sequence of a shard, and read under the lock that gives out sequences). Other records
    stay as they are. With one process its clock alone sees to it.
    """

    journal: int
    shard: int
    record: bytes


class Record(NamedTuple):
    """A journal record as read back. `sequence` is ordered and gapless within its journal's shard, from 1."""

    journal: int
    shard: int
    sequence: int
    record: bytes


class Change(Struct, frozen=True):
    """What one `decide` wants done, atomically, and what to hand to its caller once it is durable."""

    puts: Sequence[Put] = ()
    deletes: Sequence[Key] = ()
    appends: Sequence[Append] = ()
    result: Any = None

    # Applied in this order. Deleting what is absent does nothing. Of two puts of one key the last one stays.


Decide = Callable[[Sequence[Row | None]], Change]
"""Pure: the rows in the order asked, None where absent, to a Change. May be called again with newer rows. Raising
aborts with nothing written, and `transact` raises the same."""


class Bound(NamedTuple):
    """One end of a range inside a partition (or, with a partition, of a scan)."""

    sort: bytes
    inclusive: bool


class Position(NamedTuple):
    """A place in scan order. Rows strictly after it come next."""

    partition: bytes
    sort: bytes


class Page(NamedTuple):
    """Rows in order, and whether the range went on past them."""

    rows: list[Row]
    more: bool


class Usage(NamedTuple):
    """How many rows a space has and the sum of their sizes in bytes."""

    rows: int
    size: int


class Snapshot(Protocol):
    """One consistent moment of the whole store, readable while writes go on. Close it to let go of it."""

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page: ...

    async def last(self, journal: int, shard: int) -> int:
        """The sequence of the last record at that moment, trimmed or not; 0 where none was ever appended."""

    async def close(self) -> None: ...


class Store(Protocol):
    """What every engine does. Every method may be awaited from the event loop's thread only.

    Space 0 always exists. Other spaces come from `create_space`. A space that does not exist reads as empty. Failures
    are those of `stator.storage.failure`. No method needs an asyncio.Task around it: they suspend on plain futures of
    the running loop, the reads of an embedded engine not at all.
    """

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> list[Row | None]:
        """The rows of `keys` in that order at one moment."""

    async def range(
        self,
        space: int,
        partition: bytes,
        lower: Bound | None,
        upper: Bound | None,
        *,
        reverse: bool,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        """Rows of one partition between the bounds, ordered by sort (descending with `reverse`).

        The page ends after `rows_max` rows or with the row whose size brings the sum of sizes to `bytes_max` or past
        it, whichever is first. `more` is True when the page ended for one of these reasons, even if nothing follows.
        """

    async def scan(
        self,
        space: int,
        after: Position | None,
        *,
        lower: bytes,
        upper: bytes | None,
        rows_max: int,
        bytes_max: int,
        consistent: bool = True,
    ) -> Page:
        """Rows in (partition, sort) order with `lower <= partition < upper`, starting strictly after `after`."""

    def transact(self, keys: Sequence[Key], decide: Decide) -> Awaitable[Any]:
        """Read `keys`, call `decide`, apply its Change; returns `Change.result` once the change is durable.

        Serializable against every other `transact`. Every write there is goes through here. Raises what `decide`
        raised, SpaceGone for a put into a space that does not exist, StoreBusy when too much waits already,
        each with nothing written, and StoreFailure when the engine failed, see there. A caller that is cancelled may
        or may not have written. In an engine that several processes write to, a write that was decided has happened or
        not WRITE_SECONDS_MAX after the process that decided it died or was stopped.
        """

    async def changes(self, journal: int, shard: int, after: int, records_max: int) -> list[Record]:
        """Records of one shard with a sequence past `after`; never one that an earlier record could still precede."""

    async def last(self, journal: int, shard: int) -> int:
        """The sequence of the last record that is acknowledged or readable, trimmed or not; 0 where none was ever
        appended."""

    async def trim(self, journal: int, shard: int, before: int) -> None:
        """Forget records with a sequence below `before`. The sequence goes on even if none is left."""

    async def snapshot(self) -> Snapshot:
        """A moment that includes every write acknowledged before the call."""

    async def usage(self, space: int) -> Usage:
        """Exact, and of the same moment as the reads."""

    async def measure(self, space: int, partition: bytes) -> Usage:
        """What one partition holds. Counted anew at each call."""

    async def create_space(self) -> int:
        """A new empty space; its number is never used again. Durable before it returns."""

    async def spaces(self) -> list[int]:
        """The spaces there are, but for space 0 and those dropped."""

    async def drop_space(self, space: int) -> None:
        """Forget a space, durably when this returns, and give back its storage in time. Dropping an unknown space does
        nothing."""

    async def close(self) -> None: ...
