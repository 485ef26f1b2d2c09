"""How the Kinesis destinations of a table may change."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from stator.errors import ValidationException
from stator.model.table import Destination, Status, Table
from stator.tables.destinations import (
    ACTIVE,
    DISABLED,
    DISABLING,
    ENABLE_FAILED,
    ENABLING,
    KEPT_MAX,
    READER,
    UPDATING,
    describe,
    disable,
    enable,
    live,
    settle,
    update,
)

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"
STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "


def having(make_table: Callable[..., Table], status: str, precision: str | None = None) -> Table:
    return make_table(destinations=(Destination(STREAM, status, 1.0, precision),), journal_readers=(READER,))


def refusal(change: Callable[[], object]) -> str:
    with pytest.raises(ValidationException) as caught:
        change()
    return caught.value.message


@pytest.mark.parametrize("status", [ENABLING, ACTIVE, UPDATING, DISABLING])
def test_nothing_is_enabled_beside_a_live_one(make_table: Callable[..., Table], status: str) -> None:
    table = having(make_table, status)
    for stream in (STREAM, f"{STREAM}-2"):
        assert refusal(lambda stream=stream: enable(table, stream, None, 2.0)) == (  # type: ignore[misc]
            f"{STATE}EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
        )


@pytest.mark.parametrize("status", [DISABLED, ENABLE_FAILED])
def test_enabling_again_begins_anew(make_table: Callable[..., Table], status: str) -> None:
    table = enable(having(make_table, status, "MICROSECOND"), STREAM, None, 2.0)
    assert table.destinations == (Destination(STREAM, ENABLING, 2.0),)
    assert table.journaled


def test_the_list_does_not_grow_without_end(make_table: Callable[..., Table]) -> None:
    table = make_table()
    for number in range(KEPT_MAX + 5):
        table = enable(table, f"{STREAM}-{number}", None, float(number))
        found = live(table)
        assert found is not None
        table = settle(table, found, ENABLE_FAILED, "no")
    assert len(table.destinations) == KEPT_MAX
    assert table.destinations[0].stream_arn == f"{STREAM}-{KEPT_MAX + 4}"
    assert table.journal_readers == ()


@pytest.mark.parametrize("status", [ENABLING, UPDATING, DISABLING, DISABLED, ENABLE_FAILED])
def test_only_an_active_one_changes(make_table: Callable[..., Table], status: str) -> None:
    table = having(make_table, status)
    assert refusal(lambda: disable(table, STREAM, 2.0)) == (
        f"{STATE}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
    )
    assert refusal(lambda: update(table, STREAM, "MICROSECOND", 2.0)) == (
        f"{STATE}Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
        f"TableName: {table.name}, kdsArn: {STREAM}"
    )


def test_updates_that_change_nothing(make_table: Callable[..., Table]) -> None:
    table = having(make_table, ACTIVE)
    assert refusal(lambda: update(table, STREAM, None, 2.0)) == (
        "Streaming destination cannot be updated with given parameters: "
        "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
    )
    assert refusal(lambda: update(table, STREAM, "MILLISECOND", 2.0)) == (
        f"Invalid Request: Precision is already set to the desired value of MILLISECOND for tableId: {table.id}, "
        f"kdsArn: {STREAM}"
    )
    assert refusal(lambda: update(table, f"{STREAM}-2", "MICROSECOND", 2.0)).endswith(
        f"No streaming destination with streamArn: {STREAM}-2 found for table with tableName: {table.name}"
    )


def test_a_whole_life(make_table: Callable[..., Table]) -> None:
    table = enable(make_table(), STREAM, None, 1.0)
    table = settle(table, table.destinations[0], ACTIVE)
    table = update(table, STREAM, "MICROSECOND", 2.0)
    assert describe(table) == [
        {
            "StreamArn": STREAM,
            "DestinationStatus": "UPDATING",
            "ApproximateCreationDateTimePrecision": "MICROSECOND",
        }
    ]
    table = settle(table, table.destinations[0], ACTIVE)
    table = disable(table, STREAM, 3.0)
    assert table.journaled
    table = settle(table, table.destinations[0], DISABLED)
    assert not table.journaled
    assert [each["DestinationStatus"] for each in describe(table)] == ["DISABLED"]


def test_what_changed_meanwhile_is_not_settled(make_table: Callable[..., Table]) -> None:
    before = having(make_table, UPDATING)
    now = having(make_table, DISABLING)
    assert settle(now, before.destinations[0], ACTIVE) == now


def test_a_table_that_is_updated_keeps_its_destination(make_table: Callable[..., Table]) -> None:
    plain = make_table()
    table = replace(plain, status=Status.UPDATING, settles_at=9.0, becomes=replace(plain, deletion_protection=True))
    enabled = enable(table, STREAM, None, 1.0)
    assert enabled.becomes is not None
    assert enabled.becomes.destinations == enabled.destinations
    assert enabled.becomes.journaled
