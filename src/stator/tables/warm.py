"""Warm throughput: what a table is ready to serve at once. It only grows, and it is never below what is paid for."""

from typing import Any

from stator.errors import ValidationException
from stator.model.table import Index, Table, WarmThroughput

ON_DEMAND = WarmThroughput(read=12_000, write=4_000)  # what a new on-demand table serves at once

_LEAD = "One or more parameter values were invalid: "
_SEE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
)


def warm_of(table: Table, part: Table | Index) -> WarmThroughput:
    """The warm throughput of a table or of one of its indexes: as set, or what its mode brings."""
    floor = ON_DEMAND if table.on_demand else WarmThroughput(part.throughput.read, part.throughput.write)
    if part.warm_throughput is None:
        return floor
    return WarmThroughput(max(part.warm_throughput.read, floor.read), max(part.warm_throughput.write, floor.write))


def check_warm_at_creation(request: dict[str, Any]) -> None:
    """Raise ValidationException where a checked CreateTable request wants less than its mode brings."""
    on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
    _check_creation(request, "table", on_demand)
    for index in request.get("GlobalSecondaryIndexes") or ():
        check_warm_index(index, on_demand=on_demand)


def check_warm_index(request: dict[str, Any], *, on_demand: bool) -> None:
    """The same for one global index, of a new table or of one that is there."""
    _check_creation(request, f"index {request['IndexName']}", on_demand)


def check_grows(wanted: dict[str, int], now: WarmThroughput, what: str) -> None:
    """Raise ValidationException where a request lowers the warm throughput of `what`: `table` or `index I`."""
    for member, units in (("ReadUnitsPerSecond", now.read), ("WriteUnitsPerSecond", now.write)):
        if wanted.get(member, units) < units:
            raise ValidationException(
                f"{_LEAD}Requested {member} for WarmThroughput for {what} is lower than current WarmThroughput, "
                "decreasing WarmThroughput is not supported"
            )


def _check_creation(request: dict[str, Any], what: str, on_demand: bool) -> None:
    wanted = request.get("WarmThroughput") or {}
    provisioned = request.get("ProvisionedThroughput") or {}
    members = (
        ("ReadUnitsPerSecond", "ReadCapacityUnits", ON_DEMAND.read),
        ("WriteUnitsPerSecond", "WriteCapacityUnits", ON_DEMAND.write),
    )
    for member, paid_member, initial in members:
        if member not in wanted:
            continue
        if on_demand and wanted[member] < initial:
            raise ValidationException(
                f"{_LEAD}Requested {member} for WarmThroughput for {what} is lower than initial throughput for "
                f"OnDemand. See: {_SEE}"
            )
        if not on_demand and wanted[member] < provisioned.get(paid_member, 0):
            raise ValidationException(
                f"{_LEAD}Requested {member} for WarmThroughput for {what} is lower than {paid_member} of "
                "ProvisionedThroughput"
            )
