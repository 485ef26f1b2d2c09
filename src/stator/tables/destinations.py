"""The Kinesis streaming destinations of a table and how they may change.

At most one is live; those that are DISABLED or ENABLE_FAILED stay in the list. An operation writes ENABLING, UPDATING
or DISABLING, `services.kinesis_courier` what comes after it. While one is live the table needs its journal. Rules and
texts are the service's, as captured from it in October 2026.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from stator.errors import ValidationException
from stator.model.table import Destination, Table
from stator.tables.journaling import release, require
from stator.tables.lifecycle import amend

READER = "kinesis"
MILLISECOND, MICROSECOND = "MILLISECOND", "MICROSECOND"
ENABLING, ACTIVE, UPDATING = "ENABLING", "ACTIVE", "UPDATING"
DISABLING, DISABLED, ENABLE_FAILED = "DISABLING", "DISABLED", "ENABLE_FAILED"

KEPT_MAX = 20
"""Destinations that a table remembers. The definition of a table must not grow without end."""

_OVER = (DISABLED, ENABLE_FAILED)
_STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "


def live(table: Table) -> Destination | None:
    """The destination that is not over."""
    return next((each for each in table.destinations if each.status not in _OVER), None)


def enable(table: Table, stream_arn: str, precision: str | None, now: float) -> Table:
    """The table with that destination ENABLING. Raises ValidationException while any is live."""
    if live(table) is not None:
        raise ValidationException(
            f"{_STATE}EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
        )
    begun = Destination(stream_arn, ENABLING, now, precision)

    def add(each: Table) -> Table:
        others = [other for other in each.destinations if other.stream_arn != stream_arn]
        return replace(each, destinations=(begun, *others[: KEPT_MAX - 1]))

    return require(amend(table, add), READER)


def disable(table: Table, stream_arn: str, now: float) -> Table:
    """The table with that destination DISABLING. Raises ValidationException unless it is ACTIVE."""
    found = live(table)
    if found is None or found.stream_arn != stream_arn or found.status != ACTIVE:
        raise ValidationException(f"{_STATE}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
    return _change(table, stream_arn, lambda each: replace(each, status=DISABLING, changed=now))


def update(table: Table, stream_arn: str, precision: str | None, now: float) -> Table:
    """The table with that destination UPDATING to a precision. Raises ValidationException unless it is ACTIVE with
    another one."""
    if precision is None:
        raise ValidationException(
            "Streaming destination cannot be updated with given parameters: "
            "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
        )
    found = next((each for each in table.destinations if each.stream_arn == stream_arn), None)
    if found is None:
        raise ValidationException(
            f"{_STATE}No streaming destination with streamArn: {stream_arn} found for table with "
            f"tableName: {table.name}"
        )
    if found.status != ACTIVE:
        raise ValidationException(
            f"{_STATE}Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
            f"TableName: {table.name}, kdsArn: {stream_arn}"
        )
    if precision == (found.precision or MILLISECOND):
        raise ValidationException(
            f"Invalid Request: Precision is already set to the desired value of {precision} "
            f"for tableId: {table.id}, kdsArn: {stream_arn}"
        )
    return _change(table, stream_arn, lambda each: replace(each, status=UPDATING, precision=precision, changed=now))


def settle(table: Table, before: Destination, status: str, description: str | None = None) -> Table:
    """The table once what was asked for `before` has been done or has failed; as it is when that changed meanwhile."""
    if before not in table.destinations:
        return table
    settled = _change(table, before.stream_arn, lambda each: replace(each, status=status, description=description))
    return release(settled, READER) if status in _OVER else settled


def describe(table: Table) -> list[dict[str, Any]]:
    """KinesisDataStreamDestinations."""
    return [_describe(each) for each in table.destinations]


def precision_of(configuration: Mapping[str, Any] | None) -> str | None:
    """What either configuration of a request says."""
    if configuration is None:
        return None
    precision: str | None = configuration.get("ApproximateCreationDateTimePrecision")
    return precision


def echo(precision: str | None) -> dict[str, str]:
    """The configuration as replies tell it."""
    return {} if precision is None else {"ApproximateCreationDateTimePrecision": precision}


def _describe(destination: Destination) -> dict[str, Any]:
    described = {"StreamArn": destination.stream_arn, "DestinationStatus": destination.status}
    if destination.description is not None:
        described["DestinationStatusDescription"] = destination.description
    return described | echo(destination.precision)


def _change(table: Table, stream_arn: str, change: Callable[[Destination], Destination]) -> Table:
    return amend(
        table,
        lambda each: replace(
            each,
            destinations=tuple(
                change(other) if other.stream_arn == stream_arn else other for other in each.destinations
            ),
        ),
    )
