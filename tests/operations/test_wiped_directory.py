"""Backups outlive the data directory: a fresh server that is pointed at the archive lists and restores them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.operations.backups import fill, items, make_backup, restore, until, wait_until_available
from tests.operations.conftest import create_table
from tests.operations.faults import fault
from tests.running import Account, RunningServer, new_account, start_server

INDEXES: dict[str, dict[str, Any]] = {
    "by-x": {"hash": ["x:S"], "range": ["n:N"], "projection": ["set"]},
    "by-n": {"range": ["n:N"], "local": True},
}


class House:
    """One server after another, and a client of an account."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = new_account("").number
        self.running: RunningServer | None = None
        self.client: Any = None

    def start(self, data: str, archive: str = "archive") -> Any:
        """`archive` is a folder of that name, or a URL."""
        place = archive if "://" in archive else str(self.path / archive)
        self.running = start_server(self.path / data, archive=place)
        self.client = Account(self.running.url, self.number).client()
        return self.client

    def start_with_things(self) -> Any:
        """A new data directory with a table of 100 items."""
        client = self.start("data")
        create_table(client, "things", "pk:S", "sk:S")
        fill(client, "things", 100)
        return client

    def stop(self) -> None:
        if self.running is not None:
            self.client.close()
            self.running.close()
            self.running = None


@pytest.fixture(params=["folder", "s3"])
def archive(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "folder":
        yield "archive"
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="kept")
    client.close()
    yield f"s3://kept/stator?endpoint={url}&region=us-east-1&access_key_id=a&secret_access_key=b"
    server.stop()


def test_everything_is_the_same_on_a_fresh_server(tmp_path: Path, archive: str) -> None:
    house = House(tmp_path)
    try:
        client = house.start("data", archive)
        create_table(client, "things", "pk:S", "sk:S", indexes=INDEXES)
        fill(client, "things", 500)
        before = client.describe_table(TableName="things")["Table"]
        found = {index: items(client, "things", **({"IndexName": index} if index else {})) for index in ("", *INDEXES)}
        arn = make_backup(client)
        listed, described = client.list_backups(), client.describe_backup(BackupArn=arn)
        house.stop()
        shutil.rmtree(tmp_path / "data", ignore_errors=True)  # not there where it is a database

        client = house.start("other", archive)
        assert client.list_tables()["TableNames"] == []
        assert client.list_backups()["BackupSummaries"] == listed["BackupSummaries"]
        assert client.describe_backup(BackupArn=arn)["BackupDescription"] == described["BackupDescription"]
        after = restore(client, arn, "things")
        own = {"TableId", "CreationDateTime", "RestoreSummary", "BillingModeSummary"}
        assert {name: after[name] for name in after.keys() - own} == {
            name: before[name] for name in before.keys() - own
        }
        for index, entries in found.items():
            assert items(client, "things", **({"IndexName": index} if index else {})) == entries
    finally:
        house.stop()


def test_the_archive_is_beside_the_data_unless_it_is_named(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        house.running = start_server(tmp_path / "data")
        client = house.client = Account(house.running.url, house.number).client()
        create_table(client, "things", "pk:S")
        arn = make_backup(client)
        id = arn.rpartition("/")[2]
        assert (tmp_path / f"data-archive/backups/{house.number}/eu-west-1/things/{id}/manifest.json").is_file()
        assert (tmp_path / "data-archive/stator-archive.json").is_file()
    finally:
        house.stop()


def test_a_backup_that_came_from_elsewhere_is_found_after_a_restart(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        client = house.start("data", "first")
        create_table(client, "things", "pk:S")
        arn = make_backup(client)
        house.stop()
        client = house.start("data", "second")
        assert client.list_backups()["BackupSummaries"] == []
        house.stop()
        shutil.copytree(tmp_path / "first", tmp_path / "second", dirs_exist_ok=True)
        client = house.start("data", "second")
        assert [each["BackupArn"] for each in client.list_backups()["BackupSummaries"]] == [arn]
    finally:
        house.stop()


def test_a_damaged_backup_leaves_no_half_table(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        client = house.start_with_things()
        arn = make_backup(client)
        (chunk,) = (tmp_path / "archive" / "backups").rglob("000000.jsonl.zst")
        damaged = bytearray(chunk.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        chunk.write_bytes(damaged)
        client.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
        until(lambda: client.list_tables()["TableNames"] == ["things"])
        assert fault(client.describe_table, TableName="again")[0] == "ResourceNotFoundException"
        client.delete_backup(BackupArn=arn)  # nobody restores from it any more
        create_table(client, "again", "pk:S")
    finally:
        house.stop()


def test_a_backup_that_is_restored_from_is_in_use(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        client = house.start_with_things()
        before = items(client, "things")
        arn = make_backup(client)
        archive, away = tmp_path / "archive", tmp_path / "away"
        archive.rename(away)  # as if it were not mounted: the restore waits
        client.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
        assert fault(client.delete_backup, BackupArn=arn) == (
            "BackupInUseException",
            f"Backup is being used to restore table: {arn}",
        )
        assert fault(client.delete_table, TableName="again")[0] == "ResourceInUseException"
        assert fault(client.restore_table_from_backup, TargetTableName="again", BackupArn=arn) == (
            "TableInUseException",
            f"Table: again is already being restored from backup: {arn}",
        )
        assert fault(client.restore_table_from_backup, TargetTableName="third", BackupArn=arn) == (
            "BackupInUseException",
            f"Backup is being used to restore another table: {arn}",
        )
        missing = ("TableNotFoundException", "Table not found: again")
        assert fault(client.create_backup, TableName="again", BackupName="of-it") == missing
        assert fault(client.describe_continuous_backups, TableName="again") == missing
        on = {"PointInTimeRecoveryEnabled": True}
        assert (
            fault(client.update_continuous_backups, TableName="again", PointInTimeRecoverySpecification=on) == missing
        )
        shutil.rmtree(archive, ignore_errors=True)
        away.rename(archive)
        assert house.running is not None
        house.running.clock.advance(120)  # past the pause after the failure
        until(lambda: client.describe_table(TableName="again")["Table"]["TableStatus"] == "ACTIVE")
        assert items(client, "again") == before
        client.delete_backup(BackupArn=arn)
    finally:
        house.stop()


def test_a_backup_that_is_being_made_is_in_use(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        client = house.start_with_things()
        before = items(client, "things")
        assert client.list_backups()["BackupSummaries"] == []
        (tmp_path / "archive").mkdir()
        (tmp_path / "archive/backups").touch()  # in the way of the folder
        arn = client.create_backup(TableName="things", BackupName="first")["BackupDetails"]["BackupArn"]
        described = client.describe_backup(BackupArn=arn)["BackupDescription"]
        assert described["BackupDetails"]["BackupStatus"] == "CREATING"
        assert described["SourceTableDetails"]["ItemCount"] == 100
        (summary,) = client.list_backups()["BackupSummaries"]
        assert (summary["BackupArn"], summary["BackupStatus"]) == (arn, "CREATING")
        in_use = ("BackupInUseException", f"Backup is being created: {arn}")
        assert fault(client.delete_backup, BackupArn=arn) == in_use
        assert fault(client.restore_table_from_backup, TargetTableName="again", BackupArn=arn) == in_use
        house.stop()
        client = house.start("data")  # it is tried again
        (tmp_path / "archive/backups").unlink()
        assert house.running is not None
        house.running.clock.advance(120)
        wait_until_available(client, arn)
        restore(client, arn)
        assert items(client, "again") == before
    finally:
        house.stop()
