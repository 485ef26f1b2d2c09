"""Clients that transfer, swap, create, write and read at random, and keep a history of it.

An account has its `money` and, as every item has, the number of its version (`vn`), the tag of its last write (`vtag`)
and those of all (`vlog`). A race is two items, one in each table, that are each created on condition that the other
is absent.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.crash.server_process import Lost, PlainClient, Reply
from tests.serializable.history import ABSENT, Fate, Operation, Place, Version

TABLES = ("left", "right")
ACCOUNTS: tuple[Place, ...] = tuple((table, f"account {number}") for table in TABLES for number in range(6))
MONEY = 100  # in each account at first
REQUESTS_A_RACE = 5

_APPEND = "vn = vn + :one, vtag = :tag, vlog = list_append(vlog, :tags)"
_BUSY = frozenset(("ThrottlingException", "TransactionInProgressException"))
_MOVES = 0.02  # how often a client goes to another server


class Field:
    """What the clients share: where the servers are, the history, and when to stop. All servers are one database."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.history: list[Operation] = []
        self.races = itertools.count()
        self.stop = threading.Event()
        self.faults: list[BaseException] = []


class Client(threading.Thread):
    def __init__(self, field: Field, number: int, seed: int) -> None:
        super().__init__(name=f"client {number}")
        self._field = field
        self._rng = random.Random(seed)
        self._tags = map(f"{number}.{{}}".format, itertools.count())
        self._connection: tuple[int, PlainClient] | None = None
        self._last: dict[str, Any] | None = None  # the last transaction that was done

    def run(self) -> None:
        actions: Sequence[Callable[[], None]] = (
            self._transfer,
            self._transfer,
            self._swap,
            self._race,
            self._race,
            self._audit,
            self._look,
            self._write,
            self._replace,
            self._repeat,
        )
        try:
            while not self._field.stop.is_set():
                self._rng.choice(actions)()
        except BaseException as fault:  # noqa: BLE001  for the test to raise
            self._field.faults.append(fault)
            self._field.stop.set()
        self.hang_up()

    # What they do

    def _transfer(self) -> None:
        source, target = self._rng.sample(ACCOUNTS, 2)
        amount = self._rng.randint(1, 60)
        tag = next(self._tags)
        enough = {"ConditionExpression": "money >= :amount"}
        actions = [
            {"Update": _append(source, tag, -amount, {":amount": {"N": str(amount)}}) | enough | _SHOW},
            {"Update": _append(target, tag, amount)},
        ]
        self._rng.shuffle(actions)
        self._transact(Operation("", 0.0, writes={source: tag, target: tag}), "transfer", actions)

    def _swap(self) -> None:
        """Read two accounts, then exchange what is in them unless either has changed."""
        pair = self._rng.sample(ACCOUNTS, 2)
        seen = self._read(pair)
        if seen is None or seen.fate is not Fate.DONE:
            return
        tag = next(self._tags)
        one, other = pair
        actions = []
        for mine, theirs in ((one, other), (other, one)):
            change = seen.money[theirs] - seen.money[mine]
            unchanged = {"ConditionExpression": "vtag = :seen"}
            values = {":seen": {"S": seen.reads[mine].tag}}
            actions.append({"Update": _append(mine, tag, change, values) | unchanged | _SHOW})
        self._transact(Operation("", 0.0, reads=seen.reads, writes=dict.fromkeys(pair, tag)), "swap", actions)

    def _race(self) -> None:
        """Create one item of a race on condition that the other is absent."""
        number = next(self._field.races) // REQUESTS_A_RACE
        pair: list[Place] = [(table, f"race {number}") for table in TABLES]
        self._rng.shuffle(pair)
        mine, other = pair
        tag = next(self._tags)
        absent = {"ConditionExpression": "attribute_not_exists(pk)"}
        actions = [
            {"ConditionCheck": _key(other) | absent | _SHOW},
            {"Put": {"TableName": mine[0], "Item": _new(mine, tag)} | absent | _SHOW},
        ]
        self._rng.shuffle(actions)
        operation = Operation("", 0.0, reads={other: ABSENT, mine: ABSENT}, writes={mine: tag})
        self._transact(operation, "create", actions)

    def _audit(self) -> None:
        self._read(self._rng.sample(ACCOUNTS, len(ACCOUNTS)))

    def _look(self) -> None:
        """Some accounts and both items of a recent race; now and then a single item, by GetItem."""
        race = (next(self._field.races) - self._rng.randint(0, 20)) // REQUESTS_A_RACE
        places: list[Place] = [*self._rng.sample(ACCOUNTS, 2), *((table, f"race {max(race, 0)}") for table in TABLES)]
        if self._rng.random() < 0.5:
            self._read(places)
            return
        place = self._rng.choice(places)
        operation = self._begin("get")
        reply = self._send("GetItem", _key(place) | {"ConsistentRead": True})
        if reply is not None and reply.status == 200:
            _note(operation, place, reply.body.get("Item"))
            self._end(operation, Fate.DONE)

    def _write(self) -> None:
        """One account, by UpdateItem, whatever is in it."""
        place, tag = self._rng.choice(ACCOUNTS), next(self._tags)
        self._single(Operation("", 0.0, writes={place: tag}), "UpdateItem", _append(place, tag, 0))

    def _replace(self) -> None:
        """One account, by PutItem, unless it has changed."""
        place = self._rng.choice(ACCOUNTS)
        reply = self._send("GetItem", _key(place))
        if reply is None or reply.status != 200:
            return
        item, tag = reply.body["Item"], next(self._tags)
        seen = _version(item)
        item |= {"vn": {"N": str(seen.number + 1)}, "vtag": {"S": tag}, "vlog": {"L": [*item["vlog"]["L"], {"S": tag}]}}
        request = {
            "TableName": place[0],
            "Item": item,
            "ConditionExpression": "vtag = :seen",
            "ExpressionAttributeValues": {":seen": {"S": seen.tag}},
        }
        self._single(Operation("", 0.0, reads={place: seen}, writes={place: tag}), "PutItem", request | _SHOW)

    def _repeat(self) -> None:
        """The last transaction under its token, perhaps to another server: it must neither fail nor happen again."""
        if self._last is not None:
            reply = self._send("TransactWriteItems", self._last)
            assert reply is None or reply.status == 200 or _is_transient(reply), reply

    # How it is sent and what is kept of it

    def _read(self, places: Sequence[Place]) -> Operation | None:
        """All of the places at one moment; None when it is not known."""
        operation = self._begin("read")
        shown = {"ProjectionExpression": "vn, vtag, money"}
        reply = self._send("TransactGetItems", {"TransactItems": [{"Get": _key(place) | shown} for place in places]})
        if reply is None or reply.status != 200:
            return None
        for place, response in zip(places, reply.body["Responses"], strict=True):
            _note(operation, place, response.get("Item"))
        return self._end(operation, Fate.DONE)

    def _single(self, operation: Operation, api: str, request: dict[str, Any]) -> None:
        operation.name = f"{self.name}: {api} {operation.writes}"
        operation.invoked = time.monotonic()
        reply = self._send(api, request)
        if reply is None or reply.status >= 500:
            self._field.history.append(operation)
        elif reply.status == 200:
            self._end(operation, Fate.DONE)
        elif reply.error == "ConditionalCheckFailedException":
            operation.reads = {}
            (place,) = operation.writes
            _note(operation, place, reply.body["Item"])
            self._end(operation, Fate.REFUSED)
        else:
            assert _is_transient(reply), reply

    def _transact(self, operation: Operation, name: str, actions: Sequence[Mapping[str, Any]]) -> None:
        """Send a transaction. When no answer comes, half of the time ask again under the same token."""
        tag = next(iter(operation.writes.values()))
        operation.name = f"{self.name}: {name} {operation.writes}"
        operation.invoked = time.monotonic()
        request = {"TransactItems": actions, "ClientRequestToken": tag}
        while True:
            reply = self._send("TransactWriteItems", request)
            if reply is None or reply.status >= 500:
                if self._rng.random() < 0.5 or self._field.stop.is_set():
                    self._field.history.append(operation)
                    return
            elif reply.status == 200:
                self._last = request
                self._end(operation, Fate.DONE)
                return
            elif reply.error == "TransactionCanceledException":
                self._cancelled(operation, actions, reply)
                return
            else:
                assert _is_transient(reply), reply
                time.sleep(0.01)

    def _cancelled(self, operation: Operation, actions: Sequence[Mapping[str, Any]], reply: Reply) -> None:
        """Nothing was written, also not by an earlier attempt: its token would have told. What is shown was read."""
        operation.reads = {}
        for action, reason in zip(actions, reply.body["CancellationReasons"], strict=True):
            assert reason["Code"] in {"None", "ConditionalCheckFailed"}, reply
            if "Item" in reason:
                ((_, about),) = action.items()
                key = about.get("Key") or about["Item"]
                _note(operation, (about["TableName"], key["pk"]["S"]), reason["Item"])
        self._end(operation, Fate.REFUSED)

    def _begin(self, name: str) -> Operation:
        return Operation(f"{self.name}: {name}", time.monotonic())

    def _end(self, operation: Operation, fate: Fate) -> Operation:
        operation.returned = time.monotonic()
        operation.fate = fate
        self._field.history.append(operation)
        return operation

    def _send(self, api: str, request: Mapping[str, Any]) -> Reply | None:
        """The reply; None when none came, so that it is not known what was done."""
        if self._connection is None or self._connection[0] not in self._field.ports or self._rng.random() < _MOVES:
            self.hang_up()
            port = self._rng.choice(self._field.ports)
            self._connection = (port, PlainClient(port))
        try:
            reply = self._connection[1].call(api, dict(request))
        except Lost:
            self.hang_up()
            reply = None
        if reply is None or reply.status >= 500:
            time.sleep(0.02)  # the server, or what it stores in, is being started again
        return reply

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None


_SHOW = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def create(client: PlainClient) -> list[Operation]:
    """The tables and the accounts; the history of that."""
    history = []
    for table in TABLES:
        request = {
            "TableName": table,
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        assert client.call("CreateTable", request).status == 200
    for place in ACCOUNTS:
        opened = Operation(f"open {place}", time.monotonic(), writes={place: "opened"})
        item = _new(place, "opened") | {"money": {"N": str(MONEY)}}
        assert client.call("PutItem", {"TableName": place[0], "Item": item}).status == 200
        opened.fate, opened.returned = Fate.DONE, time.monotonic()
        history.append(opened)
    return history


def contents(client: PlainClient) -> dict[Place, dict[str, Any]]:
    """Every item there is."""
    found: dict[Place, dict[str, Any]] = {}
    for table in TABLES:
        more: dict[str, Any] = {}
        while True:
            reply = client.call("Scan", {"TableName": table, "ConsistentRead": True} | more)
            assert reply.status == 200, reply
            found |= {(table, item["pk"]["S"]): item for item in reply.body["Items"]}
            if "LastEvaluatedKey" not in reply.body:
                break
            more = {"ExclusiveStartKey": reply.body["LastEvaluatedKey"]}
    return found


def tags(item: dict[str, Any]) -> list[str]:
    return [tag["S"] for tag in item["vlog"]["L"]]


def _key(place: Place) -> dict[str, Any]:
    return {"TableName": place[0], "Key": {"pk": {"S": place[1]}}}


def _new(place: Place, tag: str) -> dict[str, Any]:
    return {"pk": {"S": place[1]}, "vn": {"N": "1"}, "vtag": {"S": tag}, "vlog": {"L": [{"S": tag}]}}


def _append(place: Place, tag: str, money: int, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """An update that makes the next version."""
    values = {":one": {"N": "1"}, ":tag": {"S": tag}, ":tags": {"L": [{"S": tag}]}} | (values or {})
    expression = f"SET {_APPEND}"
    if money:
        values[":money"] = {"N": str(money)}
        expression += ", money = money + :money"
    return _key(place) | {"UpdateExpression": expression, "ExpressionAttributeValues": values}


def _is_transient(reply: Reply) -> bool:
    return reply.status >= 500 or reply.error in _BUSY


def _version(item: dict[str, Any] | None) -> Version:
    return ABSENT if item is None else Version(int(item["vn"]["N"]), item["vtag"]["S"])


def _note(operation: Operation, place: Place, item: dict[str, Any] | None) -> None:
    operation.reads[place] = _version(item)
    if item is not None and "money" in item:
        operation.money[place] = int(item["money"]["N"])
