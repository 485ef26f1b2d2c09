"""One client that writes, makes and changes tables at random, and knows what there was at every full second.

It asks one thing at a time and nothing while a second begins, so what it knows then is what there is. A reply that never
came is looked into when the server is back.
"""

import copy
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.by_seconds import BySeconds
from tests.crash.server_process import Lost, PlainClient, Reply

Item = dict[str, Any]

NAMES = ("alpha", "beta", "gamma", "delta")
_KEYS = 40  # of each table


@dataclass
class Known:
    """A table as it must be."""

    indexes: set[str] = field(default_factory=set)
    stream: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    expires: bool = False
    items: dict[str, Item] = field(default_factory=dict)


State = dict[str, Known]


class Chronicle(BySeconds[State]):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.state: State = {}
        self.asked = 0
        self.doubt: Callable[[PlainClient], None] | None = None
        self._number = 0

    def known(self) -> State:
        return copy.deepcopy(self.state)

    def step(self, client: PlainClient) -> None:
        missing = [name for name in NAMES if name not in self.state]
        choice = self.rng.random()
        if missing and (choice < 0.02 or len(missing) == len(NAMES)):
            self._create(client, self.rng.choice(missing))
        elif choice < 0.01:
            self._ask(client, "DeleteTable", {"TableName": self.rng.choice(list(self.state))}, self._look_at_tables)
        elif choice < 0.03:
            self._change_table(client)
        elif choice < 0.35:
            self._put(client)
        elif choice < 0.55:
            self._update(client)
        elif choice < 0.7:
            self._delete(client)
        else:
            self._several(client, "BatchWriteItem" if choice < 0.85 else "TransactWriteItems")

    def _create(self, client: PlainClient, name: str) -> None:
        request = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": _attributes("pk", "g"),
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [_index("g")],
        }
        self._ask(client, "CreateTable", request, self._look_at_tables)

    def _change_table(self, client: PlainClient) -> None:
        name = self.rng.choice(list(self.state))
        known = self.state[name]
        what = self.rng.choice(("index", "stream", "tags", "expires"))
        look = self._look_at_tables
        if what == "index":
            index = self.rng.choice(("g", "h"))
            if index in known.indexes:
                update: dict[str, Any] = {"Delete": {"IndexName": f"by-{index}"}}
            else:
                update = {"Create": _index(index)}
            request = {"TableName": name, "AttributeDefinitions": _attributes(index)}
            self._ask(client, "UpdateTable", request | {"GlobalSecondaryIndexUpdates": [update]}, look)
        elif what == "stream":
            enabled = known.stream is None
            view = {"StreamViewType": self.rng.choice(("KEYS_ONLY", "NEW_IMAGE"))} if enabled else {}
            specification = {"StreamEnabled": enabled} | view
            self._ask(client, "UpdateTable", {"TableName": name, "StreamSpecification": specification}, look)
        elif what == "tags":
            tag = {"Key": self.rng.choice("abc"), "Value": str(self.rng.randrange(100))}
            self._ask(client, "TagResource", {"ResourceArn": _arn(name), "Tags": [tag]}, look)
        elif not known.expires:
            specification = {"AttributeName": "e", "Enabled": True}
            self._ask(client, "UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": specification}, look)

    def _put(self, client: PlainClient) -> None:
        name, item = self._place()
        self._ask_items(client, "PutItem", {"TableName": name, "Item": item}, {(name, item["pk"]["S"]): item})

    def _update(self, client: PlainClient) -> None:
        name, fresh = self._place()
        key = fresh["pk"]["S"]
        old = self.state[name].items.get(key, {"pk": fresh["pk"]})
        request = {
            "TableName": name,
            "Key": {"pk": fresh["pk"]},
            "UpdateExpression": "SET v = :v REMOVE e",
            "ExpressionAttributeValues": {":v": fresh["v"]},
        }
        after = {attribute: value for attribute, value in old.items() if attribute != "e"} | {"v": fresh["v"]}
        if self._is_dying(old):
            return
        self._ask_items(client, "UpdateItem", request, {(name, key): after})

    def _delete(self, client: PlainClient) -> None:
        name, item = self._place()
        request = {"TableName": name, "Key": {"pk": item["pk"]}}
        self._ask_items(client, "DeleteItem", request, {(name, item["pk"]["S"]): None})

    def _several(self, client: PlainClient, operation: str) -> None:
        """In several tables at once."""
        changes: dict[tuple[str, str], Item | None] = {}
        for _ in range(self.rng.randrange(2, 12)):
            name, item = self._place()
            changes[name, item["pk"]["S"]] = None if self.rng.random() < 0.3 else item
        if operation == "TransactWriteItems":
            actions = [
                {"Put": {"TableName": name, "Item": item}}
                if item
                else {"Delete": {"TableName": name, "Key": {"pk": {"S": key}}}}
                for (name, key), item in changes.items()
            ]
            self._ask_items(client, operation, {"TransactItems": actions}, changes)
            return
        requests: dict[str, list[Any]] = {}
        for (name, key), after in changes.items():
            wish = {"PutRequest": {"Item": after}} if after else {"DeleteRequest": {"Key": {"pk": {"S": key}}}}
            requests.setdefault(name, []).append(wish)
        self._ask_items(client, operation, {"RequestItems": requests}, changes)

    def _place(self) -> tuple[str, Item]:
        """A table, and a new item for it."""
        self._number += 1
        item: Item = {
            "pk": {"S": f"k{self.rng.randrange(_KEYS)}"},
            "v": {"N": str(self._number)},
            "fill": {"S": "x" * self.rng.choice((0, 10, 1000))},
        }
        for attribute in "gh":
            if self.rng.random() < 0.7:
                item[attribute] = {"S": f"{attribute}{self.rng.randrange(4)}"}
        if self.rng.random() < 0.1:
            item["e"] = {"N": str(int(time.time()) + self.rng.choice((1, 2, 100_000)))}
        return self.rng.choice(list(self.state)), item

    def _is_dying(self, item: Item) -> bool:
        """Whether the server may delete it any moment."""
        return "e" in item and int(item["e"]["N"]) < time.time() + 60

    def _ask_items(
        self, client: PlainClient, operation: str, request: dict[str, Any], changes: dict[tuple[str, str], Item | None]
    ) -> None:
        def look(client: PlainClient) -> None:
            for name, key in changes:
                answer = client.call("GetItem", {"TableName": name, "Key": {"pk": {"S": key}}, "ConsistentRead": True})
                self._set(name, key, answer.body.get("Item"))

        if self._ask(client, operation, request, look).status == 200:
            for (name, key), item in changes.items():
                self._set(name, key, item)

    def _set(self, name: str, key: str, item: Item | None) -> None:
        if item is None:
            self.state[name].items.pop(key, None)
        else:
            self.state[name].items[key] = item

    def _ask(
        self, client: PlainClient, operation: str, request: dict[str, Any], look: Callable[[PlainClient], None]
    ) -> Reply:
        self.asked += 1
        self.doubt = look
        reply = client.call(operation, request)
        if reply.status >= 500:
            raise Lost
        if reply.status != 200 and reply.error not in ("ResourceInUseException", "LimitExceededException"):
            raise AssertionError(f"{operation} {request} got {reply}")
        if look == self._look_at_tables:
            look(client)
        self.doubt = None
        return reply

    def settle(self, client: PlainClient) -> None:
        """Find out what became of the last request."""
        if self.doubt is not None:
            self.doubt(client)
            self.doubt = None

    def _look_at_tables(self, client: PlainClient) -> None:
        """Nothing of a table is known better than by asking; a new one of an old name has no items."""
        found = tables(client)
        for name in list(self.state):
            if name not in found:
                del self.state[name]
        for name, known in found.items():
            known.items = self.state[name].items if name in self.state else {}
            self.state[name] = known


def tables(client: PlainClient) -> State:
    """The tables of a server, without their items."""
    state: State = {}
    for name in client.call("ListTables", {}).body["TableNames"]:
        if name not in NAMES:
            continue
        table = client.call("DescribeTable", {"TableName": name}).body["Table"]
        if table["TableStatus"] == "DELETING":
            continue
        expires = client.call("DescribeTimeToLive", {"TableName": name}).body["TimeToLiveDescription"]
        tags = client.call("ListTagsOfResource", {"ResourceArn": _arn(name)}).body["Tags"]
        indexes = table.get("GlobalSecondaryIndexes", ())
        state[name] = Known(
            indexes={each["IndexName"][3:] for each in indexes if each["IndexStatus"] != "DELETING"},
            stream=table.get("StreamSpecification", {}).get("StreamViewType"),
            tags={each["Key"]: each["Value"] for each in tags},
            expires=expires["TimeToLiveStatus"] == "ENABLED",
        )
    return state


def scan(client: PlainClient, name: str, index: str | None = None) -> dict[str, Item]:
    request: dict[str, Any] = {"TableName": name} | ({"IndexName": index} if index else {"ConsistentRead": True})
    items: dict[str, Item] = {}
    while True:
        reply = client.call("Scan", request)
        assert reply.status == 200, reply
        items |= {item["pk"]["S"]: item for item in reply.body["Items"]}
        if "LastEvaluatedKey" not in reply.body:
            return items
        request["ExclusiveStartKey"] = reply.body["LastEvaluatedKey"]


def differences(client: PlainClient, expected: State) -> list[str]:
    """What a server has that is not as expected, a line each."""
    found = tables(client)
    told = [f"table {name}" for name in found.keys() ^ expected.keys()]
    for name in found.keys() & expected.keys():
        known, table = expected[name], found[name]
        for member in ("indexes", "stream", "tags", "expires"):
            if getattr(known, member) != getattr(table, member):
                told.append(f"{name}: {member} {getattr(table, member)}, not {getattr(known, member)}")
        items = scan(client, name)
        for key in items.keys() | known.items.keys():
            item, right = items.get(key), known.items.get(key)
            if item != right and not (item is None and right is not None and _may_be_gone(known, right)):
                told.append(f"{name}: {key} is {_short(item)}, not {_short(right)}")
        for index in table.indexes:
            wanted = {key for key, item in items.items() if index in item}
            other = wanted ^ set(scan(client, name, f"by-{index}"))
            if any(not _may_be_gone(known, items.get(key, {})) for key in other):
                told.append(f"{name}: {other} in by-{index}")
    return told


def _may_be_gone(known: Known, item: Item) -> bool:
    """An item that has expired by now is deleted on the server that looks at it, and may have been before."""
    return known.expires and "e" in item and int(item["e"]["N"]) < time.time()


def _short(item: Item | None) -> Any:
    return None if item is None else {name: value for name, value in item.items() if name != "fill"}


def _attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _index(attribute: str) -> dict[str, Any]:
    return {
        "IndexName": f"by-{attribute}",
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def _arn(name: str) -> str:
    return f"arn:aws:dynamodb:eu-west-1:000000000007:table/{name}"
