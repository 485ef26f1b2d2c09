"""DescribeBackup."""

from typing import Any

from tests.operations.backups import make_backup, wait_until_available
from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, fault, invalid
from tests.running import Account

UNKNOWN = "arn:aws:dynamodb:eu-west-1:{}:table/things/backup/01750000000000-0123abcd"


def test_everything_is_told_of_a_table(dynamodb: Any, account: Account) -> None:
    create_table(
        dynamodb,
        "things",
        "pk:S",
        "sk:S",
        indexes={
            "by-x": {"hash": ["x:S"], "range": ["n:N"], "projection": ["a", "b"]},
            "by-n": {"range": ["n:N"], "local": True},
        },
    )
    dynamodb.update_table(
        TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    dynamodb.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    dynamodb.put_item(TableName="things", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    table = dynamodb.describe_table(TableName="things")["Table"]
    arn = make_backup(dynamodb)
    described = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
    assert described["BackupDetails"].pop("BackupCreationDateTime")
    assert described == {
        "BackupDetails": {
            "BackupArn": arn,
            "BackupName": "first",
            "BackupSizeBytes": 6,
            "BackupStatus": "AVAILABLE",
            "BackupType": "USER",
        },
        "SourceTableDetails": {
            "TableName": "things",
            "TableId": table["TableId"],
            "TableArn": table["TableArn"],
            "TableSizeBytes": 6,
            "KeySchema": table["KeySchema"],
            "TableCreationDateTime": table["CreationDateTime"],
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
            "ItemCount": 1,
            "BillingMode": "PAY_PER_REQUEST",
        },
        "SourceTableFeatureDetails": {
            "LocalSecondaryIndexes": [
                {
                    "IndexName": "by-n",
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "n", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-x",
                    "KeySchema": [
                        {"AttributeName": "x", "KeyType": "HASH"},
                        {"AttributeName": "n", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
                    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
                }
            ],
            "StreamDescription": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"},
        },
    }


def test_a_plain_provisioned_table(dynamodb: Any) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput=units,
    )
    described = wait_until_available(dynamodb, make_backup(dynamodb))
    assert described["SourceTableDetails"]["ProvisionedThroughput"] == units
    assert described["SourceTableDetails"]["BillingMode"] == "PROVISIONED"
    assert described["SourceTableFeatureDetails"] == {}


def test_refusals(dynamodb: Any, account: Account) -> None:
    unknown = UNKNOWN.format(account.number)
    for call in (dynamodb.describe_backup, dynamodb.delete_backup):
        assert fault(call, BackupArn=unknown) == ("BackupNotFoundException", f"Backup not found: {unknown}")
        assert fault(call, BackupArn=UNKNOWN.format("999999999999"))[0] == "AccessDeniedException"
        assert invalid(call) == (
            f"{ENVELOPE}Value null at 'backupArn' failed to satisfy constraint: Member must not be null"
        )
        assert invalid(call, BackupArn="arn:aws") == (
            f"{ENVELOPE}Value 'arn:aws' at 'backupArn' failed to satisfy constraint: "
            "Member must have length greater than or equal to 37"
        )
        stream = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things/stream/x"
        assert invalid(call, BackupArn=stream) == "Invalid Backup ARN"
        assert invalid(call, BackupArn="x" * 48) == "Invalid Backup ARN"
        elsewhere = unknown.replace("eu-west-1", "us-east-1")
        assert fault(call, BackupArn=elsewhere) == ("BackupNotFoundException", f"Backup not found: {elsewhere}")
        assert fault(call, BackupArn=unknown.replace("eu-west-1", ""))[0] == "AccessDeniedException"
        for part, other in ((":aws:", ":gcp:"), (":dynamodb:", ":s3:")):
            assert invalid(call, BackupArn=unknown.replace(part, other)) == "Invalid Request: BackupArn is not valid"


def test_the_region_of_an_arn_does_not_matter(dynamodb: Any, account: Account) -> None:
    create_table(dynamodb, "things", "pk:S")
    arn = make_backup(dynamodb)
    elsewhere = arn.replace("eu-west-1", "us-east-1")
    described = dynamodb.describe_backup(BackupArn=elsewhere)["BackupDescription"]
    assert described["BackupDetails"]["BackupArn"] == elsewhere
    assert described["SourceTableDetails"]["TableArn"] == f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things"
    deleted = dynamodb.delete_backup(BackupArn=elsewhere)["BackupDescription"]["BackupDetails"]
    assert (deleted["BackupArn"], deleted["BackupStatus"]) == (elsewhere, "DELETED")
    assert fault(dynamodb.describe_backup, BackupArn=arn)[0] == "BackupNotFoundException"
