"""ListBackups."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.operations.backups import make_backup
from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, invalid
from tests.running import Account, RunningServer


@pytest.fixture
def arns(dynamodb: Any, server: RunningServer) -> list[str]:
    """Five backups, ten seconds apart: things, others, things, others, things."""
    create_table(dynamodb, "things", "pk:S")
    create_table(dynamodb, "others", "pk:S")
    made = []
    for number in range(5):
        made.append(make_backup(dynamodb, ("things", "others")[number % 2], f"backup-{number}"))
        server.clock.advance(10)
    return made


def listed(dynamodb: Any, **request: Any) -> list[str]:
    return [summary["BackupArn"] for summary in dynamodb.list_backups(**request)["BackupSummaries"]]


def test_a_summary(dynamodb: Any, arns: list[str]) -> None:
    summary = dynamodb.list_backups(Limit=1)["BackupSummaries"][0]
    details = dynamodb.describe_backup(BackupArn=arns[0])["BackupDescription"]["BackupDetails"]
    table = dynamodb.describe_table(TableName="things")["Table"]
    assert summary == details | {
        "TableName": "things",
        "TableId": table["TableId"],
        "TableArn": table["TableArn"],
    }


def test_all_of_them_in_the_order_of_their_creation(dynamodb: Any, arns: list[str]) -> None:
    answer = dynamodb.list_backups()
    assert [summary["BackupArn"] for summary in answer["BackupSummaries"]] == arns
    assert "LastEvaluatedBackupArn" not in answer


def test_those_of_a_table(dynamodb: Any, account: Account, arns: list[str]) -> None:
    assert listed(dynamodb, TableName="others") == arns[1::2]
    table = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/others"
    assert listed(dynamodb, TableName=table) == arns[1::2]
    assert listed(dynamodb, TableName="absent") == []
    dynamodb.delete_table(TableName="others")
    assert listed(dynamodb, TableName="others") == arns[1::2]


def test_those_of_a_type(dynamodb: Any, arns: list[str]) -> None:
    assert listed(dynamodb, BackupType="USER") == listed(dynamodb, BackupType="ALL") == arns
    assert listed(dynamodb, BackupType="SYSTEM") == listed(dynamodb, BackupType="AWS_BACKUP") == []


def test_those_of_a_time(dynamodb: Any, arns: list[str]) -> None:
    times = [summary["BackupCreationDateTime"] for summary in dynamodb.list_backups()["BackupSummaries"]]
    assert listed(dynamodb, TimeRangeLowerBound=times[1]) == arns[1:]
    assert listed(dynamodb, TimeRangeUpperBound=times[3]) == arns[:3]
    assert listed(dynamodb, TimeRangeLowerBound=times[1], TimeRangeUpperBound=times[3]) == arns[1:3]
    assert listed(dynamodb, TimeRangeLowerBound=times[3], TimeRangeUpperBound=times[3]) == []
    assert listed(dynamodb, TimeRangeLowerBound=datetime(2100, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize("limit", [1, 2, 4, 5])
def test_pages(dynamodb: Any, arns: list[str], limit: int) -> None:
    found: list[str] = []
    start: dict[str, str] = {}
    while True:
        answer = dynamodb.list_backups(Limit=limit, **start)
        page = [summary["BackupArn"] for summary in answer["BackupSummaries"]]
        found += page
        if "LastEvaluatedBackupArn" not in answer:
            break
        assert len(page) == limit
        assert answer["LastEvaluatedBackupArn"] == page[-1]
        start = {"ExclusiveStartBackupArn": page[-1]}
    assert found == arns


def test_pages_of_a_filter(dynamodb: Any, arns: list[str]) -> None:
    answer = dynamodb.list_backups(TableName="things", Limit=2)
    assert [summary["BackupArn"] for summary in answer["BackupSummaries"]] == arns[0:3:2]
    assert listed(dynamodb, TableName="things", ExclusiveStartBackupArn=answer["LastEvaluatedBackupArn"]) == arns[4:]


def test_a_start_may_be_gone(dynamodb: Any, arns: list[str]) -> None:
    dynamodb.delete_backup(BackupArn=arns[2])
    assert listed(dynamodb, ExclusiveStartBackupArn=arns[2]) == arns[3:]


def test_accounts_and_regions_are_apart(dynamodb: Any, account: Account, arns: list[str]) -> None:
    elsewhere = account.client(region="us-east-1")
    assert listed(elsewhere) == []
    elsewhere.close()


def test_refusals(dynamodb: Any) -> None:
    call = dynamodb.list_backups
    assert invalid(call, Limit=0) == (
        f"{ENVELOPE}Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )
    assert invalid(call, Limit=101) == (
        f"{ENVELOPE}Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"
    )
    assert invalid(call, BackupType="MINE") == (
        f"{ENVELOPE}Value 'MINE' at 'backupType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [USER, SYSTEM, AWS_BACKUP, ALL]"
    )
    bad = "arn:aws:dynamodb:eu-west-1:123456789012:table/things"
    assert invalid(call, ExclusiveStartBackupArn=bad) == "Invalid Backup ARN"
    assert invalid(call, TimeRangeLowerBound=2, TimeRangeUpperBound=1) == (
        "One or more parameter values were invalid: Time range lower bound must be less than or equal to upper bound"
    )


def test_a_start_of_another_region(dynamodb: Any, account: Account) -> None:
    arn = f"arn:aws:dynamodb:us-east-1:{account.number}:table/things/backup/01750000000000-0123abcd"
    assert invalid(dynamodb.list_backups, ExclusiveStartBackupArn=arn) == (
        "Invalid Request: The supplied ExclusiveStartBackupArn does not match the region"
    )
