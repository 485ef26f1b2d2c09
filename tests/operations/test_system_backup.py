"""The system backup that a deleted table with recovery to a point in time leaves."""

from datetime import UTC
from typing import Any

from tests.operations.backups import fill, items, restore, until
from tests.operations.faults import invalid
from tests.running import Account, RunningServer, new_account, start_server

DAYS = 86_400


def enable_recovery(dynamodb: Any, table: str) -> None:
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def system_backups(dynamodb: Any) -> list[dict[str, Any]]:
    """Those that are AVAILABLE."""
    found: list[dict[str, Any]] = dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    return [summary for summary in found if summary["BackupStatus"] == "AVAILABLE"]


def test_a_table_with_recovery_leaves_a_backup(dynamodb: Any, server: RunningServer, table: str) -> None:
    fill(dynamodb, table, 40)
    before = items(dynamodb, table)
    described = dynamodb.describe_table(TableName=table)["Table"]
    enable_recovery(dynamodb, table)
    dynamodb.delete_table(TableName=table)
    (summary,) = until(lambda: system_backups(dynamodb))
    assert dynamodb.list_backups()["BackupSummaries"] == []  # of users
    assert dynamodb.list_backups(BackupType="ALL")["BackupSummaries"] == [summary]
    assert (summary["BackupName"], summary["BackupType"]) == (f"{table}$DeletedTableBackup", "SYSTEM")
    assert (summary["TableName"], summary["TableId"]) == (table, described["TableId"])
    assert summary["BackupSizeBytes"] == described["TableSizeBytes"]
    kept = summary["BackupExpiryDateTime"] - summary["BackupCreationDateTime"]
    assert kept.total_seconds() == 35 * DAYS
    again = restore(dynamodb, summary["BackupArn"], table)
    assert again["TableId"] != described["TableId"]
    assert items(dynamodb, table) == before
    recovery = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_a_table_without_recovery_leaves_none(dynamodb: Any, table: str) -> None:
    dynamodb.delete_table(TableName=table)
    assert dynamodb.list_backups(BackupType="ALL")["BackupSummaries"] == []


def test_nobody_may_delete_it(dynamodb: Any, table: str) -> None:
    enable_recovery(dynamodb, table)
    dynamodb.delete_table(TableName=table)
    (summary,) = until(lambda: system_backups(dynamodb))
    arn = summary["BackupArn"]
    expiry = summary["BackupExpiryDateTime"].astimezone(UTC).isoformat(timespec="milliseconds")
    assert invalid(dynamodb.delete_backup, BackupArn=arn) == (
        f"Invalid Request: User is not allowed to delete the system backup with arn {arn}. "
        f"It will automatically expire on {expiry.replace('+00:00', 'Z')}"
    )
    assert dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["SourceTableFeatureDetails"] == {}


def test_it_goes_after_35_days() -> None:
    running = start_server()
    client = new_account(running.url).client()
    try:
        client.create_table(
            TableName="things",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        enable_recovery(client, "things")
        client.delete_table(TableName="things")
        until(lambda: system_backups(client))
        running.clock.advance(35 * DAYS)

        async def nudge() -> None:
            running.server.background.term.supervisor.nudge("backups")

        running._run(nudge())
        until(lambda: not system_backups(client))
    finally:
        client.close()
        running.close()


def test_accounts_see_their_own(dynamodb: Any, server: RunningServer, table: str) -> None:
    enable_recovery(dynamodb, table)
    dynamodb.delete_table(TableName=table)
    until(lambda: system_backups(dynamodb))
    other: Account = new_account(server.url)
    client = other.client()
    assert system_backups(client) == []
    client.close()
