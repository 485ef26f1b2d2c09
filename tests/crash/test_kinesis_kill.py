"""A server killed while it delivers to Kinesis delivers every acknowledged change, in order for each item.

STATOR_KILLS says how often to kill (4 without it), STATOR_KILL_SEED when.
"""

import os
import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.crash.counting import TABLE, Counting, skips
from tests.crash.server_process import PlainClient, ServerProcess
from tests.kinesis import Kinesis, wait_until

_KILLS = int(os.environ.get("STATOR_KILLS", "4"))
_PAUSE_SECONDS = 0.001  # moto keeps up with that
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    running = Kinesis()
    yield running
    running.close()


def _prepare(port: int, stream: str) -> None:
    client = PlainClient(port)
    table = {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert client.call("CreateTable", table).status == 200
    wanted = {"TableName": TABLE, "StreamArn": stream}
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
            counting = Counting(
                server.port, acknowledged, first, random.Random(rng.random()), pause_seconds=_PAUSE_SECONDS
            )
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
        assert skips(values) == [], name
    for name, end in ends.items():
        missing = {value for value in acknowledged[name] if value <= end} - set(found[name])
        assert not missing, name
    assert "Traceback" not in (tmp_path / "log").read_text()
    count = sum(map(len, found.values()))
    distinct = sum(len(set(values)) for values in found.values())
    print(f"{_KILLS} kills, {distinct} changes arrived, {count - distinct} of them again")  # noqa: T201  shown with -s
    assert distinct > 10 * _KILLS
