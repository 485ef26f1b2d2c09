"""Routers whose clocks differ write one journal: times never fall, and a time in the past has one state."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvloop

from stator.assembly import Server, start
from stator.config import Settings
from tests import postgres
from tests.operations.conftest import create_table
from tests.running import Account, wait_until

BEHIND_SECONDS = 20.0
WRITES = 30
KEY = {"pk": {"S": "a"}}


class Routers:
    """Two servers over one PostgreSQL; the clock of the second is behind."""

    def __init__(self, url: str, archive: Path) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        settings = Settings(port=0, store=url, archive=str(archive), archive_segment_seconds=0.2)
        self.servers: list[Server] = [
            self._run(start(settings, clock)) for clock in (time.time, lambda: time.time() - BEHIND_SECONDS)
        ]

    def clients(self, service: str = "dynamodb") -> list[Any]:
        return [Account(server.url, "000000000008").client(service) for server in self.servers]

    def close(self) -> None:
        for server in self.servers:
            self._run(server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


@pytest.fixture
def routers(tmp_path: Path) -> Iterator[Routers]:
    cluster = postgres.shared()
    if cluster is None:
        pytest.skip("there is no PostgreSQL on this machine")
    url = cluster.new_database()
    both = Routers(url, tmp_path / "archive")
    yield both
    both.close()
    cluster.drop_database(url)


def read(streams: list[Any]) -> list[dict[str, Any]]:
    """All records of the stream, by one router and the other."""
    (stream,) = streams[1].list_streams(TableName="things")["Streams"]
    records: list[dict[str, Any]] = []
    for shard in streams[0].describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]:
        place = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"]}
        iterator = streams[0].get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        page = streams[1].get_records(ShardIterator=iterator)
        records += page["Records"]
    return records


@pytest.mark.slow
def test_times_go_on_and_the_past_is_exact(routers: Routers) -> None:
    clients, streams = routers.clients(), routers.clients("dynamodbstreams")
    create_table(clients[0], "things", "pk:S")
    clients[0].update_table(
        TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    clients[1].update_continuous_backups(
        TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for number in range(WRITES):
        clients[number % 2].put_item(TableName="things", Item=KEY | {"n": {"N": str(number)}})
        time.sleep(0.1)
    records = [record["dynamodb"] for record in read(streams)]
    assert [int(record["NewImage"]["n"]["N"]) for record in records] == list(range(WRITES))
    times = [record["ApproximateCreationDateTime"] for record in records]
    assert times == sorted(times)

    # A whole second between two writes; the stream tells times to the second.
    moment = times[WRITES // 2]
    before = [record["NewImage"]["n"] for record in records if record["ApproximateCreationDateTime"] < moment]
    assert before
    assert len(before) < WRITES

    def latest() -> datetime:
        told = clients[1].describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
        found: datetime = told["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]
        return found

    wait_until(lambda: latest() > moment)
    just_before = datetime.fromtimestamp(moment.timestamp() - 0.001, UTC)
    clients[1].restore_table_to_point_in_time(
        SourceTableName="things", TargetTableName="then", RestoreDateTime=just_before
    )
    wait_until(lambda: clients[0].describe_table(TableName="then")["Table"]["TableStatus"] == "ACTIVE")
    assert clients[1].get_item(TableName="then", Key=KEY, ConsistentRead=True)["Item"]["n"] == before[-1]
