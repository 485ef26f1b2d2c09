"""RestoreTableFromBackup: always into a new table, with what the request overrides."""

from typing import Any

import pytest

from stator.archive.restores import restores
from tests.operations.backups import fill, items, make_backup, restore, row, wait_until_active
from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, fault, invalid
from tests.running import Account, RunningServer

LEAD = "One or more parameter values were invalid: "
UNMATCHED = (
    "Invalid Request: Index ",
    " does not match a secondary index that existed in the source table and cannot be created during the restore operation",
)
UNITS = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
BY_X = {
    "IndexName": "by-x",
    "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["set"]},
}
BY_N = {
    "IndexName": "by-n",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
VECTOR = {
    "IndexName": "by-likeness",
    "VectorAttribute": {"AttributeName": "v"},
    "Projection": {"ProjectionType": "ALL"},
    "Dimensions": 3,
    "DistanceFunction": "COSINE",
}


@pytest.fixture
def indexed(dynamodb: Any) -> str:
    """A table with 100 items, a global index by x and n, and a local one by n."""
    create_table(
        dynamodb,
        "things",
        "pk:S",
        "sk:S",
        indexes={
            "by-x": {"hash": ["x:S"], "range": ["n:N"], "projection": ["set"]},
            "by-n": {"range": ["n:N"], "local": True},
        },
    )
    fill(dynamodb, "things", 100)
    return "things"


def comparable(table: dict[str, Any]) -> dict[str, Any]:
    """What a description and that of its restored table have in common."""
    own = ("TableName", "TableArn", "TableId", "CreationDateTime", "RestoreSummary", "BillingModeSummary")
    kept = {name: value for name, value in table.items() if name not in own}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        kept[kind] = [
            {name: value for name, value in index.items() if name != "IndexArn"} for index in table.get(kind, ())
        ]
    return kept


def test_it_answers_with_a_table_being_created(
    dynamodb: Any, account: Account, server: RunningServer, indexed: str
) -> None:
    source = dynamodb.describe_table(TableName=indexed)["Table"]
    arn = make_backup(dynamodb, indexed)
    made = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupCreationDateTime"]
    server.clock.advance(60)
    answer = dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)["TableDescription"]
    assert (answer["TableName"], answer["TableStatus"], answer["ItemCount"]) == ("again", "CREATING", 0)
    assert answer["TableArn"] == f"arn:aws:dynamodb:eu-west-1:{account.number}:table/again"
    summary = {
        "SourceBackupArn": arn,
        "SourceTableArn": source["TableArn"],
        "RestoreDateTime": made,
        "RestoreInProgress": True,
    }
    assert answer["RestoreSummary"] == summary
    again = wait_until_active(dynamodb, "again")
    assert "RestoreSummary" not in again
    assert again["TableId"] == answer["TableId"] != source["TableId"]
    assert (again["CreationDateTime"] - source["CreationDateTime"]).total_seconds() >= 60


def test_items_indexes_and_settings_come_back(dynamodb: Any, indexed: str) -> None:
    arn = make_backup(dynamodb, indexed)
    again = restore(dynamodb, arn)
    assert comparable(again) == comparable(dynamodb.describe_table(TableName=indexed)["Table"])
    assert items(dynamodb, "again") == items(dynamodb, indexed)
    for index in ("by-x", "by-n"):
        assert items(dynamodb, "again", IndexName=index) == items(dynamodb, indexed, IndexName=index)


def test_a_restored_table_is_a_table_of_its_own(dynamodb: Any, indexed: str) -> None:
    arn = make_backup(dynamodb, indexed)
    restore(dynamodb, arn)
    before = items(dynamodb, indexed)
    dynamodb.put_item(TableName="again", Item=row(7) | {"x": {"S": "moved"}})
    dynamodb.delete_item(TableName="again", Key={name: row(8)[name] for name in ("pk", "sk")})
    assert items(dynamodb, indexed) == before
    assert len(items(dynamodb, "again")) == 99
    moved = dynamodb.query(
        TableName="again",
        IndexName="by-x",
        KeyConditionExpression="x = :x",
        ExpressionAttributeValues={":x": {"S": "moved"}},
    )
    assert moved["Count"] == 1
    dynamodb.delete_table(TableName=indexed)
    restore(dynamodb, arn, indexed)
    assert items(dynamodb, indexed) == before


def test_some_settings_do_not_come_back(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        Tags=[{"Key": "owner", "Value": "me"}],
    )
    dynamodb.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    again = restore(dynamodb, make_backup(dynamodb))
    assert again["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert again["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert again["DeletionProtectionEnabled"] is False
    assert not again.keys() & {"StreamSpecification", "LatestStreamArn", "BillingModeSummary", "TableClassSummary"}
    assert dynamodb.list_tags_of_resource(ResourceArn=again["TableArn"])["Tags"] == []
    time_to_live = dynamodb.describe_time_to_live(TableName="again")["TimeToLiveDescription"]
    assert time_to_live == {"TimeToLiveStatus": "DISABLED"}


def test_indexes_may_be_left_out(dynamodb: Any, indexed: str) -> None:
    arn = make_backup(dynamodb, indexed)
    table = restore(dynamodb, arn, "none", GlobalSecondaryIndexOverride=[], LocalSecondaryIndexOverride=[])
    assert not table.keys() & {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}
    assert {each["AttributeName"] for each in table["AttributeDefinitions"]} == {"pk", "sk"}
    table = restore(dynamodb, arn, "one", GlobalSecondaryIndexOverride=[BY_X], LocalSecondaryIndexOverride=[])
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["by-x"]
    assert "LocalSecondaryIndexes" not in table
    assert items(dynamodb, "one", IndexName="by-x") == items(dynamodb, indexed, IndexName="by-x")


def test_indexes_may_get_other_names(dynamodb: Any, indexed: str) -> None:
    table = restore(
        dynamodb,
        make_backup(dynamodb, indexed),
        GlobalSecondaryIndexOverride=[BY_X | {"IndexName": "new-x"}],
        LocalSecondaryIndexOverride=[BY_N | {"IndexName": "new-n"}],
    )
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["new-x"]
    assert [each["IndexName"] for each in table["LocalSecondaryIndexes"]] == ["new-n"]
    assert items(dynamodb, "again", IndexName="new-x") == items(dynamodb, indexed, IndexName="by-x")
    assert items(dynamodb, "again", IndexName="new-n") == items(dynamodb, indexed, IndexName="by-n")


def test_another_region_needs_encryption_to_be_said(dynamodb: Any, indexed: str) -> None:
    arn = make_backup(dynamodb, indexed).replace("eu-west-1", "us-east-1")
    assert invalid(dynamodb.restore_table_from_backup, TargetTableName="again", BackupArn=arn) == (
        "Invalid Request: sseSpecificationOverride must be provided for cross-region restores"
    )


def test_the_billing_may_be_another(dynamodb: Any, indexed: str) -> None:
    arn = make_backup(dynamodb, indexed)
    table = restore(
        dynamodb,
        arn,
        "provisioned",
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=UNITS,
        GlobalSecondaryIndexOverride=[BY_X | {"ProvisionedThroughput": UNITS}],
    )
    assert "BillingModeSummary" not in table
    index = table["GlobalSecondaryIndexes"][0]
    for units in (table["ProvisionedThroughput"], index["ProvisionedThroughput"]):
        assert {name: units[name] for name in UNITS} == UNITS
    table = restore(
        dynamodb,
        arn,
        "limited",
        BillingModeOverride="PAY_PER_REQUEST",
        OnDemandThroughputOverride={"MaxReadRequestUnits": 9},
        SSESpecificationOverride={"Enabled": False},
        LocalSecondaryIndexOverride=[BY_N],
        VectorIndexOverride=[],
    )
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 9}


def test_a_table_in_the_way(dynamodb: Any, indexed: str) -> None:
    arn = make_backup(dynamodb, indexed)
    assert fault(dynamodb.restore_table_from_backup, TargetTableName=indexed, BackupArn=arn) == (
        "TableAlreadyExistsException",
        f"Table already exists: {indexed}",
    )


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (
            {"BillingModeOverride": "PROVISIONED"},
            "Invalid Request: Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
        ),
        (
            {"ProvisionedThroughputOverride": UNITS},
            "Invalid Request: Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED",
        ),
        (
            {"BillingModeOverride": "PAY_PER_REQUEST", "ProvisionedThroughputOverride": UNITS},
            ("Invalid Request: Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"),
        ),
        (
            {"GlobalSecondaryIndexOverride": [BY_N]},
            f"{UNMATCHED[0]}by-n{UNMATCHED[1]}",
        ),
        (
            {"GlobalSecondaryIndexOverride": [BY_X | {"Projection": {"ProjectionType": "ALL"}}]},
            f"{UNMATCHED[0]}by-x{UNMATCHED[1]}",
        ),
        (
            {"SSESpecificationOverride": {"Enabled": True}},
            f"{LEAD}SSESpecificationOverride with Enabled true is not supported by this server",
        ),
        (
            {"VectorIndexOverride": [VECTOR]},
            f"{UNMATCHED[0]}by-likeness{UNMATCHED[1]}",
        ),
        (
            {"TargetTableName": "a!"},
            (
                "2 validation errors detected: Value 'a!' at 'targetTableName' failed to satisfy constraint: Member must "
                "satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'a!' at 'targetTableName' failed to satisfy "
                "constraint: Member must have length greater than or equal to 3"
            ),
        ),
    ],
)
def test_refusals(dynamodb: Any, indexed: str, overrides: dict[str, Any], text: str) -> None:
    arn = make_backup(dynamodb, indexed)
    request = {"TargetTableName": "again", "BackupArn": arn} | overrides
    assert invalid(dynamodb.restore_table_from_backup, **request) == text
    assert dynamodb.list_tables()["TableNames"] == [indexed]


def test_too_many_at_once(dynamodb: Any, indexed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = make_backup(dynamodb, indexed)
    monkeypatch.setattr(restores, "RESTORES_MAX", 0)
    assert fault(dynamodb.restore_table_from_backup, TargetTableName="again", BackupArn=arn) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 0 restore operations can be done simultaneously",
    )
    monkeypatch.undo()
    restore(dynamodb, arn)


def test_a_backup_that_is_not_there(dynamodb: Any, account: Account) -> None:
    arn = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things/backup/01750000000000-0123abcd"
    call = dynamodb.restore_table_from_backup
    assert fault(call, TargetTableName="again", BackupArn=arn) == (
        "BackupNotFoundException",
        f"Backup not found: {arn}",
    )
    assert invalid(call, TargetTableName="again") == (
        f"{ENVELOPE}Value null at 'backupArn' failed to satisfy constraint: Member must not be null"
    )
