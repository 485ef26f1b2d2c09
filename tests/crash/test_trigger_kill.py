"""A server killed while its triggers deliver brings every acknowledged change to the function, in order for each item.

STATOR_KILLS says how often to kill (4 without it), STATOR_KILL_SEED when.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.crash.counting import TABLE, Counting, skips
from tests.crash.server_process import PlainClient, ServerProcess
from tests.triggers.conftest import Functions, wait_until

_KILLS = int(os.environ.get("STATOR_KILLS", "4"))
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))


@pytest.fixture
def functions() -> Iterator[Functions]:
    running = Functions()
    yield running
    running.close()


def _prepare(port: int) -> None:
    client = PlainClient(port)
    table = {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }
    created = client.call("CreateTable", table)
    client.close()
    triggers = boto3.client(
        "lambda",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-west-1",
        aws_access_key_id="000000000007",
        aws_secret_access_key="any",
    )
    triggers.create_event_source_mapping(
        EventSourceArn=created.body["TableDescription"]["LatestStreamArn"],
        FunctionName="count",
        StartingPosition="TRIM_HORIZON",
        BatchSize=20,
        ParallelizationFactor=2,
    )
    triggers.close()


def _values(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        image = record["dynamodb"]["NewImage"]
        found.setdefault(image["pk"]["S"], []).append(int(image["v"]["N"]))
    return found


@pytest.mark.slow
def test_every_acknowledged_change_is_delivered_in_order(tmp_path: Path, functions: Functions) -> None:
    rng = random.Random(_SEED)
    acknowledged: dict[str, list[int]] = {}
    ends: dict[str, int] = {}
    first = 0
    for number in range(_KILLS + 1):
        server = ServerProcess(tmp_path / "data", tmp_path / "log", "--lambda-endpoint", functions.url)
        try:
            server.wait_until_ready()
            if number == 0:
                _prepare(server.port)
            counting = Counting(server.port, acknowledged, first, random.Random(rng.random()))
            time.sleep(rng.uniform(0.3, 1.2))
            if number == _KILLS:
                ends = {name: values[-1] for name, values in acknowledged.items()}

                def arrived(ends: dict[str, int] = ends) -> bool:
                    found = _values(functions.records("count"))
                    return all(end in found.get(name, ()) for name, end in ends.items())

                wait_until(arrived, 60)
        finally:
            server.kill()
        counting.join()
        first = counting.next
    found = _values(functions.records("count"))
    for name, values in found.items():
        assert skips(values) == [], name
    for name, end in ends.items():
        missing = {value for value in acknowledged[name] if value <= end} - set(found[name])
        assert not missing, name
    assert "Traceback" not in (tmp_path / "log").read_text()
    distinct = sum(len(set(values)) for values in found.values())
    assert distinct > 50 * _KILLS
