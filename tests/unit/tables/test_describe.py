from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stator.model.table import OnDemandThroughput, Restore, Status, Stream, Table, Throughput
from stator.storage.store import Usage
from stator.tables import lifecycle
from stator.tables.create import build
from stator.tables.describe import describe

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW = 1_750_000_000.0
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/music"
REQUEST: dict[str, Any] = {
    "TableName": "music",
    "AttributeDefinitions": [
        {"AttributeName": "artist", "AttributeType": "S"},
        {"AttributeName": "year", "AttributeType": "N"},
        {"AttributeName": "song", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "RANGE"}],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "local",
            "KeySchema": [
                {"AttributeName": "artist", "KeyType": "HASH"},
                {"AttributeName": "year", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "global",
            "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
        }
    ],
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
}


def built(**members: Any) -> Table:
    request = {name: value for name, value in (REQUEST | members).items() if value is not None}
    return build(request, ACCOUNT, REGION, spaces=[1, 2, 3], now=NOW)


def test_a_provisioned_table_to_the_letter() -> None:
    table = built()
    assert describe(table, {1: Usage(7, 70), 2: Usage(6, 60), 3: Usage(5, 50)}, NOW) == {
        "AttributeDefinitions": REQUEST["AttributeDefinitions"],
        "TableName": "music",
        "KeySchema": REQUEST["KeySchema"],
        "TableStatus": "ACTIVE",
        "CreationDateTime": NOW,
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        "TableSizeBytes": 70,
        "ItemCount": 7,
        "TableArn": ARN,
        "TableId": table.id,
        "LocalSecondaryIndexes": [
            {
                "IndexName": "local",
                "KeySchema": REQUEST["LocalSecondaryIndexes"][0]["KeySchema"],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "IndexSizeBytes": 60,
                "ItemCount": 6,
                "IndexArn": f"{ARN}/index/local",
            }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "global",
                "KeySchema": REQUEST["GlobalSecondaryIndexes"][0]["KeySchema"],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
                "IndexStatus": "ACTIVE",
                "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                "IndexSizeBytes": 50,
                "ItemCount": 5,
                "IndexArn": f"{ARN}/index/global",
                "WarmThroughput": {"ReadUnitsPerSecond": 3, "WriteUnitsPerSecond": 4, "Status": "ACTIVE"},
            }
        ],
        "DeletionProtectionEnabled": False,
        "WarmThroughput": {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6, "Status": "ACTIVE"},
    }


def test_on_demand_while_and_after_creating() -> None:
    table = built(
        BillingMode="PAY_PER_REQUEST",
        ProvisionedThroughput=None,
        GlobalSecondaryIndexes=None,
        OnDemandThroughput={"MaxReadRequestUnits": 9},
    )
    creating = describe(lifecycle.create(table, NOW), {}, NOW)
    assert creating["TableStatus"] == "CREATING"
    assert creating["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    active = describe(table, {}, NOW)
    assert active["BillingModeSummary"] == {
        "BillingMode": "PAY_PER_REQUEST",
        "LastUpdateToPayPerRequestDateTime": NOW,
    }
    assert active["ProvisionedThroughput"] == {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": 0,
        "WriteCapacityUnits": 0,
    }
    assert active["OnDemandThroughput"] == {"MaxReadRequestUnits": 9}
    assert active["WarmThroughput"] == {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}


def test_indexes_are_created_with_their_table() -> None:
    creating = describe(lifecycle.create(built(), NOW), {}, NOW)
    assert creating["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    assert "IndexStatus" not in creating["LocalSecondaryIndexes"][0]
    assert creating["ItemCount"] == creating["GlobalSecondaryIndexes"][0]["ItemCount"] == 0


def test_what_is_absent_unless_set() -> None:
    table = built(
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        WarmThroughput={"ReadUnitsPerSecond": 50},
    )
    shown = describe(replace(table, sse_key_arn="arn:aws:kms:::key/1"), {}, NOW)
    assert shown["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    assert shown["LatestStreamLabel"] == "2025-06-15T15:06:40.000"
    assert shown["LatestStreamArn"] == f"{ARN}/stream/2025-06-15T15:06:40.000"
    assert shown["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert shown["DeletionProtectionEnabled"] is True
    assert shown["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:::key/1"}
    assert shown["WarmThroughput"]["ReadUnitsPerSecond"] == 50
    assert shown["WarmThroughput"]["WriteUnitsPerSecond"] == 6


def test_a_disabled_stream_leaves_its_arn(make_table: Callable[..., Table]) -> None:
    shown = describe(make_table(stream=None, latest_stream_label="L"), {}, NOW)
    assert "StreamSpecification" not in shown
    assert shown["LatestStreamLabel"] == "L"


def test_deleting_is_told_shortly(make_table: Callable[..., Table]) -> None:
    shown = describe(lifecycle.delete(make_table(), NOW + 1), {1: Usage(3, 30)}, NOW)
    assert sorted(shown) == [
        "DeletionProtectionEnabled",
        "ItemCount",
        "ProvisionedThroughput",
        "TableArn",
        "TableId",
        "TableName",
        "TableSizeBytes",
        "TableStatus",
    ]
    assert (shown["TableStatus"], shown["ItemCount"], shown["TableSizeBytes"]) == ("DELETING", 3, 30)


@pytest.mark.parametrize("days, count", [(0, 2), (1, 0)])
def test_decreases_are_of_today(make_table: Callable[..., Table], days: int, count: int) -> None:
    table = make_table(throughput=Throughput(5, 6, None, NOW, 2))
    shown = describe(table, {}, NOW + days * 86_400)["ProvisionedThroughput"]
    assert shown["NumberOfDecreasesToday"] == count
    assert shown["LastDecreaseDateTime"] == NOW


def test_a_table_back_in_provisioned_mode_says_so(make_table: Callable[..., Table]) -> None:
    shown = describe(make_table(on_demand=False, on_demand_since=NOW), {}, NOW)
    assert shown["BillingModeSummary"] == {
        "BillingMode": "PROVISIONED",
        "LastUpdateToPayPerRequestDateTime": NOW,
    }


def test_times_have_milliseconds(make_table: Callable[..., Table]) -> None:
    assert describe(make_table(created=1.0004999), {}, NOW)["CreationDateTime"] == 1.0


def test_build_reads_every_member() -> None:
    table = built(Tags=[{"Key": "k", "Value": "v"}], OnDemandThroughput={"MaxReadRequestUnits": -1})
    assert [key.name for key in table.indexes[1].keys.hash] == ["year", "song"]
    assert [key.type for key in table.indexes[1].keys.attributes] == ["N", "S"]
    assert (table.space, table.indexes[0].space, table.indexes[1].space) == (1, 2, 3)
    assert (table.indexes[0].local, table.indexes[1].local) == (True, False)
    assert table.tags == {"k": "v"}
    assert table.on_demand_throughput is None
    assert table.status is Status.ACTIVE
    assert built().id != built().id
    off = built(StreamSpecification={"StreamEnabled": False})
    assert (off.stream, off.latest_stream_label) == (None, None)
    assert built(StreamSpecification={"StreamEnabled": True}).stream == Stream(
        "NEW_AND_OLD_IMAGES", "2025-06-15T15:06:40.000"
    )
    assert built(OnDemandThroughput={"MaxWriteRequestUnits": 3}).on_demand_throughput == OnDemandThroughput(None, 3)


def test_a_restore_is_told_of(make_table: Callable[..., Table]) -> None:
    restore = Restore("arn:backup", "arn:source", NOW - 0.0004, in_progress=True)
    table = lifecycle.create_by_job(make_table(restore=restore))
    told = describe(table, {}, NOW)
    assert told["TableStatus"] == "CREATING"
    assert told["RestoreSummary"] == {
        "SourceBackupArn": "arn:backup",
        "SourceTableArn": "arn:source",
        "RestoreDateTime": NOW,
        "RestoreInProgress": True,
    }
    done = describe(lifecycle.complete_creation(table), {}, NOW)
    assert done["TableStatus"] == "ACTIVE"
    assert "RestoreSummary" not in done
    assert "RestoreSummary" not in describe(make_table(), {}, NOW)


def test_a_restore_from_no_backup_tells_of_none(make_table: Callable[..., Table]) -> None:
    restored = make_table(restore=Restore(None, "arn:source", NOW, in_progress=True))
    assert set(describe(restored, {}, NOW)["RestoreSummary"]) == {
        "SourceTableArn",
        "RestoreDateTime",
        "RestoreInProgress",
    }
