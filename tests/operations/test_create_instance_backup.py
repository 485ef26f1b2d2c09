"""Stator's own operations on backups of the whole instance, over HTTP."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stator.archive.instances import instance
from tests.crash.server_process import PlainClient, Reply
from tests.operations.conftest import create_table
from tests.running import Account, RunningServer, start_server

SECONDS_MAX = 20.0
_names = itertools.count()

Call = Callable[..., Reply]


@pytest.fixture
def house() -> Iterator[RunningServer]:
    """A server of its own: these operations are about everything on it."""
    running = start_server(archive=f"memory://instance-operations-{next(_names)}")
    yield running
    running.close()


@pytest.fixture
def call(house: RunningServer) -> Iterator[Call]:
    client = PlainClient(house.server.port)

    def ask(operation: str, **members: Any) -> Reply:
        return client.call(f"Stator_20261121.{operation}", members)

    yield ask
    client.close()


def make(call: Call, **members: Any) -> dict[str, Any]:
    """A backup once it is there, as it is described."""
    reply = call("CreateInstanceBackup", **members)
    assert reply.status == 200, reply
    return wait(call, reply.body["InstanceBackupDescription"]["BackupId"])


def wait(call: Call, backup_id: str) -> dict[str, Any]:
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        reply = call("DescribeInstanceBackup", BackupId=backup_id)
        assert reply.status == 200, reply
        told: dict[str, Any] = reply.body["InstanceBackupDescription"]
        if told["BackupStatus"] != "CREATING":
            return told
    raise AssertionError("it was never made")


def test_a_backup_has_everything(house: RunningServer, call: Call) -> None:
    clients = [
        Account(house.url, number).client(region=region)
        for number, region in (("1" * 12, "eu-west-1"), ("2" * 12, "us-east-1"))
    ]
    for client in clients:
        create_table(client, "things", "pk:S")
        client.put_item(TableName="things", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
        client.close()
    told = make(call, Comment="before the release")
    assert told == told | {
        "Comment": "before the release",
        "Kept": False,
        "BackupStatus": "AVAILABLE",
        "RestorableDateTime": house.clock(),
        "TableCount": 2,
        "ItemCount": 2,
        "BackupSizeBytes": 12,
    }
    assert len(told["InstanceId"]) == 32


def test_backups_are_listed_with_what_they_lead_to(house: RunningServer, call: Call) -> None:
    assert call("ListInstanceBackups").body == {"InstanceBackups": [], "InstanceId": None}
    first = make(call)
    house.clock.advance(60)
    second = make(call, Comment="again", Keep=True)
    listed = call("ListInstanceBackups").body
    assert listed["InstanceBackups"] == [first, second]
    assert (first["Comment"], second["Comment"], second["Kept"]) == ("", "again", True)
    assert listed["InstanceId"] == first["InstanceId"]
    assert listed["LatestRestorableDateTime"] - listed["EarliestRestorableDateTime"] == 60
    house.clock.advance(4 * 86_400)
    assert call("ListInstanceBackups").body["EarliestRestorableDateTime"] == first["RestorableDateTime"]
    house.clock.advance(86_400 - 30)
    assert call("ListInstanceBackups").body["EarliestRestorableDateTime"] == first["RestorableDateTime"] + 30
    house.clock.advance(86_400)
    assert "EarliestRestorableDateTime" not in call("ListInstanceBackups").body


def test_two_in_one_millisecond_have_two_ids(call: Call) -> None:
    assert make(call)["BackupId"] != make(call)["BackupId"]


def test_one_at_a_time(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    write = instance.write

    async def wait_and_write(*arguments: Any) -> None:
        await asyncio.to_thread(done.wait, SECONDS_MAX)
        await write(*arguments)

    monkeypatch.setattr(instance, "write", wait_and_write)
    backup_id = call("CreateInstanceBackup").body["InstanceBackupDescription"]["BackupId"]
    second = call("CreateInstanceBackup")
    assert (second.status, second.error) == (400, "BackupInUseException")
    assert backup_id in second.body["message"]
    removed = call("DeleteInstanceBackup", BackupId=backup_id)
    assert (removed.status, removed.error) == (400, "BackupInUseException")
    (listed,) = call("ListInstanceBackups").body["InstanceBackups"]
    assert (listed["BackupId"], listed["BackupStatus"]) == (backup_id, "CREATING")
    done.set()
    assert wait(call, backup_id)["BackupStatus"] == "AVAILABLE"


def test_a_backup_can_be_deleted(call: Call) -> None:
    kept, gone = make(call), make(call)
    reply = call("DeleteInstanceBackup", BackupId=gone["BackupId"])
    assert reply.body["InstanceBackupDescription"] == gone | {"BackupStatus": "DELETED"}
    assert call("ListInstanceBackups").body["InstanceBackups"] == [kept]
    for operation in ("DescribeInstanceBackup", "DeleteInstanceBackup"):
        reply = call(operation, BackupId=gone["BackupId"])
        assert (reply.status, reply.error) == (400, "BackupNotFoundException")


def test_with_the_last_one_everything_ends(house: RunningServer, call: Call) -> None:
    client = Account(house.url, "1" * 12).client()
    create_table(client, "things", "pk:S")
    first, second = make(call), make(call)
    call("DeleteInstanceBackup", BackupId=first["BackupId"])
    assert call("ListInstanceBackups").body["InstanceId"] == first["InstanceId"]
    call("DeleteInstanceBackup", BackupId=second["BackupId"])
    assert call("ListInstanceBackups").body == {"InstanceBackups": [], "InstanceId": None}
    third = make(call)
    assert third["InstanceId"] != first["InstanceId"]
    assert third["TableCount"] == 1
    client.close()


@pytest.mark.parametrize(
    ("operation", "members", "told"),
    [
        ("CreateInstanceBackup", {"Comment": "x" * 257}, "length less than or equal to 256"),
        ("DescribeInstanceBackup", {}, "backupId"),
        ("DescribeInstanceBackup", {"BackupId": "latest"}, "backupId"),
        ("DeleteInstanceBackup", {"BackupId": "../../stator"}, "backupId"),
    ],
)
def test_bad_requests(call: Call, operation: str, members: dict[str, Any], told: str) -> None:
    reply = call(operation, **members)
    assert (reply.status, reply.error) == (400, "ValidationException")
    assert told in reply.body["message"]


def test_clients_of_tables_see_nothing_of_it(house: RunningServer, call: Call) -> None:
    client = Account(house.url, "1" * 12).client()
    create_table(client, "things", "pk:S")
    before = client.describe_table(TableName="things")["Table"]
    make(call)
    assert client.describe_table(TableName="things")["Table"] == before
    assert client.list_backups()["BackupSummaries"] == []
    client.close()
