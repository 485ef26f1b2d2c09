"""A server killed while it delivers to Kinesis delivers every acknowledged change, in order for each item.

STATOR_KILLS says how often to kill (4 without it), STATOR_KILL_SEED when.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.counting import TABLE
from tests.crash.delivering import CREATE_TABLE, KILLS, deliver
from tests.crash.server_process import PlainClient
from tests.kinesis import Kinesis

_PAUSE_SECONDS = 0.001  # moto keeps up with that


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    running = Kinesis()
    yield running
    running.close()


@pytest.mark.slow
def test_every_acknowledged_change_arrives_in_order(tmp_path: Path, kinesis: Kinesis) -> None:
    stream = kinesis.create_stream("changes")

    def prepare(port: int) -> None:
        client = PlainClient(port)
        assert client.call("CreateTable", CREATE_TABLE).status == 200
        wanted = {"TableName": TABLE, "StreamArn": stream}
        assert client.call("EnableKinesisStreamingDestination", wanted).status == 200
        client.close()

    flags = ["--kinesis-endpoint", kinesis.url]
    found = deliver(tmp_path, flags, prepare, lambda: kinesis.records(stream), _PAUSE_SECONDS)
    count = sum(map(len, found.values()))
    distinct = sum(len(set(values)) for values in found.values())
    print(f"{KILLS} kills, {distinct} changes arrived, {count - distinct} of them again")  # noqa: T201  shown with -s
    assert distinct > 10 * KILLS
