"""What clients do to a fleet all the while: write to a table with indexes and a stream, change its indexes, read its
stream, make tables anew under one name, and make backups."""

import time
from typing import Any

from tests.crash.server_process import Lost
from tests.routers.fleet import Fleet, Worker

TABLE = "things"
INDEX = "by-group"
ITEMS = 40  # of each writer
SECONDS_MAX = 120

CREATE_TABLE: dict[str, Any] = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}

Item = dict[str, dict[str, str]]


class Writer(Worker):
    """Has items of its own, and knows what each of them is or may be. `acknowledged` are the versions it wrote."""

    def __init__(self, fleet: Fleet, number: int) -> None:
        super().__init__(fleet, f"writer {number}", 100 + number)
        self.facts: dict[str, list[Item | None]] = {}
        self.acknowledged: list[str] = []
        self._number = number
        self._version = 0

    def step(self) -> None:
        rng = self.rng
        pk = f"w{self._number}i{rng.randrange(ITEMS)}"
        self._version += 1
        version = f"w{self._number}v{self._version}"
        key: Item = {"pk": {"S": pk}}
        item: Item | None = key | {"v": {"S": version}, "g": {"S": f"g{rng.randrange(5)}"}}
        request: dict[str, Any] = {"Item": item}
        operation = "PutItem"
        if rng.random() < 0.2:
            operation, request, item = "DeleteItem", {"Key": key}, None
        try:
            reply = self.client.call(operation, {"TableName": TABLE, **request})
        except Lost:
            self.facts[pk] = [*self.facts.get(pk, [None]), item]
            raise
        if reply.status == 200:
            self.facts[pk] = [item]
            if item is not None:
                self.acknowledged.append(version)
        elif reply.error != "ThrottlingException":
            self.faults.append(f"{operation} {request}: {reply}")


class Counter(Worker):
    """Adds one to a counter in a transaction with a token, and asks again until it has an answer."""

    def __init__(self, fleet: Fleet, number: int) -> None:
        super().__init__(fleet, f"counter {number}", 200 + number)
        self.pk = f"counter {number}"
        self.done = 0

    def step(self) -> None:
        token = f"{self.pk} {self.done}"
        add = {
            "TableName": "counters",
            "Key": {"pk": {"S": self.pk}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        request = {"TransactItems": [{"Update": add}], "ClientRequestToken": token}
        while True:
            reply = self.client.insist("TransactWriteItems", request)
            if reply.status == 200:
                break
            assert reply.error in {"TransactionInProgressException", "TransactionCanceledException"}, reply
            time.sleep(0.01)
        self.done += 1


class Builder(Worker):
    """Adds an index, waits until it is complete, counts what is in it, and takes it away again."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet, "builder", 300)
        self.built = 0

    def step(self) -> None:
        key = [{"AttributeName": "g", "KeyType": "HASH"}]
        create = {"IndexName": INDEX, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
        definitions = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "g")]
        added = {"AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [{"Create": create}]}
        self._change(added)
        if not self._wait("ACTIVE"):
            return
        self.built += 1
        if self.stopping:
            return
        time.sleep(0.3)
        self._change({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": INDEX}}]})
        self._wait(None)

    def _change(self, request: dict[str, Any]) -> None:
        reply = self.client.insist("UpdateTable", {"TableName": TABLE, **request})
        # An attempt whose answer was lost may have done it.
        refused = reply.error in {"ValidationException", "ResourceInUseException", "LimitExceededException"}
        assert reply.status == 200 or refused or reply.error == "ResourceNotFoundException", reply

    def _wait(self, status: str | None) -> bool:
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            indexes = self._indexes()
            if (indexes[0]["IndexStatus"] if indexes else None) == status:
                return True
            time.sleep(0.05)
        self.faults.append(f"the index is not {status} after {SECONDS_MAX} s: {self._indexes()}")
        self.stopping = True
        return False

    def _indexes(self) -> list[dict[str, Any]]:
        table = self.client.insist("DescribeTable", {"TableName": TABLE}).body["Table"]
        found: list[dict[str, Any]] = table.get("GlobalSecondaryIndexes", [])
        return found


class Maker(Worker):
    """Makes a table, writes to it by any router and deletes it, always under the same name: nothing that was
    acknowledged of one may lie in another."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet, "maker", 400)
        self.made = 0

    def step(self) -> None:
        named = {"TableName": "passing"}
        definition = {name: value for name, value in CREATE_TABLE.items() if name != "StreamSpecification"} | named
        reply = self.client.insist("CreateTable", definition)
        assert reply.status == 200 or reply.error == "ResourceInUseException", reply
        for number in range(6):
            key = {"pk": {"S": f"{self.made} {number}"}}
            assert self.client.insist("PutItem", named | {"Item": key}).status == 200
            read = self.client.insist("GetItem", named | {"Key": key, "ConsistentRead": True})
            assert read.body == {"Item": key}, (self.made, number, read)
        found = self.client.insist("Scan", named | {"ConsistentRead": True})
        assert {item["pk"]["S"] for item in found.body["Items"]} == {f"{self.made} {number}" for number in range(6)}
        reply = self.client.insist("DeleteTable", named)
        assert reply.status == 200 or reply.error == "ResourceNotFoundException", reply
        while self.client.insist("DescribeTable", named).status == 200:
            time.sleep(0.02)
        self.made += 1


class Saver(Worker):
    """Makes backups, which any router tells of at once."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet, "saver", 500)
        self.saved = 0

    def step(self) -> None:
        try:
            reply = self.client.call("CreateBackup", {"TableName": TABLE, "BackupName": f"backup-{self.saved}"})
        except Lost:
            return
        if reply.error in {"ResourceInUseException", "ContinuousBackupsUnavailableException", "BackupInUseException"}:
            time.sleep(0.1)  # an index is being added
            return
        assert reply.status == 200, reply
        arn = reply.body["BackupDetails"]["BackupArn"]
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            told = self.client.insist("DescribeBackup", {"BackupArn": arn})
            assert told.status == 200, told
            if told.body["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE":
                self.saved += 1
                time.sleep(0.5)
                return
            time.sleep(0.05)
        self.faults.append(f"{arn} is not there after {SECONDS_MAX} s")
        self.stopping = True


class Consumer(Worker):
    """Reads the stream: a shard only when all of its parent was read, and on where it was after a loss."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet, "consumer", 600)
        self.records: list[dict[str, Any]] = []
        self.done: set[str] = set()
        self.finishing = False
        self._arn = ""
        self._iterators: dict[str, str] = {}

    def step(self) -> None:
        if not self._arn:
            self._arn = self._ask("ListStreams", TableName=TABLE)["Streams"][0]["StreamArn"]
        found = 0
        after: dict[str, str] = {}
        while True:
            described = self._ask("DescribeStream", StreamArn=self._arn, **after)["StreamDescription"]
            for shard in described["Shards"]:
                parent = shard.get("ParentShardId")
                if shard["ShardId"] not in self.done and (parent is None or parent in self.done):
                    found += self._page(shard["ShardId"])
            if "LastEvaluatedShardId" not in described:
                break
            after = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}
        if self.finishing and not found:
            self.stopping = True

    def _page(self, shard: str) -> int:
        if shard not in self._iterators:
            place = {"StreamArn": self._arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
            self._iterators[shard] = self._ask("GetShardIterator", **place)["ShardIterator"]
        page = self._ask("GetRecords", ShardIterator=self._iterators[shard], Limit=200)
        self.records += page["Records"]
        if "NextShardIterator" in page:
            self._iterators[shard] = page["NextShardIterator"]
            return len(page["Records"])
        self.done.add(shard)
        return len(page["Records"]) + 1

    def _ask(self, operation: str, **request: Any) -> Any:
        reply = self.client.insist(f"DynamoDBStreams_20120810.{operation}", request)
        assert reply.status == 200, f"{operation} {request}: {reply}"
        return reply.body


def replay(records: list[dict[str, Any]]) -> tuple[dict[str, Item], list[str]]:
    """The items that the records make, and the versions in them. Each record must follow from the one before it."""
    items: dict[str, Item] = {}
    versions: list[str] = []
    for record in records:
        change = record["dynamodb"]
        key = change["Keys"]["pk"]["S"]
        assert change.get("OldImage") == items.get(key), f"{record} after {items.get(key)}"
        if record["eventName"] == "REMOVE":
            del items[key]
        else:
            items[key] = change["NewImage"]
            versions.append(change["NewImage"]["v"]["S"])
    return items, versions
