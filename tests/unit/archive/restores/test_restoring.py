"""The table that a restore makes."""

from typing import Any

import pytest
from msgspec.structs import replace

from stator.archive.restores.restoring import build, count_spaces
from stator.errors import ValidationException
from stator.model.table import (
    Build,
    Index,
    KeyAttribute,
    KeySchema,
    OnDemandThroughput,
    Projection,
    Status,
    Stream,
    Table,
    Throughput,
    TimeToLive,
    WarmThroughput,
)

S = {name: KeyAttribute(name, "S") for name in ("artist", "song", "genre", "label")}
YEAR = KeyAttribute("year", "N")
SOURCE = Table(
    account="111111111111",
    region="eu-west-1",
    name="music",
    id="5f9c2f3e-0000-4000-8000-000000000001",
    created=1_700_000_000.25,
    attribute_types={"artist": "S", "song": "S", "year": "N", "genre": "S"},
    keys=KeySchema((S["artist"],), (S["song"],)),
    space=1,
    indexes=(
        Index("by-year", False, KeySchema((YEAR,)), Projection("INCLUDE", ("title", "label")), 2, Throughput(3, 4)),
        Index("by-genre", True, KeySchema((S["artist"],), (S["genre"],)), Projection("ALL"), 3),
    ),
    throughput=Throughput(5, 6, 1.0, 2.0, 3),
    stream=Stream("NEW_IMAGE", "2026-01-01T00:00:00.000"),
    latest_stream_label="2026-01-01T00:00:00.000",
    journal_readers=("kinesis",),
    time_to_live=TimeToLive("until", True, 1.0, 4, True),
    table_class="STANDARD_INFREQUENT_ACCESS",
    deletion_protection=True,
    tags={"a": "b"},
)
ON_DEMAND = replace(
    SOURCE,
    on_demand=True,
    on_demand_since=5.0,
    throughput=Throughput(),
    on_demand_throughput=OnDemandThroughput(10, 20),
    indexes=tuple(replace(index, throughput=Throughput()) for index in SOURCE.indexes),
)
UNITS = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
UNITS_OF = {"ProvisionedThroughput": UNITS}
BY_YEAR = {
    "IndexName": "by-year",
    "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["label", "title"]},
}
BY_GENRE = {
    "IndexName": "by-genre",
    "KeySchema": [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "genre", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}


def restored(source: Table = SOURCE, **overrides: Any) -> Table:
    request = {"TargetTableName": "again", **overrides}
    spaces = range(10, 10 + count_spaces(source, request))
    return build(source, request, place=("222222222222", "us-east-1"), spaces=spaces, now=1_800_000_000.5)


def test_what_comes_back() -> None:
    table = restored()
    assert table == Table(
        account="222222222222",
        region="us-east-1",
        name="again",
        id=table.id,
        created=1_800_000_000.5,
        attribute_types=SOURCE.attribute_types,
        keys=SOURCE.keys,
        space=10,
        indexes=(
            replace(SOURCE.indexes[1], space=11),
            replace(SOURCE.indexes[0], space=12),
        ),
        throughput=Throughput(5, 6),
    )
    assert table.id != SOURCE.id


def test_an_on_demand_table_comes_back_as_one() -> None:
    table = restored(ON_DEMAND)
    assert (table.on_demand, table.on_demand_since) == (True, 1_800_000_000.5)
    assert table.on_demand_throughput == OnDemandThroughput(10, 20)


def test_a_table_in_change_comes_back_as_what_it_became() -> None:
    filling = replace(SOURCE.indexes[0], build=Build.FILLING)
    becomes = replace(SOURCE, indexes=(filling,), throughput=Throughput(50, 60))
    table = restored(replace(SOURCE, status=Status.UPDATING, settles_at=1.0, becomes=becomes))
    assert table.throughput == Throughput(50, 60)
    assert [(index.name, index.build) for index in table.indexes] == [("by-year", None)]
    assert table.attribute_types == {"artist": "S", "song": "S", "year": "N"}


def test_billing_overrides() -> None:
    table = restored(BillingModeOverride="PAY_PER_REQUEST", OnDemandThroughputOverride={"MaxReadRequestUnits": 9})
    assert (table.on_demand, table.throughput) == (True, Throughput())
    assert table.on_demand_throughput == OnDemandThroughput(9, None)
    assert {index.throughput for index in table.indexes} == {Throughput()}
    table = restored(ProvisionedThroughputOverride=UNITS)
    assert table.throughput == Throughput(7, 8)
    table = restored(
        ON_DEMAND,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=UNITS,
        GlobalSecondaryIndexOverride=[BY_YEAR | {"ProvisionedThroughput": UNITS}],
    )
    assert (table.on_demand, table.throughput, table.on_demand_throughput) == (False, Throughput(7, 8), None)
    assert {index.name: index.throughput for index in table.indexes} == {
        "by-year": Throughput(7, 8),
        "by-genre": Throughput(),
    }


def test_indexes_may_be_left_out() -> None:
    assert [index.name for index in restored(GlobalSecondaryIndexOverride=[]).indexes] == ["by-genre"]
    table = restored(LocalSecondaryIndexOverride=[], GlobalSecondaryIndexOverride=[BY_YEAR | UNITS_OF])
    assert [(index.name, index.throughput) for index in table.indexes] == [("by-year", Throughput(7, 8))]
    assert table.attribute_types == {"artist": "S", "song": "S", "year": "N"}
    table = restored(LocalSecondaryIndexOverride=[], GlobalSecondaryIndexOverride=[], VectorIndexOverride=[])
    assert (table.indexes, table.attribute_types) == ((), {"artist": "S", "song": "S"})


def test_an_index_may_be_given_throughput() -> None:
    warm = {"ReadUnitsPerSecond": 20_000}
    table = restored(
        ON_DEMAND,
        GlobalSecondaryIndexOverride=[
            BY_YEAR | {"OnDemandThroughput": {"MaxWriteRequestUnits": 3}, "WarmThroughput": warm}
        ],
    )
    index = next(index for index in table.indexes if not index.local)
    assert index.on_demand_throughput == OnDemandThroughput(None, 3)
    assert index.warm_throughput == WarmThroughput(20_000, 0)


LEAD = "One or more parameter values were invalid: "
INVALID = "Invalid Request: "
UNMATCHED = " does not match a secondary index that existed in the source table and cannot be created during the restore operation"


@pytest.mark.parametrize(
    ("source", "overrides", "text"),
    [
        (
            ON_DEMAND,
            {"BillingModeOverride": "PROVISIONED"},
            f"{INVALID}Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
        ),
        (
            ON_DEMAND,
            {"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": UNITS},
            f"{INVALID}Must specify provisioned throughput for index by-year",
        ),
        (
            SOURCE,
            {"GlobalSecondaryIndexOverride": [BY_YEAR]},
            f"{INVALID}Must specify provisioned throughput for index by-year",
        ),
        (
            SOURCE,
            {"BillingModeOverride": "PAY_PER_REQUEST", "GlobalSecondaryIndexOverride": [BY_YEAR | UNITS_OF]},
            (
                f"{INVALID}Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index "
                "by-year"
            ),
        ),
        (
            ON_DEMAND,
            {"ProvisionedThroughputOverride": UNITS},
            f"{INVALID}Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED",
        ),
        (
            SOURCE,
            {"BillingModeOverride": "PAY_PER_REQUEST", "ProvisionedThroughputOverride": UNITS},
            f"{INVALID}Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST",
        ),
        (
            SOURCE,
            {"OnDemandThroughputOverride": {"MaxReadRequestUnits": 1}},
            (
                f"{INVALID}Cannot override MaxReadRequestUnits for OnDemandThroughput unless BillingModeOverride is "
                "PAY_PER_REQUEST"
            ),
        ),
        (
            ON_DEMAND,
            {"GlobalSecondaryIndexOverride": [BY_YEAR | {"ProvisionedThroughput": UNITS}]},
            f"{LEAD}ProvisionedThroughput should not be specified for index: by-year when BillingMode is PAY_PER_REQUEST",
        ),
        (
            SOURCE,
            {"SSESpecificationOverride": {"Enabled": True}},
            f"{LEAD}SSESpecificationOverride with Enabled true is not supported by this server",
        ),
        (
            SOURCE,
            {"GlobalSecondaryIndexOverride": [BY_YEAR | UNITS_OF] * 2},
            f"{LEAD}Duplicate index name: by-year",
        ),
        (
            SOURCE,
            {"GlobalSecondaryIndexOverride": [BY_GENRE]},
            f"{INVALID}Index by-genre{UNMATCHED}",
        ),
        (
            SOURCE,
            {"LocalSecondaryIndexOverride": [BY_YEAR]},
            f"{INVALID}Index by-year{UNMATCHED}",
        ),
        (
            SOURCE,
            {"VectorIndexOverride": [{"IndexName": "by-likeness"}]},
            f"{INVALID}Index by-likeness{UNMATCHED}",
        ),
    ],
)
def test_overrides_that_cannot_be(source: Table, overrides: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as refused:
        restored(source, **overrides)
    assert refused.value.message == text


@pytest.mark.parametrize(
    "change",
    [
        {"KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}]},
        {"KeySchema": [{"AttributeName": "unheard-of", "KeyType": "HASH"}]},
        {"KeySchema": [*BY_YEAR["KeySchema"], {"AttributeName": "song", "KeyType": "RANGE"}]},
        {"Projection": {"ProjectionType": "ALL"}},
        {"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["label"]}},
    ],
)
def test_an_index_cannot_be_changed(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationException) as refused:
        restored(GlobalSecondaryIndexOverride=[BY_YEAR | change])
    assert refused.value.message == f"{INVALID}Index by-year{UNMATCHED}"


def test_an_index_may_get_another_name() -> None:
    table = restored(GlobalSecondaryIndexOverride=[BY_YEAR | UNITS_OF | {"IndexName": "by-age"}])
    assert {index.name: index.throughput for index in table.indexes if not index.local} == {"by-age": Throughput(7, 8)}
