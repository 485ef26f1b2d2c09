"""Dynamic DynamoDB's configuration on a running server: metrics are read, capacity is changed."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from stator.autoscaling.dynamic.configuration import parse
from stator.cli.client import Client
from stator.cli.endpoint import Endpoint, Keys
from stator.cli.scaling.gauges import CLOUDWATCH, Gauges
from stator.cli.scaling.notices import Notices
from stator.cli.scaling.watch import Watch
from stator.metrics.series import series
from tests.operations.points import REGION, plant
from tests.running import Account, RunningServer, new_account, start_server


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    running = start_server()  # whose clock nobody else turns
    yield running
    running.close()


def provisioned(told: dict[str, Any]) -> tuple[int, int]:
    throughput = told["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def look(account: Account, text: str, now: float) -> int:
    endpoint = Endpoint(account.url, REGION, Keys(account.number, "secret"))
    stop = threading.Event()
    gauges = Gauges(Client(endpoint, CLOUDWATCH, stop=stop))
    notices = Notices(endpoint, None, None)
    return Watch(parse(text), Client(endpoint, stop=stop), gauges, notices, dry_run=False).run_once(now)


def test_consumption_raises_and_lowers_a_table_and_its_index(server: RunningServer) -> None:
    account = new_account(server.url)
    client = account.client()
    throughput = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}
    client.create_table(
        TableName="music",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "day")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": throughput,
            }
        ],
    )
    server.clock.advance(60)
    now = server.clock() // 60 * 60
    minute = now - 120
    plant(
        server,
        account,
        {
            series("ConsumedReadCapacityUnits", TableName="music"): {minute + 1: 570.0},
            series("ConsumedWriteCapacityUnits", TableName="music"): {minute + 2: 120.0},
            series("ConsumedWriteCapacityUnits", TableName="music", GlobalSecondaryIndexName="by-day"): {minute: 960.0},
        },
    )
    rules = "lookback-window-start: 2\nlookback-period: 1\n"
    assert look(account, f"[table: ^music$]\n{rules}[gsi: ^by-day$ table: ^music$]\n{rules}", now) == 1
    server.clock.advance(60)
    told = client.describe_table(TableName="music")["Table"]
    assert provisioned(told) == (15, 5)
    assert provisioned(told["GlobalSecondaryIndexes"][0]) == (10, 24)
    assert told["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1
