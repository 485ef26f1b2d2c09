"""Clients that write as fast as they can until the server is gone, and keep book."""

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from tests.crash.ledger import Ledger, State, Tally
from tests.crash.server_process import Client, Lost, PlainClient, Reply, SdkClient

TABLE = "things"
COUNTERS = 4
_THINGS = 30  # for each worker

CREATE_TABLE: dict[str, Any] = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in {"pk": "S", "sk": "N", "g": "S", "h": "N", "v": "N", "t": "S"}.items()
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-group",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "by-version",
            "KeySchema": [
                {"AttributeName": "g", "KeyType": "HASH"},
                {"AttributeName": "t", "KeyType": "HASH"},
                {"AttributeName": "v", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-text",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "t", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]},
        }
    ],
}


class Book:
    """All that is known of one data directory."""

    def __init__(self) -> None:
        self.items = Ledger()
        self.tables = Ledger()
        self.tally = Tally()
        self.complaints: list[str] = []  # of replies that should not have been

    @property
    def acknowledged(self) -> int:
        return self.items.acknowledged + self.tables.acknowledged + self.tally.total


class Worker(ABC):
    """One client in a thread. Its things are its own, so it knows what they are."""

    def __init__(self, book: Book, client: Client, name: str, rng: random.Random) -> None:
        self.book = book
        self.client = client
        self.name = name
        self.rng = rng
        self.stopping = False
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()
        self.client.close()

    def _run(self) -> None:
        try:
            while not self.stopping:
                self.step()
        except Lost:
            return  # the server is gone
        except Exception as error:  # noqa: BLE001  a thread's exceptions are seen by nobody
            self.book.complaints.append(f"{self.name}: {error!r}")

    @abstractmethod
    def step(self) -> None:
        """One thing that this kind of client does."""

    def write(self, ledger: Ledger, operation: str, request: dict[str, Any], changes: Mapping[str, State]) -> None:
        """One write whose success is certain if the server is whole."""
        reply = self.ask(operation, request, lambda: ledger.doubt(changes))
        if reply.status == 200:
            ledger.know(changes)
        else:
            self.book.complaints.append(f"{self.name}: {operation} {request} got {reply}")

    def ask(self, operation: str, request: dict[str, Any], unanswered: Callable[[], None]) -> Reply:
        try:
            reply = self.client.call(operation, request)
        except Lost:
            unanswered()
            raise
        if reply.status >= 500:  # as good as no answer
            unanswered()
            raise Lost
        return reply

    def fresh(self, pk: str, sk: int) -> dict[str, Any]:
        """A new item at a key; sometimes large, sometimes in no index."""
        item: dict[str, Any] = {
            "pk": {"S": pk},
            "sk": {"N": str(sk)},
            "v": {"N": str(self.rng.randrange(10**12))},
            "fill": {"S": "x" * self.rng.choice((0, 10, 100, 1000, 20_000))},
        }
        for name in ("g", "t"):
            if self.rng.random() < 0.8:
                item[name] = {"S": f"{name}{self.rng.randrange(5)}"}
        if self.rng.random() < 0.8:
            item["h"] = {"N": str(self.rng.randrange(5))}
        return item


def name_of(pk: str, sk: int) -> str:
    return f"{pk}/{sk}"


def key_of(pk: str, sk: int) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


class Writer(Worker):
    """Puts, conditional updates and deletes. It knows what is there, so its conditions always hold."""

    def step(self) -> None:
        sk = self.rng.randrange(_THINGS)
        name = name_of(self.name, sk)
        old = self.book.items.facts.get(name)
        request: dict[str, Any] = {"TableName": TABLE}
        if old is None or self.rng.random() < 0.4:
            item = self.fresh(self.name, sk)
            self.write(self.book.items, "PutItem", request | {"Item": item} | _as_known(old), {name: item})
        elif self.rng.random() < 0.3:
            key = {"Key": key_of(self.name, sk)}
            self.write(self.book.items, "DeleteItem", request | key | _as_known(old), {name: None})
        else:
            self._update(sk, old)

    def _update(self, sk: int, old: Mapping[str, Any]) -> None:
        changed = {"v": {"N": str(self.rng.randrange(10**12))}, "g": {"S": f"g{self.rng.randrange(5)}"}}
        new = {name: value for name, value in {**old, **changed}.items() if name != "t"}
        known = _as_known(old)
        request = {
            "TableName": TABLE,
            "Key": key_of(self.name, sk),
            "UpdateExpression": "SET v = :new, g = :g REMOVE t",
            "ConditionExpression": known["ConditionExpression"],
            "ExpressionAttributeValues": known["ExpressionAttributeValues"]
            | {":new": changed["v"], ":g": changed["g"]},
        }
        self.write(self.book.items, "UpdateItem", request, {name_of(self.name, sk): new})


def _as_known(old: State) -> dict[str, Any]:
    if old is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {"ConditionExpression": "v = :known", "ExpressionAttributeValues": {":known": old["v"]}}


class BatchWriter(Worker):
    """Several puts and deletes at once; the server promises all of a batch or nothing."""

    def step(self) -> None:
        changes: dict[str, State] = {}
        requests: list[dict[str, Any]] = []
        for sk in self.rng.sample(range(_THINGS), self.rng.randrange(1, 12)):
            if self.rng.random() < 0.3:
                changes[name_of(self.name, sk)] = None
                requests.append({"DeleteRequest": {"Key": key_of(self.name, sk)}})
            else:
                item = self.fresh(self.name, sk)
                changes[name_of(self.name, sk)] = item
                requests.append({"PutRequest": {"Item": item}})
        self.write(self.book.items, "BatchWriteItem", {"RequestItems": {TABLE: requests}}, changes)


class Transactor(Worker):
    """Several writes in a transaction: all of them or none."""

    def step(self) -> None:
        changes: dict[str, State] = {}
        actions: list[dict[str, Any]] = []
        for sk in self.rng.sample(range(_THINGS), self.rng.randrange(1, 6)):
            name = name_of(self.name, sk)
            old = self.book.items.facts.get(name)
            request: dict[str, Any] = {"TableName": TABLE} | _as_known(old)
            chosen = self.rng.random()
            if old is None or chosen < 0.6:
                changes[name] = item = self.fresh(self.name, sk)
                actions.append({"Put": request | {"Item": item}})
            elif chosen < 0.8:
                changes[name] = None
                actions.append({"Delete": request | {"Key": key_of(self.name, sk)}})
            else:
                actions.append({"ConditionCheck": request | {"Key": key_of(self.name, sk)}})
        self.write(self.book.items, "TransactWriteItems", {"TransactItems": actions}, changes)


class Counter(Worker):
    """Increments what others increment too: blindly, and as an optimist who reads first."""

    def step(self) -> None:
        number = self.rng.randrange(COUNTERS)
        request: dict[str, Any] = {"TableName": TABLE, "Key": key_of("counter", number)}
        if number % 2:
            request |= {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
        else:
            found = self.ask("GetItem", {**request, "ConsistentRead": True}, lambda: None).body
            n = int(found.get("Item", {"n": {"N": "0"}})["n"]["N"])
            request |= {
                "UpdateExpression": "SET n = :new, g = :g",
                "ConditionExpression": "n = :old" if n else "attribute_not_exists(pk)",
                "ExpressionAttributeValues": {":new": {"N": str(n + 1)}, ":g": {"S": "counters"}}
                | ({":old": {"N": str(n)}} if n else {}),
            }
        name = name_of("counter", number)
        self.book.tally.attempt(name)
        reply = self.ask("UpdateItem", request, lambda: None)
        if reply.status == 200:
            self.book.tally.acknowledge(name)
        else:
            self.book.tally.refuse(name)
            if reply.error != "ConditionalCheckFailedException":
                self.book.complaints.append(f"{self.name}: {request} got {reply}")


class TableKeeper(Worker):
    """Creates, changes, fills and deletes tables of its own."""

    def step(self) -> None:
        name = f"{self.name}-{self.rng.randrange(3)}"
        tables = self.book.tables
        old = tables.facts.get(name)
        if old is None:
            units = self.rng.randrange(1, 1000)
            self.write(
                tables, "CreateTable", _provisioned(name, units), {name: {"read": units, "indexes": ["one", "two"]}}
            )
            return
        chosen = self.rng.random()
        if chosen < 0.3:
            self.change("DeleteTable", {"TableName": name}, {name: None})
        elif chosen < 0.5 and old["indexes"]:
            gone, *left = old["indexes"]
            delete = {"TableName": name, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": gone}}]}
            self.change("UpdateTable", delete, {name: {**old, "indexes": left}})
        elif chosen < 0.6 and len(old["indexes"]) < 2:
            self._add_index(name, old)
        elif chosen < 0.75:
            more = old["read"] + 1
            request = {"TableName": name, "ProvisionedThroughput": _units(more)}
            self.change("UpdateTable", request, {name: {**old, "read": more}})
        else:
            item = {"k": {"S": str(self.rng.random())}, "g": {"S": "x"}, "fill": {"S": "x" * 500}}
            self.write(tables, "PutItem", {"TableName": name, "Item": item}, {})

    def _add_index(self, name: str, old: Mapping[str, Any]) -> None:
        possible = _provisioned(name, 1)["GlobalSecondaryIndexes"]
        made = next(index for index in possible if index["IndexName"] not in old["indexes"])
        request = {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
            "GlobalSecondaryIndexUpdates": [{"Create": made}],
        }
        changes = {name: {**old, "indexes": sorted([*old["indexes"], made["IndexName"]])}}
        self.change("UpdateTable", request, changes)

    def change(self, operation: str, request: dict[str, Any], changes: Mapping[str, State]) -> None:
        """Refused while an index is being filled."""
        reply = self.ask(operation, request, lambda: self.book.tables.doubt(changes))
        if reply.status == 200:
            self.book.tables.know(changes)
        elif reply.error not in {"ResourceInUseException", "LimitExceededException"}:
            self.book.complaints.append(f"{self.name}: {operation} {request} got {reply}")


def _units(read: int) -> dict[str, Any]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": 1}


def _provisioned(name: str, read: int) -> dict[str, Any]:
    return {
        "TableName": name,
        "ProvisionedThroughput": _units(read),
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in ("k", "g")],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": _units(1),
            }
            for index in ("one", "two")
        ],
    }


class Load:
    """All workers against one port; `stop` waits until each has seen the end."""

    def __init__(self, book: Book, port: int, seed: int) -> None:
        self.workers: list[Worker] = [
            Writer(book, PlainClient(port), "w1", random.Random(f"{seed} w1")),
            Writer(book, SdkClient(port), "w2", random.Random(f"{seed} w2")),
            BatchWriter(book, PlainClient(port), "b1", random.Random(f"{seed} b1")),
            BatchWriter(book, PlainClient(port), "b2", random.Random(f"{seed} b2")),
            Transactor(book, PlainClient(port), "x1", random.Random(f"{seed} x1")),
            Counter(book, PlainClient(port), "c1", random.Random(f"{seed} c1")),
            Counter(book, PlainClient(port), "c2", random.Random(f"{seed} c2")),
            TableKeeper(book, PlainClient(port), "tables", random.Random(f"{seed} t")),
        ]
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        for worker in self.workers:
            worker.stopping = True
        self.join()

    def join(self) -> None:
        for worker in self.workers:
            worker.join()


def settle(book: Book, port: int) -> list[str]:
    """Read everything back and compare; what is wrong, a line each."""
    client = PlainClient(port)
    items: dict[str, State] = {}
    counters: dict[str, int] = {}
    start: dict[str, Any] = {}
    while True:
        page = client.call("Scan", {"TableName": TABLE, "ConsistentRead": True, **start}).body
        for item in page["Items"]:
            name = name_of(item["pk"]["S"], int(item["sk"]["N"]))
            if item["pk"]["S"] == "counter":
                counters[name] = int(item["n"]["N"])
            else:
                items[name] = item
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    tables = {
        name: _described(client.call("DescribeTable", {"TableName": name}).body["Table"])
        for name in client.call("ListTables", {}).body["TableNames"]
        if name != TABLE
    }
    client.close()
    absent: dict[str, State] = dict.fromkeys(book.items.facts)
    return [
        *book.items.settle(absent | items),
        *book.tables.settle(dict.fromkeys(book.tables.facts) | tables),
        *book.tally.settle(counters),
        *book.complaints,
    ]


def _described(table: Mapping[str, Any]) -> State:
    return {
        "read": table["ProvisionedThroughput"]["ReadCapacityUnits"],
        "indexes": sorted(index["IndexName"] for index in table.get("GlobalSecondaryIndexes", ())),
    }
