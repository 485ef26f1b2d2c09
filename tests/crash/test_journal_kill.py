"""A consumer walks the lineage of a stream while writers write, shards roll and the server is killed: it sees each
acknowledged change once, in order, and replaying what it saw gives the table's content.

STATOR_JOURNAL_KILLS says how often the server is killed (3 without it; the bar is 10).
"""

import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.crash.server_process import Lost, PlainClient, ServerProcess

KILLS = int(os.environ.get("STATOR_JOURNAL_KILLS", "3"))
WRITERS = 8
LIFE_SECONDS = 1.5  # of each server
SHARD_SECONDS = 1.0
KEYS = 12  # of each writer
TABLE = "things"

CREATE_TABLE: dict[str, Any] = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


class Port:
    """Where the server of the moment is; None while there is none."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.stopping = False

    def connect(self) -> PlainClient | None:
        while self.number is None:
            if self.stopping:
                return None
            time.sleep(0.01)
        return PlainClient(self.number)


class Writer(threading.Thread):
    def __init__(self, number: int, port: Port) -> None:
        super().__init__()
        self.number, self.port = number, port
        self.acknowledged: list[str] = []  # the versions, in order
        self.faults: list[str] = []
        self._rng = random.Random(number)
        self._version = 0

    def run(self) -> None:
        while not self.port.stopping and (client := self.port.connect()) is not None:
            try:
                while not self.port.stopping:
                    self._step(client)
            except Lost:
                time.sleep(0.01)
            finally:
                client.close()

    def _step(self, client: PlainClient) -> None:
        key = {"pk": {"S": f"w{self.number}-{self._rng.randrange(KEYS)}"}}
        self._version += 1
        version = f"w{self.number}v{self._version}"
        kind = self._rng.randrange(6)
        if kind == 0:
            reply = client.call("DeleteItem", {"TableName": TABLE, "Key": key})
        elif kind == 1:
            both = [{"Put": {"TableName": TABLE, "Item": key | {"v": {"S": version}}}}]
            both.append(
                {"Put": {"TableName": TABLE, "Item": {"pk": {"S": f"{key['pk']['S']}-twin"}, "v": {"S": version}}}}
            )
            reply = client.call("TransactWriteItems", {"TransactItems": both})
        else:
            reply = client.call("PutItem", {"TableName": TABLE, "Item": key | {"v": {"S": version}}})
        if reply.status != 200:
            self.faults.append(f"{reply}")
        elif kind:
            self.acknowledged.append(version)


class Consumer(threading.Thread):
    """Reads a shard only when all of its parent was read, and goes on where it was after a loss."""

    def __init__(self, port: Port) -> None:
        super().__init__()
        self.port = port
        self.arn = ""
        self.records: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.done: set[str] = set()
        self.finishing = False
        self.finished = False
        self._iterators: dict[str, str] = {}

    def run(self) -> None:
        while not self.finished and (client := self.port.connect()) is not None:
            try:
                while not self.finished:
                    read = self._round(client)
                    self.finished = self.finishing and not read
            except Lost:
                time.sleep(0.01)
            except AssertionError as error:
                self.faults.append(str(error))
                self.finished = True
            finally:
                client.close()

    def _call(self, client: PlainClient, operation: str, **request: Any) -> Any:
        reply = client.call(f"DynamoDBStreams_20120810.{operation}", request)
        assert reply.status == 200, f"{operation} {request}: {reply}"
        return reply.body

    def _round(self, client: PlainClient) -> int:
        """Discover shards, then one page of each that is its turn; how many records and ends of shards were met."""
        if not self.arn:
            self.arn = self._call(client, "ListStreams")["Streams"][0]["StreamArn"]
        found = 0
        after: dict[str, str] = {}
        while True:
            described = self._call(client, "DescribeStream", StreamArn=self.arn, **after)["StreamDescription"]
            for shard in described["Shards"]:
                parent = shard.get("ParentShardId")
                if shard["ShardId"] not in self.done and (parent is None or parent in self.done):
                    found += self._page(client, shard["ShardId"])
            if "LastEvaluatedShardId" not in described:
                return found
            after = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}

    def _page(self, client: PlainClient, shard: str) -> int:
        if shard not in self._iterators:
            place = {"StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
            self._iterators[shard] = self._call(client, "GetShardIterator", **place)["ShardIterator"]
        page = self._call(client, "GetRecords", ShardIterator=self._iterators[shard], Limit=200)
        self.records += page["Records"]
        if "NextShardIterator" in page:
            self._iterators[shard] = page["NextShardIterator"]
            return len(page["Records"])
        self.done.add(shard)
        return len(page["Records"]) + 1


def replay(records: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """The items that the records make, and the versions in them. Each record must follow from the one before it."""
    items: dict[str, Any] = {}
    versions: list[str] = []
    for record in records:
        change = record["dynamodb"]
        key = change["Keys"]["pk"]["S"]
        assert change.get("OldImage") == items.get(key), f"{record} after {items.get(key)}"
        if record["eventName"] == "REMOVE":
            del items[key]
        else:
            items[key] = change["NewImage"]
            if not key.endswith("-twin"):
                versions.append(change["NewImage"]["v"]["S"])
    return items, versions


@pytest.mark.slow
def test_a_consumer_sees_every_change_once_and_in_order(tmp_path: Path) -> None:
    port = Port()
    writers, consumer = [Writer(number, port) for number in range(WRITERS)], Consumer(port)
    data_dir, log = tmp_path / "data", tmp_path / "log"
    options = ("--stream-shard-seconds", str(SHARD_SECONDS))
    server = ServerProcess(data_dir, log, *options).wait_until_ready()
    try:
        client = PlainClient(server.port)
        assert client.call("CreateTable", CREATE_TABLE).status == 200
        client.close()
        port.number = server.port
        for thread in (*writers, consumer):
            thread.start()
        for _ in range(KILLS):
            time.sleep(LIFE_SECONDS)
            port.number = None
            server.kill()
            server = ServerProcess(data_dir, log, *options).wait_until_ready()
            port.number = server.port
        time.sleep(LIFE_SECONDS)
        port.stopping = True
        for writer in writers:
            writer.join(30)
        consumer.finishing = True
        consumer.join(60)
        assert consumer.finished
        assert not consumer.faults
        assert not [fault for writer in writers for fault in writer.faults]
        client = PlainClient(server.port)
        held = {item["pk"]["S"]: item for item in client.call("Scan", {"TableName": TABLE}).body["Items"]}
        client.close()
    finally:
        port.stopping = True
        server.kill()
    items, versions = replay(consumer.records)
    assert items == held
    assert len(versions) == len(set(versions))
    for writer in writers:
        assert writer.acknowledged
        assert set(writer.acknowledged) <= set(versions)
    assert len(consumer.done) >= 4 * KILLS, "shards rolled meanwhile"
    assert len({record["eventID"] for record in consumer.records}) == len(consumer.records)
