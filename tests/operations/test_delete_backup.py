"""DeleteBackup."""

from typing import Any

from tests.operations.backups import make_backup
from tests.operations.faults import fault


def test_it_tells_what_it_deleted(dynamodb: Any, table: str) -> None:
    arn = make_backup(dynamodb, table)
    described = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
    answer = dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]
    assert answer["BackupDetails"].pop("BackupStatus") == "DELETED"
    assert described["BackupDetails"].pop("BackupStatus") == "AVAILABLE"
    assert answer == described


def test_it_is_gone_at_once(dynamodb: Any, table: str) -> None:
    kept, gone = make_backup(dynamodb, table, "kept"), make_backup(dynamodb, table, "gone")
    dynamodb.delete_backup(BackupArn=gone)
    not_found = ("BackupNotFoundException", f"Backup not found: {gone}")
    assert fault(dynamodb.describe_backup, BackupArn=gone) == not_found
    assert fault(dynamodb.delete_backup, BackupArn=gone) == not_found
    assert fault(dynamodb.restore_table_from_backup, TargetTableName="again", BackupArn=gone) == not_found
    assert [each["BackupArn"] for each in dynamodb.list_backups()["BackupSummaries"]] == [kept]
