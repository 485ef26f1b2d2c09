"""Random requests never break the server. More of them: `make fuzz ARGS="--requests 1000000 --seed 7"`."""

import json
import socket
from typing import Any

import pytest

from stator.expressions import apply
from stator.items import indexes
from stator.items.indexes import Maintenance
from tests.fuzz.campaign import Campaign, replay
from tests.fuzz.requests import make
from tests.fuzz.wire import Wire, post, read
from tests.fuzz.world import OPERATIONS
from tests.running import start_server

_SEED = 1


@pytest.mark.slow
def test_random_requests_break_nothing() -> None:
    failures = Campaign(_SEED).run(0, 10_000)
    assert not failures, "\n".join(failure.text() for failure in failures)


def test_random_requests_through_a_socket_get_answers() -> None:
    server = start_server()
    try:
        port = server.server.port
        for number in range(500):
            wire = make(OPERATIONS, _SEED, number)
            assert _exchange(port, wire.bytes()).startswith(b"HTTP/1.1 "), wire.text()
        healthy = Wire(b"GET", b"/", {b"host": b"x"}, b"")
        assert b"healthy" in _exchange(port, healthy.bytes())
    finally:
        server.close()


def _exchange(port: int, sent: bytes) -> bytes:
    """What comes back before the server closes or rests."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(1 << 16):
            received += chunk
        return received


def test_a_request_follows_from_its_number() -> None:
    assert make(OPERATIONS, 3, 17) == make(OPERATIONS, 3, 17)
    assert make(OPERATIONS, 3, 17) != make(OPERATIONS, 3, 18)


@pytest.mark.parametrize("number", range(40))
def test_a_request_can_be_kept(number: int) -> None:
    wire = make(OPERATIONS, _SEED, number)
    assert read(wire.text()) == wire


def _deep(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        made = {"M": {"m": made}}
    return made


_KEY = {"pk": {"S": "a", "Unknown": _deep(150)}}


@pytest.mark.parametrize(
    ("operation", "request_body"),
    [
        # JSON can be read deeper than it can be written: members that are unknown may nest so.
        ("BatchGetItem", {"RequestItems": {"plain": {"Keys": [_KEY]}}}),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "plain", "Key": _KEY}}]}),
        (
            "TransactWriteItems",
            {"ClientRequestToken": "t", "TransactItems": [{"Put": {"TableName": "plain", "Item": _KEY}}]},
        ),
        ("PutItem", {"TableName": "plain", "Item": _KEY}),
        ("ExecuteStatement", {"Statement": "SELECT * FROM plain WHERE a = ?", "Limit": 1, "Parameters": [_KEY["pk"]]}),
    ],
)
def test_requests_that_once_broke_the_server(operation: str, request_body: dict[str, Any]) -> None:
    assert replay(post(operation, json.dumps(request_body).encode()).text()) is None


# What follows breaks the server on purpose, to see that it would be noticed.


def test_a_fault_is_found_cut_down_and_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    good = apply.apply

    def broken(update: Any, item: Any, values: Any, *, absent: bool = False) -> Any:
        if update.adds:
            raise ZeroDivisionError
        return good(update, item, values, absent=absent)

    monkeypatch.setattr(apply, "apply", broken)
    (failure,) = Campaign(_SEED, failures_max=1).run(0, 2000)
    assert "ZeroDivisionError" in failure.fault
    assert failure.alone
    body = json.loads(failure.wire.body)
    needed = {"TableName", "Key", "UpdateExpression", "ExpressionAttributeValues"}
    assert needed <= set(body) <= needed | {"ExpressionAttributeNames"}
    assert "ADD " in body["UpdateExpression"]
    assert failure.text().splitlines()[-1] == failure.wire.text()
    assert "ZeroDivisionError" in (replay(failure.wire.text()) or "")
    monkeypatch.undo()
    assert replay(failure.wire.text()) is None


@pytest.mark.filterwarnings("error")
def test_damage_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    good = indexes.maintain

    def forgetful(*arguments: Any) -> Maintenance:
        puts, _, units = good(*arguments)
        return Maintenance(puts, [], units)

    monkeypatch.setattr(indexes, "maintain", forgetful)
    failures = Campaign(_SEED).run(0, 400)
    assert [failure.fault.startswith("damaged: ") for failure in failures] == [True]
    assert "--start 0" in failures[0].text()


def test_a_request_that_hangs_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_arguments: Any, **_more: Any) -> Any:
        while True:
            pass

    monkeypatch.setattr(apply, "apply", endless)
    monkeypatch.setattr("tests.fuzz.world.CPU_SECONDS_MAX", 0.1)
    update = {
        "TableName": "plain",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    assert replay(post("UpdateItem", json.dumps(update).encode()).text())
