"""A table that can be recovered to a point in time comes back as it was at any second, whatever was killed meanwhile,
and also when nothing is left but the archive.

STATOR_RECOVERIES says to how many seconds (4 without it; the bar is 20), STATOR_KILLS how often the server is killed
while it is written to (2 without it), STATOR_KILL_SEED when.
"""

import contextlib
import copy
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
from tests.crash.by_seconds import BySeconds
from tests.crash.server_process import Lost, PlainClient, ServerProcess
from tests.crash.works import INDEX, KEYS, TABLE, Item, asked, await_active, entry_of, made, scan

RECOVERIES = int(os.environ.get("STATOR_RECOVERIES", "4"))
KILLS = int(os.environ.get("STATOR_KILLS", "2"))
SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))
ITEMS = 200

Items = dict[str, Item]


class Writer(BySeconds[Items]):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.items: Items = {}
        self.writes = 0
        self.doubt: dict[str, Item | None] = {}  # what a request that was never answered may have done

    def known(self) -> Items:
        return copy.copy(self.items)

    def settle(self, client: PlainClient) -> None:
        """Find out what became of the request that was never answered."""
        doubt, self.doubt = self.doubt, {}
        for key in doubt:
            found = asked(client, "GetItem", TableName=TABLE, Key={"pk": {"S": key}}, ConsistentRead=True)
            assert found.get("Item") in (self.items.get(key), doubt[key])
            self._know(key, found.get("Item"))

    def step(self, client: PlainClient) -> None:
        changes: dict[str, Item | None] = {}
        for _ in range(self.rng.choice((1, 1, 1, 8))):
            number = self.rng.randrange(ITEMS)
            fresh = {**made(number), "v": {"N": str(self.rng.randrange(1, 10**9))}}
            if self.rng.random() < 0.5:
                fresh["n"] = {"N": str(self.rng.randrange(1, 1000))}
                fresh.setdefault("g", {"S": "other"})
            changes[f"i{number}"] = None if self.rng.random() < 0.25 else fresh
        actions = [
            {"Delete": {"TableName": TABLE, "Key": {"pk": {"S": key}}}}
            if item is None
            else {"Put": {"TableName": TABLE, "Item": item}}
            for key, item in changes.items()
        ]
        self.doubt = changes
        asked(client, "TransactWriteItems", TransactItems=actions)
        self.doubt = {}
        for key, item in changes.items():
            self._know(key, item)
        self.writes += len(changes)

    def _know(self, key: str, item: Item | None) -> None:
        # A new dict each time: marks share what did not change.
        self.items = (
            {**self.items, key: item} if item is not None else {k: v for k, v in self.items.items() if k != key}
        )


class Place:
    def __init__(self, path: Path) -> None:
        self.data_dir = path / "data"
        self.log = path / "log"
        self.servers: list[ServerProcess] = []

    def start(self) -> PlainClient:
        server = ServerProcess(self.data_dir, self.log, "--archive-segment-seconds", "0.3")
        self.servers.append(server)
        return PlainClient(server.wait_until_ready().port)

    def kill(self) -> None:
        self.servers[-1].kill()

    def end(self) -> None:
        for server in self.servers:
            server.kill()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    one = Place(tmp_path)
    yield one
    one.end()


def recovery_of(client: PlainClient) -> dict[str, Any]:
    told = asked(client, "DescribeContinuousBackups", TableName=TABLE)["ContinuousBackupsDescription"]
    found: dict[str, Any] = told["PointInTimeRecoveryDescription"]
    return found


def live(place: Place, writer: Writer) -> PlainClient:
    """The life of the table, with kills. When this returns, all of it is in the archive."""
    client = place.start()
    asked(client, "CreateTable", TableName=TABLE, **KEYS)
    writer.write(client, time.time() + 0.3)
    specification = {"PointInTimeRecoveryEnabled": True}
    asked(client, "UpdateContinuousBackups", TableName=TABLE, PointInTimeRecoverySpecification=specification)
    since = time.time() + 1
    for _ in range(KILLS):
        killer = threading.Timer(writer.rng.uniform(0.5, 3.0), place.kill)
        killer.start()
        with contextlib.suppress(Lost):
            writer.write(client, time.time() + 30)
        killer.join()
        client.close()
        client = place.start()
        writer.settle(client)
    writer.write(client, time.time() + writer.rng.uniform(2.0, 4.0))
    writer.write_until(client, since, max(4, RECOVERIES) + 1)  # the last one may be too new to come back to
    deadline = time.monotonic() + 30
    while recovery_of(client)["LatestRestorableDateTime"] < time.time() - 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return client


def check(client: PlainClient, second: int, expected: Items, target: str) -> None:
    asked(client, "RestoreTableToPointInTime", SourceTableName=TABLE, TargetTableName=target, RestoreDateTime=second)
    await_active(client, target)
    where = f"seed {SEED}, second {second}"
    found = scan(client, target)
    assert {key: item for key, item in found.items() if expected.get(key) != item} == {}, where
    assert found.keys() == expected.keys(), where
    entries = {key: entry for key, item in expected.items() if (entry := entry_of(item)) is not None}
    assert scan(client, target, IndexName=INDEX) == entries, where


@pytest.mark.slow
def test_every_second_comes_back(place: Place) -> None:
    writer = Writer(SEED)
    client = live(place, writer)
    window = recovery_of(client)
    earliest, latest = window["EarliestRestorableDateTime"], window["LatestRestorableDateTime"]
    marks = [second for second in writer.marks if earliest <= second <= latest]
    assert len(marks) > 3
    chosen = writer.rng.sample(marks, min(RECOVERIES, len(marks)))
    for second in chosen:
        check(client, second, writer.marks[second], f"live-{second}")
    asked(
        client,
        "RestoreTableToPointInTime",
        SourceTableName=TABLE,
        TargetTableName="latest",
        UseLatestRestorableTime=True,
    )
    await_active(client, "latest")
    assert scan(client, "latest") == writer.items
    for time_ in (earliest - 60, latest + 3600):
        reply = client.call(
            "RestoreTableToPointInTime",
            {"SourceTableName": TABLE, "TargetTableName": "never", "RestoreDateTime": time_},
        )
        assert reply.error == "InvalidRestoreTimeException"
    client.close()
    assert place.servers[-1].terminate() == 0
    assert doctor(place.data_dir) == []

    shutil.rmtree(place.data_dir)  # the archive is enough
    client = place.start()
    for second in chosen:
        check(client, second, writer.marks[second], f"wiped-{second}")
    client.close()
    assert place.servers[-1].terminate() == 0
    assert doctor(place.data_dir) == []
    assert "Traceback" not in place.log.read_text()
    print(f"{writer.writes} writes, {len(marks)} seconds to choose from")  # noqa: T201  shown with -s
