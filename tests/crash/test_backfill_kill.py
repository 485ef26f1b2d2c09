"""An index added to a table under load, the server killed twice meanwhile, ends up equal to the items.

STATOR_BACKFILL_ITEMS says how many items the table has before (20,000 without it; the bar is 200,000).
"""

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stator.doctor import doctor
from tests.crash.server_process import Lost, PlainClient, ServerProcess

ITEMS = int(os.environ.get("STATOR_BACKFILL_ITEMS", "20000"))
TABLE = "things"
INDEX = "by-group"
WRITERS = 3
SECONDS_MAX = 60 + ITEMS / 500

CREATE_TABLE: dict[str, Any] = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
ADD_INDEX: dict[str, Any] = {
    "TableName": TABLE,
    "AttributeDefinitions": [
        {"AttributeName": "g", "AttributeType": "S"},
        {"AttributeName": "h", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexUpdates": [
        {
            "Create": {
                "IndexName": INDEX,
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]},
            }
        }
    ],
}

Item = dict[str, dict[str, Any]]


class Writer(threading.Thread):
    """A client with items of its own: it knows what each of them is, or may be."""

    def __init__(self, number: int, seed: int, facts: dict[str, list[Item | None]]) -> None:
        super().__init__()
        self.number = number
        self.port = 0
        self.facts = facts
        self.writes = 0
        self.faults: list[str] = []
        self.stopping = False
        self.port_known = threading.Event()
        self._rng = random.Random(seed)

    def run(self) -> None:
        while not self.stopping:
            self.port_known.wait()
            client = PlainClient(self.port)
            try:
                while not self.stopping:
                    self._step(client)
            except Lost:
                self.port_known.clear()
            finally:
                client.close()

    def _step(self, client: PlainClient) -> None:
        rng = self._rng
        # More than there were, so that some are new; multiples of WRITERS apart, so that they are this writer's alone.
        pk = f"i{rng.randrange(ITEMS * 11 // 10) // WRITERS * WRITERS + self.number}"
        kind = rng.randrange(4)
        result: Item | None = made(pk, rng)
        operation = "PutItem"
        request: dict[str, Any] = {"Item": result}
        if kind == 0:
            operation, request, result = "DeleteItem", {"Key": {"pk": {"S": pk}}}, None
        old = self.facts.get(pk, [None])
        if kind == 1 and len(old) == 1 and old[0] is not None:
            operation, result = "UpdateItem", {name: old[0][name] for name in old[0] if name not in ("g", "h")}
            request = {"Key": {"pk": {"S": pk}}, "UpdateExpression": "REMOVE g, h"}
            if rng.random() < 0.7:
                values = {":g": {"S": f"g{rng.randrange(50)}"}, ":h": {"N": str(rng.randrange(1000))}}
                request = {
                    "Key": {"pk": {"S": pk}},
                    "UpdateExpression": "SET g = :g, h = :h",
                    "ExpressionAttributeValues": values,
                }
                result |= {"g": values[":g"], "h": values[":h"]}
        try:
            reply = client.call(operation, {"TableName": TABLE, **request})
        except Lost:
            self.facts[pk] = [*old, result]  # one of them
            raise
        if reply.status != 200:
            self.faults.append(f"{operation} {request}: {reply}")
        self.facts[pk] = [result]
        self.writes += 1


def made(pk: str, rng: random.Random) -> Item:
    """An item as it may be written while the index is there."""
    item: Item = {"pk": {"S": pk}, "v": {"N": str(rng.randrange(1, 10**9))}, "fill": {"S": "x" * rng.randrange(100)}}
    if rng.random() < 0.9:
        item["g"] = {"S": f"g{rng.randrange(50)}"}
    if rng.random() < 0.9:
        item["h"] = {"N": str(rng.randrange(1, 1000))}
    return item


def older(pk: str, rng: random.Random) -> Item:
    """An item from before the index: it may hold what no key of it can be."""
    item = made(pk, rng)
    if rng.random() < 0.1:
        item["g"] = rng.choice([{"S": ""}, {"N": "7"}, {"BOOL": True}, {"S": "g" * 2049}])
    if rng.random() < 0.05:
        item["h"] = {"S": "no number"}
    return item


def entry_of(item: Item) -> Item | None:
    group, number = item.get("g", {}).get("S", ""), item.get("h", {}).get("N")
    if not 0 < len(group) <= 2048 or number is None:
        return None
    return {name: item[name] for name in ("pk", "g", "h", "v")}


def load_items(port: int, facts: dict[str, list[Item | None]]) -> None:
    rng = random.Random(1)
    client = PlainClient(port)
    for start in range(0, ITEMS, 25):
        items = [older(f"i{number}", rng) for number in range(start, min(start + 25, ITEMS))]
        batch = {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}} for item in items]}}
        assert client.call("BatchWriteItem", batch).status == 200
        facts |= {item["pk"]["S"]: [item] for item in items}
    client.close()


def scan(client: PlainClient, **more: Any) -> list[Item]:
    items: list[Item] = []
    start: dict[str, Any] = {}
    while True:
        page = client.call("Scan", {"TableName": TABLE, **more, **start}).body
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def index_of(client: PlainClient) -> dict[str, Any]:
    table = client.call("DescribeTable", {"TableName": TABLE}).body["Table"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert (table["TableStatus"] == "ACTIVE") == (index["IndexStatus"] == "ACTIVE")
    found: dict[str, Any] = index
    return found


class Scene:
    """One server after another on one directory, and the writers that go on."""

    def __init__(self, path: Path) -> None:
        self.data_dir = path / "data"
        self.log = path / "log"
        self.facts: dict[str, list[Item | None]] = {}
        self.servers: list[ServerProcess] = []
        self.writers: list[Writer] = []

    def start(self) -> PlainClient:
        server = ServerProcess(self.data_dir, self.log).wait_until_ready()
        self.servers.append(server)
        for writer in self.writers:
            writer.port = server.port
            writer.port_known.set()
        return PlainClient(server.port)

    def begin_writing(self) -> None:
        for number in range(WRITERS):
            mine = {pk: fact for pk, fact in self.facts.items() if int(pk[1:]) % WRITERS == number}
            writer = Writer(number, 100 + number, mine)
            writer.port = self.servers[-1].port
            writer.port_known.set()
            self.writers.append(writer)
            writer.start()

    def stop_writing(self) -> None:
        for writer in self.writers:
            writer.stopping = True
            writer.port_known.set()
        for writer in self.writers:
            writer.join(30)
            assert not writer.is_alive()

    def kill(self, client: PlainClient) -> None:
        client.close()
        self.servers[-1].kill()

    def end(self) -> None:
        for server in self.servers:
            server.kill()
        self.stop_writing()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    one = Scene(tmp_path)
    yield one
    one.end()


@pytest.mark.slow
def test_an_index_filled_under_load_through_two_kills_equals_the_items(scene: Scene) -> None:
    client = scene.start()
    assert client.call("CreateTable", CREATE_TABLE).status == 200
    load_items(scene.servers[-1].port, scene.facts)
    scene.begin_writing()
    time.sleep(0.3)
    began = time.monotonic()
    reply = client.call("UpdateTable", ADD_INDEX)
    assert reply.status == 200, reply
    (created,) = reply.body["TableDescription"]["GlobalSecondaryIndexes"]
    assert (created["IndexStatus"], created["Backfilling"]) == ("CREATING", False)

    for share in (0.1, 0.5):
        index = wait_for(client, lambda index, least=ITEMS * share: index["ItemCount"] > least)
        assert index["Backfilling"] is True
        refused = client.call("Scan", {"TableName": TABLE, "IndexName": INDEX})
        assert refused.body["message"] == f"Cannot read from backfilling global secondary index: {INDEX}"
        scene.kill(client)
        client = scene.start()
        resumed = index_of(client)
        assert resumed["IndexStatus"] == "CREATING"
        assert resumed["ItemCount"] >= index["ItemCount"] * 0.9  # it goes on where it was; some were deleted since
    wait_for(client, lambda index: index["IndexStatus"] == "ACTIVE")
    seconds = time.monotonic() - began
    scene.stop_writing()

    assert [fault for writer in scene.writers for fault in writer.faults] == []
    items = {item["pk"]["S"]: item for item in scan(client, ConsistentRead=True)}
    known = {pk: fact for writer in scene.writers for pk, fact in writer.facts.items()}
    assert {pk: items.get(pk) for pk, fact in known.items() if items.get(pk) not in fact} == {}
    assert set(items) <= set(known)
    found = scan(client, IndexName=INDEX)
    entries = {entry["pk"]["S"]: entry for entry in found}
    assert len(entries) == len(found)
    assert entries == {pk: entry for pk, item in items.items() if (entry := entry_of(item)) is not None}
    assert index_of(client)["ItemCount"] == len(found)
    client.close()
    assert scene.servers[-1].terminate() == 0
    assert doctor(scene.data_dir) == []
    assert "Traceback" not in scene.log.read_text()
    writes = sum(writer.writes for writer in scene.writers)
    print(f"{ITEMS} items and {len(found)} entries in {seconds:.1f} s, {writes} writes meanwhile")  # noqa: T201  with -s


def wait_for(client: PlainClient, until: Any) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS_MAX
    while not until(index := index_of(client)):
        assert index["IndexStatus"] == "CREATING", "it was complete before it could be killed"
        assert time.monotonic() < deadline, f"still {index} after {SECONDS_MAX} s"
        time.sleep(0.01)
    return index
