"""What is counted while requests are answered: how many, how long they took, how they were refused, what they returned.

On the path of every request, so plain slots and dictionaries. Whoever drains it takes the dictionaries away and leaves
empty ones: nothing here grows with time.
"""

from collections.abc import Iterator
from itertools import chain
from math import frexp
from typing import Final, NamedTuple

from stator.metrics.series import NAMESPACE, Point, Series

KEYS_MAX = 20_000
"""Of what is counted between two drains. What comes on top of that is not counted: strangers may name any account."""

DATA_OPERATIONS: Final = frozenset(
    {
        "BatchExecuteStatement",
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "ExecuteStatement",
        "ExecuteTransaction",
        "GetItem",
        "GetRecords",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
"""The values that CloudWatch knows of the dimension Operation."""

THROTTLED: Final = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingError", "ThrottlingException"}
)
_CONDITION = "ConditionalCheckFailedException"
_CONFLICT = "TransactionConflictException"

Tables = str | tuple[str, ...] | None
"""The table of a request as the request names it, those of one that goes to several, or None. A stream is named
`TABLE/stream/LABEL`, as in its ARN."""


class Sample(NamedTuple):
    """What was seen of one series since the last drain."""

    account: str
    region: str
    series: Series
    point: Point


class Tally:
    __slots__ = ("count", "histogram", "maximum", "minimum", "sum")

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self.minimum = float("inf")
        self.maximum = float("-inf")
        self.histogram: dict[int, int] = {}

    def add(self, value: float) -> None:
        self.count += 1
        self.sum += value
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value


class Recorder:
    """`requests` counts by operation all that were answered, refusals among them, since the start; `lost` what had no
    room."""

    __slots__ = ("_latencies", "_tallies", "lost", "requests")

    def __init__(self) -> None:
        self.requests: dict[str, int] = {}
        self.lost = 0
        # Latencies in milliseconds by (account, region, tables, operation).
        self._latencies: dict[tuple[str, str, Tables, str], Tally] = {}
        # All else by (account, region, name, dimensions).
        self._tallies: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], Tally] = {}

    def served(self, account: str, region: str, table: Tables, operation: str, seconds: float) -> None:
        """A request that succeeded."""
        try:
            self.requests[operation] += 1
        except KeyError:
            self.requests[operation] = 1
        key = (account, region, table, operation)
        tally = self._latencies.get(key)
        if tally is None:
            if len(self._latencies) >= KEYS_MAX:
                self.lost += 1
                return
            tally = self._latencies[key] = Tally()
        milliseconds = seconds * 1000
        if milliseconds < 0.001:
            milliseconds = 0.001
        tally.count += 1
        tally.sum += milliseconds
        if milliseconds < tally.minimum:
            tally.minimum = milliseconds
        if milliseconds > tally.maximum:
            tally.maximum = milliseconds
        fraction, exponent = frexp(milliseconds)  # `series.bucket`, without the call
        at = exponent * 16 + int(fraction * 32) - 16
        histogram = tally.histogram
        if at in histogram:
            histogram[at] += 1
        else:
            histogram[at] = 1

    def refused(self, account: str, region: str, table: Tables, operation: str, *, status: int, code: str) -> None:
        """A request that failed. Account and region are empty where it never came to be known who asked."""
        self.requests[operation] = self.requests.get(operation, 0) + 1
        if not account:
            return
        names = table if isinstance(table, tuple) else (table,)
        if code in THROTTLED:
            self._count_each("ThrottledRequests", account, region, names, operation)
            return
        if status >= 500:
            self._count_each("SystemErrors", account, region, names, operation)
            return
        if code == _CONDITION:
            self.count(account, region, "ConditionalCheckFailedRequests", table=table)
            return
        if code == _CONFLICT:
            self.count(account, region, "TransactionConflict", table=table)
        self.count(account, region, "UserErrors")

    def returned(self, account: str, region: str, table: Tables, operation: str, items: int, *, size: int = 0) -> None:
        """What a Query, a Scan or the SELECT of a statement returned; of GetRecords records and their bytes."""
        if operation == "GetRecords":
            self.count(account, region, "ReturnedRecordsCount", items, table=table, operation=operation)
            self.count(account, region, "ReturnedBytes", size, table=table, operation=operation)
        else:
            self.count(account, region, "ReturnedItemCount", items, table=table, operation=operation)

    def count(
        self,
        account: str,
        region: str,
        name: str,
        value: float = 1.0,
        *,
        table: Tables = None,
        operation: str | None = None,
        index: str | None = None,
    ) -> None:
        """A sample of any other metric."""
        self.note(account, region, name, _dimensions(table, operation, index), value)

    def note(self, account: str, region: str, name: str, dimensions: tuple[tuple[str, str], ...], value: float) -> None:
        """The same with its dimensions, sorted by name."""
        key = (account, region, name, dimensions)
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= KEYS_MAX:
                self.lost += 1
                return
            tally = self._tallies[key] = Tally()
        tally.add(value)

    def drain(self, time: float) -> Iterator[Sample]:
        """All since the last drain, as points of `time`. What comes after the call belongs to the next one."""
        latencies, self._latencies = self._latencies, {}
        tallies, self._tallies = self._tallies, {}
        return chain(_latency_samples(latencies, time), _tally_samples(tallies, time))

    def _count_each(self, name: str, account: str, region: str, tables: tuple[str | None, ...], operation: str) -> None:
        for table in tables:
            self.count(account, region, name, table=table, operation=operation)


def plain_table(table: str) -> tuple[str, str | None]:
    """The name of a table, and the label of its stream if that is meant, of an ARN or a name."""
    if table.startswith("arn:"):
        table = table.partition(":table/")[2]
    name, _, label = table.partition("/stream/")
    return name.partition("/")[0], label or None


def _dimensions(table: Tables, operation: str | None, index: str | None) -> tuple[tuple[str, str], ...]:
    """Sorted by name. Only the first of several tables counts."""
    name = (table[0] if table else None) if isinstance(table, tuple) else table
    label = None
    if name is not None and ("/" in name or ":" in name):
        name, label = plain_table(name)
    named = [] if index is None else [("GlobalSecondaryIndexName", index)]
    if operation is not None:
        named.append(("Operation", operation))
    if label is not None:
        named.append(("StreamLabel", label))
    if name is not None:
        named.append(("TableName", name))
    return tuple(named)


def _latency_samples(latencies: dict[tuple[str, str, Tables, str], Tally], time: float) -> Iterator[Sample]:
    for (account, region, tables, operation), tally in latencies.items():
        if tables is None or operation not in DATA_OPERATIONS:
            continue
        for table in tables if isinstance(tables, tuple) else (tables,):
            name = Series(NAMESPACE, "SuccessfulRequestLatency", _dimensions(table, operation, None))
            yield Sample(account, region, name, _point(tally, time, tally.histogram))


def _tally_samples(
    tallies: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], Tally], time: float
) -> Iterator[Sample]:
    for (account, region, name, dimensions), tally in tallies.items():
        yield Sample(account, region, Series(NAMESPACE, name, dimensions), _point(tally, time, None))


def _point(tally: Tally, time: float, histogram: dict[int, int] | None) -> Point:
    return Point(time, tally.sum, tally.count, tally.minimum, tally.maximum, histogram)
