"""`stator store reshard`: a data directory moves to PostgreSQL, also when the command is killed in between."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stator.cli.main import main
from tests import postgres
from tests.commands.process import STATOR
from tests.running import Account, RunningServer, start_server

pytestmark = pytest.mark.skipif(postgres.binaries() is None, reason="this machine has no PostgreSQL")

ITEMS = 1500


@pytest.fixture
def url() -> Iterator[str]:
    cluster = postgres.shared()
    assert cluster is not None
    made = cluster.new_database()
    yield made
    cluster.drop_database(made)


def fill(server: RunningServer, number: str) -> None:
    client = Account(server.url, number).client()
    client.create_table(
        TableName="music",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "day")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    client.get_waiter("table_exists").wait(TableName="music", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    for start in range(0, ITEMS, 25):
        puts = [
            {"PutRequest": {"Item": {"pk": {"S": f"k{n}"}, "day": {"S": f"d{n % 7}"}, "v": {"S": "x" * (n % 900)}}}}
            for n in range(start, start + 25)
        ]
        client.batch_write_item(RequestItems={"music": puts})


def contents(server: RunningServer, number: str) -> tuple[list[str], int]:
    """Items, in no order, and how many of them the index has."""
    client = Account(server.url, number).client()
    pages = client.get_paginator("scan").paginate(TableName="music")
    items = sorted(str(sorted(item.items())) for page in pages for item in page["Items"])
    counts = client.get_paginator("scan").paginate(TableName="music", IndexName="by-day", Select="COUNT")
    return items, sum(page["Count"] for page in counts)


def test_a_killed_move_goes_on_and_servers_take_over(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "data"
    server = start_server(directory)
    try:
        server.clock.advance(30)
        fill(server, "111122223333")
        before = contents(server, "111122223333")
    finally:
        server.close()
    assert len(before[0]) == before[1] == ITEMS

    command = ["store", "reshard", "--from", str(directory), "--to", url]
    for kill in range(3):
        process = subprocess.Popen([STATOR, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.7 + 0.2 * kill)  # wherever that is: each place must do
        process.send_signal(signal.SIGKILL)
        process.wait()
    if main(command):
        assert "name an empty database" in capsys.readouterr().err  # a killed one had finished

    moved = start_server(store=url, in_memory=False, archive=str(tmp_path / "archive"))
    try:
        moved.clock.advance(60)  # later than the server before
        assert contents(moved, "111122223333") == before
    finally:
        moved.close()


def test_mistakes_are_named(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "reshard", "--from", str(tmp_path / "no"), "--to", url]) == 1
    assert "there is no data directory" in capsys.readouterr().err
    assert main(["store", "reshard", "--from", str(tmp_path), "--to", str(tmp_path)]) == 1
    assert "--to must be a URL" in capsys.readouterr().err
    assert main(["store", "reshard", "--from", str(tmp_path), "--to", "postgresql://127.0.0.1:1/x"]) == 1
    assert "there is no data directory" in capsys.readouterr().err
