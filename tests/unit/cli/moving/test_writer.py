"""Batches: no key twice, not too many, not too big, and what was not taken is sent again."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from stator.cli.client import Client
from stator.cli.endpoint import Endpoint, Keys
from stator.cli.moving import writer as module
from stator.cli.moving.writer import BatchWriter
from tests.unit.cli.scripted import Scripted

TAKEN: Any = (200, {"UnprocessedItems": {}})


def item(key: int, text: str = "") -> dict[str, Any]:
    return {"k": {"S": f"{key}"}, "t": {"S": text}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.001)
    server = Scripted()
    yield server
    server.close()


def put(server: Scripted, items: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The items of each request."""
    writer = BatchWriter(Client(Endpoint(server.url, "r", Keys("a", "b"))), "t", ["k"])
    assert writer.put(items) == sum(len(orjson.dumps(each)) for each in items)
    requests = [orjson.loads(body)["RequestItems"]["t"] for _, _, body in server.requests]
    return [[put["PutRequest"]["Item"] for put in request] for request in requests]


def test_at_most_25(server: Scripted) -> None:
    server.answers = [TAKEN] * 3
    items = [item(key) for key in range(60)]
    assert put(server, items) == [items[:25], items[25:50], items[50:]]


def test_the_last_of_one_key_wins(server: Scripted) -> None:
    server.answers = [TAKEN]
    assert put(server, [item(1, "old"), item(2), item(1, "new")]) == [[item(2), item(1, "new")]]


def test_big_items_go_alone(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES_MAX", 100)
    server.answers = [TAKEN] * 3
    items = [item(1), item(2, "x" * 200), item(3)]
    assert put(server, items) == [[each] for each in items]


def test_what_was_not_taken_is_sent_again(server: Scripted) -> None:
    items = [item(key) for key in range(3)]
    left = {"t": [{"PutRequest": {"Item": each}} for each in items[1:]]}
    last = {"t": left["t"][1:]}
    server.answers = [(200, {"UnprocessedItems": left}), (200, {"UnprocessedItems": last}), TAKEN]
    assert put(server, items) == [items, items[1:], items[2:]]


def test_nothing_asks_nothing(server: Scripted) -> None:
    assert put(server, []) == []
