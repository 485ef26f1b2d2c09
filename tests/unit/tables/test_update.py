from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stator.errors import LimitExceededException, ResourceInUseException, ResourceNotFoundException, ValidationException
from stator.model.table import Index, OnDemandThroughput, Status, Stream, Table, Throughput, WarmThroughput
from stator.tables import lifecycle
from stator.tables.catalog import Edit
from stator.tables.update import plan

NOW = 1_750_000_000.0
LATER = NOW + 10
LEAD = "One or more parameter values were invalid: "

Make = Callable[..., Table]


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def update(table: Table, **request: Any) -> Edit:
    return plan(table, {"TableName": table.name} | request, now=NOW, settles_at=LATER)


def settled(edit: Edit) -> Table:
    table = lifecycle.settle(edit.table, LATER)
    assert table is not None
    return table


def index_update(name: str, **members: Any) -> dict[str, Any]:
    return {"Update": {"IndexName": name} | members}


def on_demand_table(make: Make, **members: Any) -> Table:
    table = make(on_demand=True, on_demand_since=1.0, throughput=Throughput(), **members)
    return replace(table, indexes=tuple(replace(index, throughput=Throughput()) for index in table.indexes))


def test_throughput_is_shown_old_until_it_settles(make_table: Make) -> None:
    edit = update(make_table(), ProvisionedThroughput=units(15, 18))
    shown, after = edit.table, settled(edit)
    assert shown.status is Status.UPDATING
    assert shown.settles_at == LATER
    assert shown.throughput == Throughput(5, 6, last_increase=NOW)
    assert after.status is Status.ACTIVE
    assert after.throughput == Throughput(15, 18, last_increase=LATER)
    assert after.settles_at is None


def test_a_decrease_is_counted_when_it_settles(make_table: Make) -> None:
    edit = update(make_table(), ProvisionedThroughput=units(4, 6))
    assert edit.table.throughput == Throughput(5, 6, last_decrease=NOW)
    assert settled(edit).throughput == Throughput(4, 6, last_decrease=LATER, decreases_today=1)


def test_one_up_and_one_down_is_both(make_table: Make) -> None:
    assert settled(update(make_table(), ProvisionedThroughput=units(6, 5))).throughput == Throughput(
        6, 5, LATER, LATER, 1
    )


@pytest.mark.parametrize(
    "count, ago, allowed",
    [
        (3, 1, True),
        (4, 3599, False),
        (4, 3600, True),
        (9, 3600, True),
        (4, 86_400, True),  # another day: the count starts anew
    ],
)
def test_decreases_of_a_day_are_limited(make_table: Make, count: int, ago: int, allowed: bool) -> None:
    table = make_table(throughput=Throughput(5, 6, None, NOW - ago, count))
    if allowed:
        after = settled(update(table, ProvisionedThroughput=units(1, 1))).throughput
        assert after.decreases_today == (1 if ago == 86_400 else count + 1)
        return
    with pytest.raises(
        LimitExceededException, match=r"^Subscriber limit exceeded: .* UTC day\. .* decreases today: 4\."
    ):
        update(table, ProvisionedThroughput=units(1, 1))
    update(table, ProvisionedThroughput=units(9, 9))  # an increase is not


def test_throughput_that_does_not_change(make_table: Make) -> None:
    with pytest.raises(ValidationException) as caught:
        update(make_table(), ProvisionedThroughput=units(5, 6), BillingMode="PROVISIONED")
    assert caught.value.message == (
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. "
        "Current WriteCapacityUnits provisioned for the table: 6. Requested WriteCapacityUnits: 6. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )
    with pytest.raises(ValidationException) as caught:
        update(make_table(), GlobalSecondaryIndexUpdates=[index_update("by-year", ProvisionedThroughput=units(3, 4))])
    assert caught.value.message.startswith("The provisioned throughput for the index by-year will not change. ")
    assert "Current ReadCapacityUnits provisioned for index by-year: 3. " in caught.value.message


def test_to_on_demand(make_table: Make) -> None:
    edit = update(make_table(), BillingMode="PAY_PER_REQUEST")
    shown, after = edit.table, settled(edit)
    assert (shown.on_demand, shown.on_demand_since) == (True, None)
    assert shown.throughput == Throughput(0, 0, last_decrease=NOW)
    assert shown.indexes[0].throughput == Throughput(0, 0)
    assert lifecycle.index_status(shown, shown.indexes[0]) is Status.UPDATING
    assert (after.on_demand, after.on_demand_since) == (True, LATER)
    assert after.throughput == Throughput(0, 0)
    assert after.indexes[0].throughput == Throughput(0, 0, last_decrease=LATER, decreases_today=1)


def test_to_provisioned(make_table: Make) -> None:
    table = on_demand_table(make_table, on_demand_throughput=OnDemandThroughput(5, 5))
    edit = update(
        table,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units(7, 8),
        GlobalSecondaryIndexUpdates=[index_update("by-year", ProvisionedThroughput=units(9, 10))],
    )
    shown, after = edit.table, settled(edit)
    assert (shown.throughput.read, shown.on_demand) == (7, False)
    assert lifecycle.index_status(shown, shown.indexes[0]) is Status.UPDATING
    assert (after.throughput.read, after.throughput.write, after.on_demand, after.on_demand_since) == (7, 8, False, 1.0)
    assert (after.indexes[0].throughput.read, after.indexes[0].throughput.write) == (9, 10)
    assert after.on_demand_throughput is None


def test_to_provisioned_needs_every_index(make_table: Make) -> None:
    table = on_demand_table(make_table)
    table = replace(table, indexes=(*table.indexes, replace(table.indexes[0], name="other", space=9)))
    with pytest.raises(ValidationException) as caught:
        update(table, BillingMode="PROVISIONED", ProvisionedThroughput=units(7, 8))
    assert caught.value.message == f"{LEAD}ProvisionedThroughput must be specified for index: by-year,other"


def test_on_demand_to_on_demand_changes_nothing(make_table: Make) -> None:
    table = on_demand_table(make_table)
    assert update(table, BillingMode="PAY_PER_REQUEST") == Edit(table)


@pytest.mark.parametrize("status", [Status.CREATING, Status.UPDATING, Status.DELETING])
def test_only_an_active_table_is_updated(make_table: Make, status: Status) -> None:
    words = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}
    with pytest.raises(ResourceInUseException) as caught:
        update(make_table(status=status, settles_at=LATER), TableClass="STANDARD")
    assert caught.value.message == (
        f"Attempt to change a resource which is still in use: Table is being {words[status]}: music"
    )


def test_index_throughput(make_table: Make) -> None:
    edit = update(
        make_table(), GlobalSecondaryIndexUpdates=[index_update("by-year", ProvisionedThroughput=units(30, 2))]
    )
    assert edit.table.indexes[0].throughput == Throughput(3, 4, NOW, NOW)
    assert settled(edit).indexes[0].throughput == Throughput(30, 2, LATER, LATER, 1)
    assert settled(edit).throughput == Throughput(5, 6)


def test_delete_of_an_index_frees_its_space_and_its_attributes(make_table: Make) -> None:
    edit = update(make_table(), GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-year"}}])
    assert edit.drops == (2,)
    assert lifecycle.index_status(edit.table, edit.table.indexes[0]) is Status.DELETING
    assert "year" in edit.table.attribute_types
    after = settled(edit)
    assert after.indexes == ()
    assert after.attribute_types == {"artist": "S", "song": "S"}


def test_attributes_of_other_indexes_stay(make_table: Make) -> None:
    table = make_table()
    table = replace(table, indexes=(*table.indexes, replace(table.indexes[0], name="other", space=9)))
    edit = update(table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-year"}}])
    assert edit.drops == (2,)
    assert "year" in settled(edit).attribute_types


@pytest.mark.parametrize(
    "action", [{"Delete": {"IndexName": "ghost"}}, index_update("ghost", ProvisionedThroughput=units(1, 1))]
)
def test_unknown_index(make_table: Make, action: dict[str, Any]) -> None:
    with pytest.raises(ResourceNotFoundException, match=r"^Requested resource not found: Index ghost for table music$"):
        update(make_table(), GlobalSecondaryIndexUpdates=[action])


@pytest.mark.parametrize("verb", ["Delete", "Update"])
def test_a_local_index_cannot_be_changed(make_table: Make, verb: str) -> None:
    table = make_table()
    table = replace(table, indexes=(replace(table.indexes[0], local=True),))
    action = {verb: {"IndexName": "by-year", "ProvisionedThroughput": units(1, 1)}}
    with pytest.raises(ValidationException) as caught:
        update(table, GlobalSecondaryIndexUpdates=[action])
    assert caught.value.message == f"Cannot {verb.lower()} an index that is not a GlobalSecondaryIndex: by-year"


def test_an_index_that_exists(make_table: Make) -> None:
    with pytest.raises(ValidationException, match=r"^Attempting to create an index which already exists$"):
        update(make_table(), GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-year"}}])


def test_stream(make_table: Make) -> None:
    on = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    edit = update(make_table(), StreamSpecification=on)
    label = "2025-06-15T15:06:40.000"
    assert edit.table.stream == settled(edit).stream == Stream("KEYS_ONLY", label)
    assert settled(edit).latest_stream_label == label
    with pytest.raises(ValidationException, match=r"^Table already has an enabled stream: TableName: music$"):
        update(settled(edit), StreamSpecification=on)
    off = settled(update(settled(edit), StreamSpecification={"StreamEnabled": False}))
    assert (off.stream, off.latest_stream_label) == (None, label)
    again = settled(update(off, StreamSpecification=on))
    assert again.latest_stream_label == "2025-06-15T15:06:40.001"
    with pytest.raises(ValidationException, match=r"^Table has no stream to disable: TableName: music$"):
        update(off, StreamSpecification={"StreamEnabled": False})


def test_on_demand_maxima_merge_and_minus_one_takes_away(make_table: Make) -> None:
    table = on_demand_table(make_table, on_demand_throughput=OnDemandThroughput(10, 20))
    edit = update(table, OnDemandThroughput={"MaxReadRequestUnits": -1})
    assert edit.table.on_demand_throughput == OnDemandThroughput(-1, 20)
    assert settled(edit).on_demand_throughput == OnDemandThroughput(None, 20)
    edit = update(settled(edit), OnDemandThroughput={"MaxWriteRequestUnits": -1})
    assert settled(edit).on_demand_throughput is None


@pytest.mark.parametrize(
    "on_demand, request_, message",
    [
        (
            False,
            {"OnDemandThroughput": {"MaxWriteRequestUnits": 0}},
            "MaxWriteRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        ),
        (
            True,
            {"OnDemandThroughput": {"MaxReadRequestUnits": 0, "MaxWriteRequestUnits": -2}},
            "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            True,
            {"ProvisionedThroughput": units(1, 1)},
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            False,
            {"ProvisionedThroughput": units(1, 1), "BillingMode": "PAY_PER_REQUEST"},
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            True,
            {"GlobalSecondaryIndexUpdates": [index_update("by-year", ProvisionedThroughput=units(1, 1))]},
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: by-year when BillingMode is PAY_PER_REQUEST",
        ),
        (
            True,
            {"GlobalSecondaryIndexUpdates": [index_update("by-year")]},
            "The only Updates for index: by-year when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput",
        ),
        (
            False,
            {"GlobalSecondaryIndexUpdates": [index_update("by-year")]},
            "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: by-year",
        ),
        (True, {"SSESpecification": {"Enabled": False}}, "Table is already encrypted by default"),
        (
            True,
            {"WarmThroughput": {"ReadUnitsPerSecond": 11_999}},
            "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported",
        ),
        (
            False,
            {"GlobalSecondaryIndexUpdates": [index_update("by-year", WarmThroughput={"WriteUnitsPerSecond": 3})]},
            "Requested WriteUnitsPerSecond for WarmThroughput for index by-year is lower than current WarmThroughput, decreasing WarmThroughput is not supported",
        ),
        (
            True,
            {"WarmThroughput": {}},
            "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified",
        ),
    ],
)
def test_what_cannot_be(make_table: Make, on_demand: bool, request_: dict[str, Any], message: str) -> None:
    table = on_demand_table(make_table) if on_demand else make_table()
    with pytest.raises(ValidationException) as caught:
        update(table, **request_)
    assert caught.value.message == LEAD + message


def test_warm_throughput_grows(make_table: Make) -> None:
    edit = update(on_demand_table(make_table), WarmThroughput={"ReadUnitsPerSecond": 20_000})
    assert edit.table.warm_throughput is None
    assert settled(edit).warm_throughput == WarmThroughput(20_000, 4_000)
    edit = update(
        make_table(),
        GlobalSecondaryIndexUpdates=[index_update("by-year", WarmThroughput={"WriteUnitsPerSecond": 40})],
    )
    assert settled(edit).indexes[0].warm_throughput == WarmThroughput(3, 40)


def test_an_index_may_be_warmed_and_provisioned_at_once(make_table: Make) -> None:
    action = index_update("by-year", ProvisionedThroughput=units(9, 9), WarmThroughput={"ReadUnitsPerSecond": 50})
    edit = update(make_table(), GlobalSecondaryIndexUpdates=[action])
    (shown,), (after,) = edit.table.indexes, settled(edit).indexes
    assert (shown.throughput.read, shown.warm_throughput) == (3, None)
    assert (after.throughput.read, after.warm_throughput) == (9, WarmThroughput(50, 4))


def test_index_maxima(make_table: Make) -> None:
    table = on_demand_table(make_table)
    edit = update(
        table,
        GlobalSecondaryIndexUpdates=[index_update("by-year", OnDemandThroughput={"MaxReadRequestUnits": 5})],
    )
    after: Index = settled(edit).indexes[0]
    assert after.on_demand_throughput == OnDemandThroughput(5, None)


def test_settings(make_table: Make) -> None:
    edit = update(make_table(), TableClass="STANDARD_INFREQUENT_ACCESS")
    assert edit.table.table_class is None
    assert (settled(edit).table_class, settled(edit).table_class_changed) == ("STANDARD_INFREQUENT_ACCESS", LATER)
    edit = update(make_table(), DeletionProtectionEnabled=True)
    assert edit.table.deletion_protection
    assert settled(edit).deletion_protection
    assert not settled(update(settled(edit), DeletionProtectionEnabled=False)).deletion_protection
