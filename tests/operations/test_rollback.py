"""What is special comes back right: tables that jobs filled, streams, recovery, times to live, the directory's own life."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stator import offline
from stator.archive.instances.rollback import Plan
from stator.archive.places.failure import ArchiveError
from stator.doctor import doctor
from tests import postgres
from tests.crash.server_process import PlainClient, ServerProcess
from tests.operations.backups import until

SECONDS_MAX = 20.0

pytestmark = postgres.embedded_only("a rollback makes a data directory")


class Server:
    """A process with the real time, and a client of it."""

    def __init__(self, path: Path, name: str, archive: Path) -> None:
        options = ("--archive", str(archive), "--buckets", f"{path / 'buckets'}/{{bucket}}")
        self.process = ServerProcess(path / name, path / "log", *options, "--archive-segment-seconds", "0.2")
        self.client = PlainClient(self.process.wait_until_ready().port)

    def ask(self, operation: str, **request: Any) -> Any:
        reply = self.client.call(operation, request)
        assert reply.status == 200, reply
        return reply.body

    def create(self, name: str) -> None:
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
        types = [{"AttributeName": "pk", "AttributeType": "S"}]
        self.ask(
            "CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=keys, AttributeDefinitions=types
        )

    def put(self, table: str, *keys: str, **members: Any) -> None:
        for key in keys:
            self.ask("PutItem", TableName=table, Item={"pk": {"S": key}} | members)

    def keys(self, table: str) -> set[str]:
        return {item["pk"]["S"] for item in self.ask("Scan", TableName=table, ConsistentRead=True)["Items"]}

    def tables(self) -> list[str]:
        return list(self.ask("ListTables")["TableNames"])

    def table(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = self.ask("DescribeTable", TableName=name)["Table"]
        return described

    def wait_until_active(self, name: str) -> None:
        until(lambda: self.table(name)["TableStatus"] == "ACTIVE")

    def backup(self) -> str:
        """The id of a backup of the instance, made."""
        made = self.ask("Stator_20261121.CreateInstanceBackup")["InstanceBackupDescription"]["BackupId"]
        until(lambda: self.describe(made)["BackupStatus"] == "AVAILABLE")
        return str(made)

    def describe(self, backup_id: str) -> dict[str, Any]:
        told = self.ask("Stator_20261121.DescribeInstanceBackup", BackupId=backup_id)
        return dict(told["InstanceBackupDescription"])

    def stop(self) -> None:
        self.client.close()
        assert self.process.terminate() == 0


class House:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = path / "archive"
        self._servers: list[Server] = []

    def serve(self, name: str = "data") -> Server:
        self._servers.append(Server(self.path, name, self.archive))
        return self._servers[-1]

    def roll_back(self, to: float | str, name: str) -> Plan:
        made = offline.roll_back(
            str(self.archive), self.path / name, to, owner=None, now=time.time(), tell=lambda course: None
        )
        assert doctor(self.path / name) == []
        return made

    def end(self) -> None:
        for server in self._servers:
            server.client.close()
            server.process.kill()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path)
    yield one
    one.end()


def now() -> float:
    """A time after all that was done before, and before all that comes later."""
    time.sleep(0.003)
    found = int(time.time() * 1000) / 1000
    time.sleep(0.003)
    return found


def test_a_table_that_was_restored_in_between(house: House) -> None:
    server = house.serve()
    server.create("source")
    server.put("source", *(str(number) for number in range(300)))
    arn = server.ask("CreateBackup", TableName="source", BackupName="first")["BackupDetails"]["BackupArn"]
    until(
        lambda: (
            server.client.call("DescribeBackup", {"BackupArn": arn}).body["BackupDescription"]["BackupDetails"][
                "BackupStatus"
            ]
            == "AVAILABLE"
        )
    )
    server.backup()
    server.ask("RestoreTableFromBackup", TargetTableName="restored", BackupArn=arn)
    server.wait_until_active("restored")
    first = now()
    server.put("restored", "more")
    server.ask("DeleteTable", TableName="source")
    second = now()
    server.backup()
    server.stop()
    house.roll_back(first, "first")
    house.roll_back(second, "second")
    server = house.serve("first")
    assert server.tables() == ["restored", "source"]
    assert server.keys("restored") == server.keys("source") == {str(number) for number in range(300)}
    server.stop()
    server = house.serve("second")
    assert server.tables() == ["restored"]
    assert server.keys("restored") == {str(number) for number in range(300)} | {"more"}
    server.stop()


def test_a_table_that_was_imported_in_between(house: House) -> None:
    (house.path / "buckets" / "things").mkdir(parents=True)
    lines = (json.dumps({"Item": {"pk": {"S": str(number)}}}) for number in range(300))
    (house.path / "buckets" / "things" / "all.json").write_text("\n".join(lines))
    server = house.serve()
    server.create("other")
    server.backup()
    parameters = {
        "TableName": "imported",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
    source = {"S3Bucket": "things", "S3KeyPrefix": "all"}
    server.ask("ImportTable", S3BucketSource=source, InputFormat="DYNAMODB_JSON", TableCreationParameters=parameters)
    server.wait_until_active("imported")
    then = now()
    server.ask("DeleteItem", TableName="imported", Key={"pk": {"S": "7"}})
    server.backup()
    server.stop()
    house.roll_back(then, "back")
    server = house.serve("back")
    assert server.keys("imported") == {str(number) for number in range(300)}
    server.stop()


def test_settings_of_tables(house: House) -> None:
    server = house.serve()
    server.create("things")
    server.backup()
    before = now()
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    server.ask("UpdateTable", TableName="things", StreamSpecification=stream)
    server.ask("UpdateTable", TableName="things", DeletionProtectionEnabled=True)
    server.ask("UpdateTimeToLive", TableName="things", TimeToLiveSpecification={"AttributeName": "e", "Enabled": True})
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 9}
    server.ask("UpdateContinuousBackups", TableName="things", PointInTimeRecoverySpecification=recovery)
    server.put("things", "gone", e={"N": str(int(time.time()) + 1)})
    server.put("things", "stays", e={"N": str(int(time.time()) + 100_000)})
    then = now()
    old = server.table("things")
    server.backup()
    server.stop()
    house.roll_back(before, "before")
    house.roll_back(then, "then")
    server = house.serve("before")
    assert "LatestStreamArn" not in server.table("things")
    server.stop()
    server = house.serve("then")
    table = server.table("things")
    assert table["StreamSpecification"] == stream
    assert table["LatestStreamArn"] != old["LatestStreamArn"]
    assert table["DeletionProtectionEnabled"]
    assert table["TableId"] != old["TableId"]
    assert table["CreationDateTime"] == old["CreationDateTime"]
    until(lambda: server.keys("things") == {"stays"})
    told = server.ask("DescribeContinuousBackups", TableName="things")["ContinuousBackupsDescription"]
    window = told["PointInTimeRecoveryDescription"]
    assert (window["PointInTimeRecoveryStatus"], window["RecoveryPeriodInDays"]) == ("ENABLED", 9)
    assert window["EarliestRestorableDateTime"] > then
    server.put("things", "new")
    shards = server.ask("DynamoDBStreams_20120810.DescribeStream", StreamArn=table["LatestStreamArn"])
    assert len(shards["StreamDescription"]["Shards"]) == 4
    server.stop()
    assert doctor(house.path / "then") == []


def test_recovery_that_is_turned_off_and_on_in_between_breaks_no_chain(house: House) -> None:
    def recover(*, enabled: bool) -> None:
        specification = {"PointInTimeRecoveryEnabled": enabled}
        server.ask("UpdateContinuousBackups", TableName="things", PointInTimeRecoverySpecification=specification)

    server = house.serve()
    server.create("things")
    recover(enabled=True)
    server.put("things", "0")
    server.backup()
    times: list[tuple[float, set[str]]] = []
    for number, enabled in enumerate((False, True, False), 1):
        recover(enabled=enabled)
        server.put("things", str(number))
        time.sleep(0.5)  # for the services to do what they think they must
        times.append((now(), {str(each) for each in range(number + 1)}))
    server.backup()
    server.stop()
    for number, (then, expected) in enumerate(times):
        house.roll_back(then, f"back-{number}")
        server = house.serve(f"back-{number}")
        assert server.keys("things") == expected
        server.stop()


def test_what_was_rolled_back_lives_on_in_the_same_archive(house: House) -> None:
    """Beside the one that it came from: neither takes the other's for its own."""
    server = house.serve()
    server.create("things")
    server.put("things", "0")
    server.backup()
    then = now()
    server.put("things", "old")
    server.backup()
    house.roll_back(then, "back")
    other = house.serve("back")
    other.put("things", "new")
    other.backup()
    middle = now()
    other.put("things", "newer")
    server.put("things", "older")
    other.backup()
    server.backup()
    listed = other.ask("Stator_20261121.ListInstanceBackups")
    assert [each["InstanceId"] == listed["InstanceId"] for each in listed["InstanceBackups"]] == [
        False,
        False,
        True,
        True,
        False,
    ]
    own = listed["InstanceId"]
    server.stop()
    other.stop()
    with pytest.raises(ArchiveError, match="choose one with --instance"):
        house.roll_back(middle, "which")
    offline.roll_back(str(house.archive), house.path / "again", middle, owner=own, now=time.time(), tell=lambda _: None)
    server = house.serve("again")
    assert server.keys("things") == {"0", "new"}
    server.stop()
    house.roll_back(then, "first")
    server = house.serve("first")
    assert server.keys("things") == {"0"}
    server.stop()


def test_changes_that_are_missing_are_never_passed_over(house: House) -> None:
    server = house.serve()
    server.create("things")
    first = server.backup()
    server.put("things", "1")
    time.sleep(1)
    server.put("things", "2")
    then = now()
    server.backup()
    server.stop()
    segments = sorted(house.archive.glob("chains/*/*/things/*/segments/*/*.jsonl.zst"))
    assert len(segments) == 2
    segments[0].unlink()
    with pytest.raises(ArchiveError, match="lacks the changes"):
        house.roll_back(then, "back")
    house.roll_back(first, "exact")
