"""What tables and global indexes consume in this process, and what of it they may: on the path of every request.

A meter belongs to a space: that of a table or of a global index. Its sums only grow; who drains them keeps what it saw
last. A local index has no meter: what it costs is its table's. Units are charged once an operation's work is done, from
the numbers that ConsumedCapacity reports; jobs and duties charge nothing.
"""

import math
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from stator.clock import Clock, system_clock
from stator.metrics.bucket import Bucket, Budget, KeyRates
from stator.metrics.watch import WRITE_WEIGHT, Watch
from stator.model.table import Index, Table


class Limit(NamedTuple):
    """A rate that holds, in units a second, and for how many seconds what it leaves unused is kept. A `shared` one is
    that of all tables of an account and region together."""

    kind: str
    rate: float
    seconds: float
    shared: bool = False


class Limits(NamedTuple):
    """What holds for the reads and for the writes of a table or index; no rates: no end. `keys` are the units a second
    of a single partition key, None where keys are not told apart."""

    reads: tuple[Limit, ...] = ()
    writes: tuple[Limit, ...] = ()
    read_keys: float | None = None
    write_keys: float | None = None


NO_LIMITS = Limits()


class Level(NamedTuple):
    """How full the first buckets of a meter were at a time; None where there was no bucket."""

    read: float | None
    write: float | None
    time: float


class Charges:
    """How many single charges there were, and the least and the most of them, since whoever drains them took them.
    Meters count them in place, and `note` those that differ from the `last` one: most do not."""

    __slots__ = ("count", "last", "least", "most")

    def __init__(self) -> None:
        self.count = 0
        self.least = math.inf
        self.most = 0.0
        self.last = -1.0  # as none is

    def note(self, units: float) -> None:
        self.last = units
        self.least = min(self.least, units)
        self.most = max(self.most, units)

    def take(self) -> tuple[int, float, float]:
        taken = self.count, self.least, self.most
        self.count, self.least, self.most, self.last = 0, math.inf, 0.0, -1.0
        return taken


class Meter:
    """Of one table or one global index, in this process."""

    __slots__ = (
        "account",
        "definition",
        "index",
        "read_charges",
        "read_throttles",
        "read_units",
        "reads",
        "region",
        "space",
        "table",
        "throttled",
        "throttled_by",
        "watch",
        "write_charges",
        "write_throttles",
        "write_units",
        "writes",
    )

    def __init__(self, table: Table, index: Index | None) -> None:
        self.account = table.account
        self.region = table.region
        self.table = table.name
        self.index = None if index is None else index.name
        self.space = table.space if index is None else index.space
        self.definition: Table | None = None  # by which the budgets were made
        self.read_units = 0.0
        self.write_units = 0.0
        self.read_charges = Charges()
        self.write_charges = Charges()
        self.read_throttles = 0
        self.write_throttles = 0
        self.throttled: dict[str, int] = {}  # by reason, such as TableReadProvisionedThroughputExceeded
        self.throttled_by: dict[tuple[str, str], int] = {}  # by reason and operation
        self.reads: Budget | None = None  # None where nothing limits them
        self.writes: Budget | None = None
        self.watch: Watch | None = None  # while somebody wants to know the keys

    def read(self, units: float, partition: bytes | None = None, sort: bytes | None = None) -> None:
        """Charge what a read cost. `partition` is that of the row, for the limit of a single key; it and `sort` are for
        who watches keys."""
        self.read_units += units
        charges = self.read_charges
        charges.count += 1
        if units != charges.last:
            charges.note(units)
        if self.reads is not None:
            self.reads.charge(units, partition)
        if self.watch is not None and partition is not None:
            self.watch.access(partition, sort, units)

    def write(self, units: float, partition: bytes | None = None, sort: bytes | None = None) -> None:
        self.write_units += units
        charges = self.write_charges
        charges.count += 1
        if units != charges.last:
            charges.note(units)
        if self.writes is not None:
            self.writes.charge(units, partition)
        if self.watch is not None and partition is not None:
            self.watch.access(partition, sort, WRITE_WEIGHT * units)

    def read_refusal(self, partition: bytes | None, pending: float = 0.0) -> str | None:
        """What keeps a read out now: the kind of a limit; None if nothing does."""
        return None if self.reads is None else self.reads.refusal(partition, pending)

    def write_refusal(self, partition: bytes | None, pending: float = 0.0) -> str | None:
        return None if self.writes is None else self.writes.refusal(partition, pending)

    def count_throttle(self, kind: str, operation: str, *, write: bool) -> str:
        """Count a refusal; returns its reason, one of the service's sixteen."""
        if write:
            self.write_throttles += 1
        else:
            self.read_throttles += 1
        reason = f"{'Table' if self.index is None else 'Index'}{'Write' if write else 'Read'}{kind}"
        self.throttled[reason] = self.throttled.get(reason, 0) + 1
        by = reason, operation
        self.throttled_by[by] = self.throttled_by.get(by, 0) + 1
        return reason


LimitsOf = Callable[[Table, Index | None], Limits]


def unlimited(_table: Table, _index: Index | None) -> Limits:
    return NO_LIMITS


class Meters:
    """Of all tables and global indexes that this process has served. Without `limits` nothing is ever refused."""

    def __init__(self, clock: Clock = system_clock, limits: LimitsOf = unlimited) -> None:
        self._clock = clock
        self._limits = limits
        self._meters: dict[int, Meter] = {}
        self._shared: dict[tuple[str, str, bool], Bucket] = {}
        self._doomed: set[int] = set()
        self.levels: dict[int, Level] = {}
        """What earlier processes left, by space: meters that are made later go on from there."""

    def of(self, table: Table) -> Meter:
        meter = self._meters.get(table.space)
        if meter is None or meter.definition is not table:
            meter = self._follow(meter, table, None)
        return meter

    def of_index(self, table: Table, index: Index) -> Meter:
        """The meter of a global index of `table`."""
        meter = self._meters.get(index.space)
        if meter is None or meter.definition is not table:
            meter = self._follow(meter, table, index)
        return meter

    def find(self, space: int) -> Meter | None:
        return self._meters.get(space)

    def all(self) -> Iterator[Meter]:
        return iter(tuple(self._meters.values()))

    def follow(self, table: Table) -> None:
        """Hold to a definition that has changed now, and not only from the next request on: units are saved by it from
        now on."""
        used = table.becomes or table
        if used.space in self._meters:
            self.of(used)
        for index in used.indexes:
            if index.space in self._meters and not index.local:
                self.of_index(used, index)

    def refresh(self) -> None:
        """Ask anew for the limits of every meter, as soon as each is used again."""
        for meter in self._meters.values():
            meter.definition = None

    def prune(self, spaces: Collection[int]) -> None:
        """Forget the meters of all other spaces, each the second time it is not among them: until then whoever drains
        them has seen their last figures."""
        gone = {space for space in self._meters if space not in spaces}
        for space in gone & self._doomed:
            del self._meters[space]
        for space in [space for space in self.levels if space not in spaces]:
            del self.levels[space]
        self._doomed = gone - self._doomed

    def _follow(self, meter: Meter | None, table: Table, index: Index | None) -> Meter:
        """Hold the meter to what its table says now. The units that were saved stay."""
        limits = self._limits(table, index)
        if meter is None:
            meter = Meter(table, index)
            self._meters[meter.space] = meter
        meter.reads = self._budget(meter, limits.reads, limits.read_keys, write=False)
        meter.writes = self._budget(meter, limits.writes, limits.write_keys, write=True)
        meter.definition = table
        return meter

    def _budget(self, meter: Meter, limits: tuple[Limit, ...], keys: float | None, *, write: bool) -> Budget | None:
        if not limits and keys is None:
            return None
        now = self._clock()
        old = meter.writes if write else meter.reads
        if old is not None:
            old.settle()
        known = {bucket.kind: bucket for bucket in old.buckets} if old is not None else {}
        buckets: list[Bucket] = []
        for limit in limits:
            bucket = self._share(meter, write=write) if limit.shared else known.get(limit.kind)
            if bucket is None:
                bucket = Bucket(limit.kind, limit.rate, limit.seconds, now)
                if limit.shared:
                    self._shared[meter.account, meter.region, write] = bucket
                elif meter.definition is None and not buckets:
                    self._restore(bucket, meter.space, now, write=write)
            bucket.change(limit.rate, limit.seconds, now)
            buckets.append(bucket)
        rates = old.keys if old is not None and old.keys is not None else None
        if rates is None and keys is not None:
            rates = KeyRates(keys)
        spent = 0.0 if old is None else old.spent
        return Budget(tuple(buckets), rates if keys is not None else None, self._clock, spent)

    def _share(self, meter: Meter, *, write: bool) -> Bucket | None:
        return self._shared.get((meter.account, meter.region, write))

    def _restore(self, bucket: Bucket, space: int, now: float, *, write: bool) -> None:
        level = self.levels.get(space)
        if level is not None:
            units = level.write if write else level.read
            if units is not None:
                bucket.restore(units, level.time, now)
