"""What can be scaled: the reads or the writes of a table or of a global index, and how Application Auto Scaling names
them. Pure.
"""

import re
from typing import Final, NamedTuple

from stator.limits import DAY_SECONDS
from stator.model.table import Index, Table, Throughput
from stator.tables.throughput import SECONDS_AN_HOUR

NAMESPACE: Final = "dynamodb"
READ, WRITE = "read", "write"

_RESOURCE = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})(?:/index/([a-zA-Z0-9_.-]{3,255}))?")
_DIMENSIONS: Final = {
    "dynamodb:table:ReadCapacityUnits": (False, READ),
    "dynamodb:table:WriteCapacityUnits": (False, WRITE),
    "dynamodb:index:ReadCapacityUnits": (True, READ),
    "dynamodb:index:WriteCapacityUnits": (True, WRITE),
}


class Resource(NamedTuple):
    """`index` is None for the table itself; `unit` is "read" or "write"."""

    table: str
    index: str | None  # type: ignore[assignment]  # a tuple's own `index` is of no use here
    unit: str

    @property
    def id(self) -> str:
        return f"table/{self.table}" if self.index is None else f"table/{self.table}/index/{self.index}"

    @property
    def dimension(self) -> str:
        kind = "table" if self.index is None else "index"
        return f"dynamodb:{kind}:{self.unit.capitalize()}CapacityUnits"

    @property
    def dimensions(self) -> dict[str, str]:
        """Of the metrics that tell of it."""
        index = {} if self.index is None else {"GlobalSecondaryIndexName": self.index}
        return {"TableName": self.table} | index


def parse_resource(resource_id: str, dimension: str) -> Resource | None:
    """The resource that a ResourceId and a ScalableDimension name together; None if they name none."""
    found = _RESOURCE.fullmatch(resource_id)
    kind = _DIMENSIONS.get(dimension)
    if found is None or kind is None or kind[0] != (found[2] is not None):
        return None
    return Resource(found[1], found[2], kind[1])


def throughput_of(table: Table | None, index: str | None) -> Throughput | None:
    """What is provisioned for a table or a global index of it, or will be once a change has settled; None where there
    is no such thing, or it is on demand."""
    after = None if table is None else table.becomes or table
    if after is None or after.on_demand:
        return None
    if index is None:
        return after.throughput
    found = global_index(after, index)
    return None if found is None else found.throughput


def capacity_of(table: Table | None, resource: Resource) -> int | None:
    throughput = throughput_of(table, resource.index)
    if throughput is None:
        return None
    return throughput.read if resource.unit == READ else throughput.write


def global_index(table: Table, name: str) -> Index | None:
    found = table.index(name)
    return None if found is None or found.local else found


def next_decrease(last: float | None, now: float) -> float:
    """When a table that refused to be lowered may take it: an hour after the last time, or on the next day."""
    midnight = (now // DAY_SECONDS + 1) * DAY_SECONDS
    return midnight if last is None else max(now, min(last + SECONDS_AN_HOUR, midnight))
