"""An instance rolled back to any second between two backups is what it was then, whatever was killed meanwhile.

STATOR_ROLLBACKS says how many seconds to try (2 without it), STATOR_KILL_SEED which.
"""

import contextlib
import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stator.doctor import doctor
from tests.commands.process import run
from tests.crash.chronicle import Chronicle, State, differences, scan
from tests.crash.server_process import Lost, PlainClient, ServerProcess

_ROLLBACKS = int(os.environ.get("STATOR_ROLLBACKS", "2"))
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))
_TWINS = ("twin-a", "twin-b")


class Twins:
    """Writes the same to two tables in one transaction, all the time: nowhere may one have what the other lacks."""

    def __init__(self, port: int, seed: int) -> None:
        self._client = PlainClient(port)
        self._rng = random.Random(seed)
        self._stopping = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        try:
            while not self._stopping:
                number += 1
                item = {"pk": {"S": str(self._rng.randrange(20))}, "v": {"S": f"{time.time()} {number}"}}
                puts = [{"Put": {"TableName": name, "Item": item}} for name in _TWINS]
                if self._client.call("TransactWriteItems", {"TransactItems": puts}).status >= 500:
                    return
        except Lost:
            return

    def join(self) -> None:
        self._stopping = True
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._client.close()


class Place:
    """A data directory with an archive beside it, and the servers that lived on it; at most one lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data_dir = path / "data"
        self.archive = path / "data-archive"
        self.log = path / "log"
        self._servers: list[ServerProcess] = []

    def start(self, data_dir: Path | None = None) -> ServerProcess:
        options = ("--archive", str(self.archive), "--archive-segment-seconds", "0.5")
        server = ServerProcess(data_dir or self.data_dir, self.log, *options)
        self._servers.append(server)
        return server.wait_until_ready()

    def end(self) -> None:
        for server in self._servers:
            server.kill()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    one = Place(tmp_path)
    yield one
    one.end()


def begin_backup(client: PlainClient) -> str:
    reply = client.call("Stator_20261121.CreateInstanceBackup", {})
    assert reply.status == 200, reply
    return str(reply.body["InstanceBackupDescription"]["BackupId"])


def wait_for_backup(client: PlainClient, backup_id: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        reply = client.call("Stator_20261121.DescribeInstanceBackup", {"BackupId": backup_id})
        if reply.body["InstanceBackupDescription"]["BackupStatus"] == "AVAILABLE":
            return dict(reply.body["InstanceBackupDescription"])
        time.sleep(0.02)
    raise AssertionError(f"backup {backup_id} was never made")


def live(place: Place, rng: random.Random) -> tuple[Chronicle, list[dict[str, Any]]]:
    """The life of an instance with four backups, and a kill after each but the last. What there was, and the backups."""
    chronicle = Chronicle(_SEED)
    backups: list[str] = []
    for stage in range(4):
        server = place.start()
        client = PlainClient(server.port)
        if stage == 0:
            for name in _TWINS:
                request = {"TableName": name, "BillingMode": "PAY_PER_REQUEST"}
                keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
                types = [{"AttributeName": "pk", "AttributeType": "S"}]
                client.call("CreateTable", request | {"KeySchema": keys, "AttributeDefinitions": types})
        else:
            chronicle.settle(client)
            wait_for_backup(client, backups[-1])  # goes on after the kill
        twins = Twins(server.port, _SEED + stage)
        chronicle.write(client, time.time() + rng.uniform(1.5, 4.0))
        if stage == 3:
            since = wait_for_backup(client, backups[0])["RestorableDateTime"]
            chronicle.write_until(client, since, max(5, _ROLLBACKS))
        backups.append(begin_backup(client))
        if stage == 3:
            chronicle.write(client, time.time() + 0.5)
            twins.join()
            told = [wait_for_backup(client, each) for each in backups]
            client.close()
            server.kill()
            return chronicle, told
        killer = threading.Timer(rng.choice((0.01, 0.05, rng.uniform(0.1, 3.0))), server.kill)
        killer.start()
        with contextlib.suppress(Lost):
            chronicle.write(client, time.time() + 30)
        killer.join()
        twins.join()
        client.close()
    raise AssertionError("it ends with the last backup")


def compare(place: Place, data_dir: Path, expected: State) -> list[str]:
    server = place.start(data_dir)
    client = PlainClient(server.port)
    told = differences(client, expected)
    if scan(client, _TWINS[0]) != scan(client, _TWINS[1]):
        told.append("a transaction was split")
    client.close()
    assert server.terminate() == 0
    return told


@pytest.mark.slow
def test_a_rollback_is_what_there_was(place: Place) -> None:
    rng = random.Random(_SEED)
    chronicle, backups = live(place, rng)
    shutil.rmtree(place.data_dir)  # the archive is enough
    first, last = backups[0]["RestorableDateTime"], backups[-1]["RestorableDateTime"]
    marks = [(second, state) for second, state in chronicle.marks.items() if first <= second <= last]
    assert len(marks) > 4
    for number, (second, state) in enumerate(rng.sample(marks, min(_ROLLBACKS, len(marks)))):
        target = place.path / f"rolled-back-{number}"
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        done = run("rollback", "--to", moment, "--data-dir", target, "--archive", place.archive)
        where = f"seed {_SEED}, {moment}"
        assert done.returncode == 0, f"{where}: {done.stderr}"
        assert doctor(target) == [], where
        assert compare(place, target, state) == [], where
        assert doctor(target) == [], where
    assert "Traceback" not in place.log.read_text()
    print(f"{chronicle.asked} requests, {len(marks)} seconds to choose from")  # noqa: T201  shown with -s
    beyond = run("rollback", "--to", str(int(last) + 1), "--data-dir", place.path / "no", "--archive", place.archive)
    assert beyond.returncode == 1
    assert "make a manual backup first: stator backup create" in beyond.stderr
    assert not (place.path / "no").exists()
