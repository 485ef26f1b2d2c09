"""How much capacity a table and an account may have: what DescribeLimits tells."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stator.errors import LimitExceededException
from stator.limits import ACCOUNT_CAPACITY_UNITS_MAX, TABLE_CAPACITY_UNITS_MAX
from stator.model.table import Index, OnDemandThroughput, Table, WarmThroughput

_SEE = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
_NO_MAXIMA = OnDemandThroughput()
_NO_WARM = WarmThroughput(0, 0)


class _Part(NamedTuple):
    """A table, or a global index by its name, with what it has of each kind: (reads, writes)."""

    name: str | None
    units: tuple[int, int]
    maxima: tuple[int, int]
    warm: tuple[int, int]


def check_quota(before: Table | None, after: Table, others: Iterable[Table]) -> None:
    """Raise LimitExceededException where a change asks for more than a table, an index or the account may have. What
    is there already may stay. `others` are the other tables of all accounts."""
    old = {part.name: part for part in _parts(before)} if before is not None else {}
    for part in _parts(after):
        _check_part(old.get(part.name, _Part(part.name, (0, 0), (0, 0), (0, 0))), part, after.region)
    current: tuple[int, int] | None = None
    for side, name in enumerate(("ReadCapacityUnits", "WriteCapacityUnits")):
        had, wants = (sum(part.units[side] for part in parts) for parts in (old.values(), _parts(after)))
        if wants <= had:
            continue
        if current is None:
            current = _reserved(after, others)
        if current[side] + wants > ACCOUNT_CAPACITY_UNITS_MAX:
            raise LimitExceededException(
                f"This request would have caused the {name} limit to be exceeded for the account in {after.region}. "
                f"Current {name} reserved by the account: {current[side] + had}. Limit: {ACCOUNT_CAPACITY_UNITS_MAX}. "
                f"Requested: {wants - had}. {_SEE}"
            )


def _parts(table: Table) -> Iterator[_Part]:
    yield _part(None, table)
    for index in table.indexes:
        if not index.local:
            yield _part(index.name, index)


def _part(name: str | None, of: Table | Index) -> _Part:
    maxima, warm = of.on_demand_throughput or _NO_MAXIMA, of.warm_throughput or _NO_WARM
    return _Part(
        name,
        (of.throughput.read, of.throughput.write),
        (maxima.read_max or 0, maxima.write_max or 0),
        (warm.read, warm.write),
    )


def _check_part(old: _Part, new: _Part, region: str) -> None:
    index = new.name
    for side, name in enumerate(("Read", "Write")):
        if old.units[side] < new.units[side] > TABLE_CAPACITY_UNITS_MAX:
            whose, each = (f" for index {index}", "index") if index else ("", "table")
            raise LimitExceededException(
                f"The requested {name}CapacityUnits{whose}, {new.units[side]}, is above the per "
                f"{each} maximum for the account in {region}. Per {each} maximum: {TABLE_CAPACITY_UNITS_MAX}. {_SEE}"
            )
    for side, name in enumerate(("Read", "Write")):
        wanted = (
            (f"Max{name}RequestUnits for OnDemandThroughput", f"index : {index}", old.maxima, new.maxima),
            (f"{name}UnitsPerSecond for WarmThroughput", f"index {index}", old.warm, new.warm),
        )
        for what, which, had, wants in wanted:
            if had[side] < wants[side] > TABLE_CAPACITY_UNITS_MAX:
                raise LimitExceededException(
                    f"Subscriber limit exceeded: Requested {what} for {which if index else 'table'} exceeds "
                    f"TableMax{name}CapacityUnits of the account in region {region}"
                )


def _reserved(table: Table, others: Iterable[Table]) -> tuple[int, int]:
    """What the other tables of the same account and region have."""
    read = write = 0
    for other in others:
        if (other.account, other.region) == (table.account, table.region) and other.name != table.name:
            for part in _parts(other):
                read, write = read + part.units[0], write + part.units[1]
    return read, write
