"""Throughput: what the tables and indexes of this server may do, and what those are told who ask for more."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from stator.config import THROTTLING
from stator.errors import (
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
    WireError,
)
from stator.items.capacity import read_units
from stator.limits import (
    ACCOUNT_CAPACITY_UNITS_MAX,
    PARTITION_READ_UNITS_MAX,
    PARTITION_WRITE_UNITS_MAX,
    TABLE_CAPACITY_UNITS_MAX,
)
from stator.metrics.bucket import ACCOUNT, BURST_SECONDS, KEY_RANGE, MAX_ON_DEMAND, PROVISIONED
from stator.metrics.meter import NO_LIMITS, Limit, Limits, Meter, Meters
from stator.model.table import Index, Table
from stator.storage.store import Key
from stator.tables.warm import warm_of

ACCOUNT_TOTAL: Final = "AccountTotal"
"""Of what all on-demand tables of an account and region do together."""

_, _ALL, _OFF = THROTTLING

_TRANSACTION_FACTOR = 2  # each read of a transaction costs as two, and at least as two of one unit
_AT_ONCE_SECONDS = 1.0  # what is not used of an on-demand table's capacity is lost

_PROVISIONED_TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
_PROVISIONED_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
    "UpdateTable API."
)
_ON_DEMAND_TABLE = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html."
)
_ON_DEMAND_INDEX = (
    "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically "
    "scaling your index so please try again shortly."
)
_MAXIMUM = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
_ACCOUNT = (
    "Throughput exceeds the current throughput limit for your account. Please contact AWS Support at "
    "https://aws.amazon.com/support to request a limit increase"
)


THROTTLES: Final = (ProvisionedThroughputExceededException, RequestLimitExceeded, ThrottlingException)
"""Of a request that was not let in, and cost nothing."""


class Peak(NamedTuple):
    """The most that an on-demand table or index did before, in units a second."""

    read: float = 0.0
    write: float = 0.0


_NO_PEAK = Peak()


class Allowance:
    """What holds for a table or index, by its definition, the setting `throttling` and what it did before."""

    __slots__ = ("_mode", "_peaks")

    def __init__(self, mode: str, peaks: Mapping[int, Peak]) -> None:
        self._mode = mode
        self._peaks = peaks  # by space

    def __call__(self, table: Table, index: Index | None) -> Limits:
        if self._mode == _OFF:
            return NO_LIMITS
        part: Table | Index = table if index is None else index
        if table.on_demand:
            return self._on_demand(table, part)
        return Limits(
            _limit(PROVISIONED, part.throughput.read),
            _limit(PROVISIONED, part.throughput.write),
            PARTITION_READ_UNITS_MAX,
            PARTITION_WRITE_UNITS_MAX,
        )

    def _on_demand(self, table: Table, part: Table | Index) -> Limits:
        maxima = part.on_demand_throughput
        reads = _limit(MAX_ON_DEMAND, maxima.read_max if maxima else None)
        writes = _limit(MAX_ON_DEMAND, maxima.write_max if maxima else None)
        if self._mode != _ALL:
            return Limits(reads, writes)
        served = served_at_once(table, part, self._peaks.get(part.space, _NO_PEAK))
        return Limits(
            (*reads, *_bearable(served.read)),
            (*writes, *_bearable(served.write)),
            PARTITION_READ_UNITS_MAX,
            PARTITION_WRITE_UNITS_MAX,
        )


def served_at_once(table: Table, part: Table | Index, peak: Peak) -> Peak:
    """What an on-demand table or index serves without warning: its warm throughput, or twice its previous peak."""
    warm = warm_of(table, part)
    return Peak(max(warm.read, 2 * peak.read), max(warm.write, 2 * peak.write))


def _limit(kind: str, rate: float | None) -> tuple[Limit, ...]:
    return (Limit(kind, rate, BURST_SECONDS),) if rate else ()


def _bearable(rate: float) -> tuple[Limit, ...]:
    kind = ACCOUNT if rate >= TABLE_CAPACITY_UNITS_MAX else KEY_RANGE
    return (
        Limit(kind, min(rate, TABLE_CAPACITY_UNITS_MAX), _AT_ONCE_SECONDS),
        Limit(ACCOUNT_TOTAL, ACCOUNT_CAPACITY_UNITS_MAX, _AT_ONCE_SECONDS, shared=True),
    )


def read_meter(meters: Meters, table: Table, index: Index | None) -> Meter:
    """Whose capacity a read of the index, or of the table, takes."""
    return meters.of(table) if index is None or index.local else meters.of_index(table, index)


def check_read(
    meter: Meter, table: Table, partition: bytes | None, operation: str, *, sort: bytes | None = None
) -> None:
    """Raise unless there is capacity for a read of `table`, or of the global index that the meter is of. `sort` is for
    who watches keys."""
    kind = meter.read_refusal(partition)
    if kind is not None:
        if meter.watch is not None and partition is not None:
            meter.watch.refuse(partition, sort)
        raise throttled(meter, table, kind, operation, write=False)


def check_write(
    meter: Meter,
    table: Table,
    partition: bytes | None,
    operation: str,
    pending: float = 0.0,
    *,
    sort: bytes | None = None,
) -> None:
    """The same for a write. `pending`: units that were let in and are yet to be charged."""
    kind = meter.write_refusal(partition, pending)
    if kind is not None:
        if meter.watch is not None and partition is not None:
            meter.watch.refuse(partition, sort)
        raise throttled(meter, table, kind, operation, write=True)


class ReadTill:
    """Reads of single items of a table by one request: lets each in while there is capacity, and keeps the error of
    the first that there was none for."""

    __slots__ = ("_meter", "_operation", "_table", "refusal")

    def __init__(self, meters: Meters, table: Table, operation: str) -> None:
        self._meter = meters.of(table)
        self._table = table
        self._operation = operation
        self.refusal: WireError | None = None

    def admits(self, key: Key) -> bool:
        try:
            check_read(self._meter, self._table, key.partition, self._operation, sort=key.sort)
        except WireError as error:
            self.refusal = self.refusal or error
            return False
        return True

    def charge(self, key: Key, units: float) -> None:
        self._meter.read(units, key.partition, key.sort)


def check_reads(meters: Meters, keys: Sequence[Key], tables: Sequence[Table], operation: str) -> dict[int, WireError]:
    """The reads of a transaction that there is no capacity for, by their positions."""
    refused: dict[int, WireError] = {}
    pending: Counter[int] = Counter()
    for position, (key, table) in enumerate(zip(keys, tables, strict=True)):
        meter = meters.of(table)
        kind = meter.read_refusal(key.partition, pending[table.space])
        pending[table.space] += _TRANSACTION_FACTOR
        if kind is not None:
            if meter.watch is not None:
                meter.watch.refuse(key.partition, key.sort)
            refused[position] = throttled(meter, table, kind, operation, write=False)
    return refused


def charge_reads(meters: Meters, keys: Sequence[Key], tables: Sequence[Table], sizes: Iterable[int]) -> None:
    """Charge the reads of a transaction, of items of so many bytes, 0 for those absent."""
    for key, table, size in zip(keys, tables, sizes, strict=True):
        units = _TRANSACTION_FACTOR * read_units(size, consistent=True)
        meters.of(table).read(units, key.partition, key.sort)


def charge_page(
    meters: Meters, table: Table, table_units: float, index_units: Mapping[str, float], partition: bytes | None
) -> None:
    """Charge a page of a table, a local or a global index."""
    units = table_units
    for index in table.indexes:
        used = index_units.get(index.name)
        if used is not None:
            if index.local:
                units += used
            else:
                meters.of_index(table, index).read(used, partition)
    if units:
        meters.of(table).read(units, partition)


def throttled(meter: Meter, table: Table, kind: str, operation: str, *, write: bool) -> WireError:
    """Count the refusal and word it."""
    reason = meter.count_throttle(ACCOUNT if kind == ACCOUNT_TOTAL else kind, operation, write=write)
    resource = table.arn if meter.index is None else f"{table.arn}/index/{meter.index}"
    reasons = [{"reason": reason, "resource": resource}]
    if kind == ACCOUNT_TOTAL:
        return RequestLimitExceeded(_ACCOUNT, ThrottlingReasons=reasons)
    if not table.on_demand:
        text = _PROVISIONED_TABLE if meter.index is None else _PROVISIONED_INDEX
        return ProvisionedThroughputExceededException(text, ThrottlingReasons=reasons)
    if kind == MAX_ON_DEMAND:
        return ThrottlingException(_MAXIMUM, throttlingReasons=reasons)
    text = _ON_DEMAND_TABLE if meter.index is None else _ON_DEMAND_INDEX
    return ThrottlingException(text, throttlingReasons=reasons)
