"""A server killed at random moments under load loses nothing that it acknowledged.

STATOR_KILLS says how often to kill (8 without it), STATOR_KILL_SEED when.
"""

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stator.config import Settings
from stator.doctor import doctor, doctor_store
from tests import postgres
from tests.commands.process import run
from tests.crash.load import CREATE_TABLE, Book, Load, settle
from tests.crash.server_process import PlainClient, ServerProcess

_KILLS = int(os.environ.get("STATOR_KILLS", "8"))
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))


class Place:
    """A data directory and the servers that lived on it; at most one lives."""

    def __init__(self, path: Path) -> None:
        self.data_dir = path / "data"
        self.copy = path / "copy"
        self.log = path / "log"
        self._servers: list[ServerProcess] = []

    def begin(self) -> ServerProcess:
        server = ServerProcess(self.data_dir, self.log)
        self._servers.append(server)
        return server

    def start(self) -> ServerProcess:
        return self.begin().wait_until_ready()

    def examine_copy(self) -> list[str]:
        """What the doctor finds; in a copy, so that the next server meets the directory as the last one left it."""
        if store := postgres.store_of(self.data_dir):
            postgres.wait_until_left(store)
            return doctor_store(Settings(store=store))
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.data_dir, self.copy)
        return doctor(self.copy)

    def end(self) -> None:
        for server in self._servers:
            server.kill()  # one that has ended does not mind


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    one = Place(tmp_path)
    yield one
    one.end()


def _create_table(port: int) -> None:
    client = PlainClient(port)
    assert client.call("CreateTable", CREATE_TABLE).status == 200
    client.close()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_is_half_written(place: Place) -> None:
    rng = random.Random(_SEED)
    book = Book()
    server = place.start()
    _create_table(server.port)
    for number in range(_KILLS):
        load = Load(book, server.port, rng.randrange(10**9))
        time.sleep(rng.uniform(0.02, 1.2))
        server.kill()
        load.join()
        where = f"seed {_SEED}, kill {number}"
        assert place.examine_copy() == [], where
        if rng.random() < 0.3:  # and once more, while it finds its feet
            server = place.begin()
            time.sleep(rng.uniform(0.0, 0.6))
            server.kill()
        server = place.start()
        assert settle(book, server.port) == [], where
    assert server.terminate() == 0
    assert place.examine_copy() == []
    assert "Traceback" not in place.log.read_text()
    print(f"{_KILLS} kills, {book.acknowledged} writes acknowledged, none lost")  # noqa: T201  shown with -s
    assert book.acknowledged > 20 * _KILLS


def test_a_stop_under_load_keeps_what_was_acknowledged(place: Place) -> None:
    book = Book()
    server = place.start()
    _create_table(server.port)
    load = Load(book, server.port, 1)
    time.sleep(0.4)
    if not postgres.store_of(place.data_dir):  # of which there may be several
        refused = run("serve", "--port", "0", "--data-dir", place.data_dir)
        assert refused.returncode == 1
        assert f"in use by process {server.process.pid}" in refused.stderr
    before = book.acknowledged
    time.sleep(0.2)
    assert book.acknowledged > before  # the first one was not disturbed
    assert server.terminate() == 0
    load.join()
    assert place.examine_copy() == []
    server = place.start()
    assert settle(book, server.port) == []
    lost = next(item for item in book.items.facts.values() if item is not None)
    client = PlainClient(server.port)
    client.call("DeleteItem", {"TableName": "things", "Key": {name: lost[name] for name in ("pk", "sk")}})
    client.close()
    assert len(settle(book, server.port)) == 1  # the book would have told of a loss
    assert server.terminate() == 0
    assert "Traceback" not in place.log.read_text()


@postgres.embedded_only("the server writes no files that could be limited")
def test_a_full_disk_refuses_writes_and_loses_none(place: Place) -> None:
    server = place.start()
    _create_table(server.port)
    server.limit_files(3 << 20)
    client = PlainClient(server.port)
    acknowledged = []
    reply = None
    for number in range(200):
        item = {"pk": {"S": "full"}, "sk": {"N": str(number)}, "v": {"N": str(number)}, "fill": {"S": "x" * 50_000}}
        reply = client.call("PutItem", {"TableName": "things", "Item": item})
        if reply.status != 200:
            break
        acknowledged.append(number)
    assert reply is not None
    assert (reply.status, reply.error) == (500, "InternalServerError")
    assert len(acknowledged) > 10
    request = {"TableName": "things", "Key": {"pk": {"S": "full"}, "sk": {"N": str(acknowledged[-1])}}}
    assert client.call("GetItem", request).body["Item"]["v"] == {"N": str(acknowledged[-1])}  # reading goes on
    client.close()
    server.terminate()
    assert place.examine_copy() == []
    server = place.start()
    client = PlainClient(server.port)
    query = {
        "TableName": "things",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "full"}},
        "ProjectionExpression": "sk",
    }
    found: list[int] = []
    while True:
        page = client.call("Query", query).body
        found += [int(item["sk"]["N"]) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    # The write that was refused may have happened after all: its outcome was unknown.
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) <= len(acknowledged) + 1
    client.close()
    assert server.terminate() == 0
