"""A server killed while it delivers to Kinesis delivers every acknowledged change, in order for each item.

STATOR_KILLS says how often to kill (4 without it), STATOR_KILL_SEED when.
"""

import os
import random
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.crash.server_process import Lost, PlainClient, ServerProcess
from tests.kinesis import Kinesis, wait_until

_KILLS = int(os.environ.get("STATOR_KILLS", "4"))
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))
_ITEMS = 12
_TABLE = "counters"


class Counting(threading.Thread):
    """Writes ever higher values to a few items until the server is gone. `acknowledged` has those of each item."""

    def __init__(self, port: int, acknowledged: dict[str, list[int]], first: int, rng: random.Random) -> None:
        super().__init__()
        self._client = PlainClient(port)
        self._acknowledged = acknowledged
        self._rng = rng
        self.next = first
        self.start()

    def run(self) -> None:
        while True:
            name = f"{self._rng.randrange(_ITEMS)}"
            self.next += 1
            item = {"pk": {"S": name}, "v": {"N": str(self.next)}}
            try:
                reply = self._client.call("PutItem", {"TableName": _TABLE, "Item": item})
            except Lost:
                break
            assert reply.status == 200, reply
            self._acknowledged.setdefault(name, []).append(self.next)
            time.sleep(0.001)  # a pace that moto keeps up with
        self._client.close()


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    running = Kinesis()
    yield running
    running.close()


def _prepare(port: int, stream: str) -> None:
    client = PlainClient(port)
    table = {
        "TableName": _TABLE,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert client.call("CreateTable", table).status == 200
    wanted = {"TableName": _TABLE, "StreamArn": stream}
    assert client.call("EnableKinesisStreamingDestination", wanted).status == 200
    client.close()


def _values(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        image = record["dynamodb"]["NewImage"]
        found.setdefault(image["pk"]["S"], []).append(int(image["v"]["N"]))
    return found


def _are_there(kinesis: Kinesis, stream: str, ends: dict[str, int]) -> bool:
    found = _values(kinesis.records(stream))
    return all(end in found.get(name, ()) for name, end in ends.items())


def _skips(values: list[int]) -> list[tuple[int, int]]:
    """Where a value follows that is neither a repetition nor the next: a change that was passed over."""
    place = {value: number for number, value in enumerate(sorted(set(values)))}
    steps = zip([None, *values], values, strict=False)
    return [(before or 0, now) for before, now in steps if place[now] > (-1 if before is None else place[before]) + 1]


def test_skips_are_found() -> None:
    assert _skips([1, 2, 2, 4]) == []
    assert _skips([1, 2, 3, 2, 3, 4]) == []
    assert _skips([1, 3, 2]) == [(1, 3)]
    assert _skips([2, 1]) == [(0, 2)]


@pytest.mark.slow
def test_every_acknowledged_change_arrives_in_order(tmp_path: Path, kinesis: Kinesis) -> None:
    rng = random.Random(_SEED)
    stream = kinesis.create_stream("changes")
    acknowledged: dict[str, list[int]] = {}
    ends: dict[str, int] = {}
    first = 0
    for number in range(_KILLS + 1):
        server = ServerProcess(tmp_path / "data", tmp_path / "log", "--kinesis-endpoint", kinesis.url)
        try:
            server.wait_until_ready()
            if number == 0:
                _prepare(server.port, stream)
            counting = Counting(server.port, acknowledged, first, random.Random(rng.random()))
            time.sleep(rng.uniform(0.3, 1.2))
            if number == _KILLS:
                ends = {name: values[-1] for name, values in dict(acknowledged).items()}
                wait_until(partial(_are_there, kinesis, stream, ends), 60)
        finally:
            server.kill()
        counting.join()
        first = counting.next
    found = _values(kinesis.records(stream))
    for name, values in found.items():
        assert _skips(values) == [], name
    for name, end in ends.items():
        missing = {value for value in acknowledged[name] if value <= end} - set(found[name])
        assert not missing, name
    assert "Traceback" not in (tmp_path / "log").read_text()
    count = sum(map(len, found.values()))
    distinct = sum(len(set(values)) for values in found.values())
    print(f"{_KILLS} kills, {distinct} changes arrived, {count - distinct} of them again")  # noqa: T201  shown with -s
    assert distinct > 10 * _KILLS
