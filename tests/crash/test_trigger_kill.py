"""A server killed while its triggers deliver brings every acknowledged change to the function, in order for each item.

STATOR_KILLS says how often to kill (4 without it), STATOR_KILL_SEED when.
"""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.crash.delivering import CREATE_TABLE, KILLS, deliver
from tests.crash.server_process import PlainClient
from tests.triggers.conftest import Functions


@pytest.fixture
def functions() -> Iterator[Functions]:
    running = Functions()
    yield running
    running.close()


def _prepare(port: int) -> None:
    client = PlainClient(port)
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    created = client.call("CreateTable", CREATE_TABLE | stream)
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


@pytest.mark.slow
def test_every_acknowledged_change_is_delivered_in_order(tmp_path: Path, functions: Functions) -> None:
    flags = ["--lambda-endpoint", functions.url]
    found = deliver(tmp_path, flags, _prepare, lambda: functions.records("count"))
    distinct = sum(len(set(values)) for values in found.values())
    assert distinct > 50 * KILLS
