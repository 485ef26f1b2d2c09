"""Auto scaling on a real server in real time, killed in between: what happened and what is told of it stay one."""

import contextlib
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.crash.server_process import ServerProcess
from tests.running import wait_until

WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/load",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
TARGET_TRACKING = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
    },
}
ITEM_UNITS = 10
SECONDS_MAX = 180.0  # for what takes some seconds on a machine that has nothing else to do


class Place:
    """A server on a folder, and clients of it, also after it was killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.begin()

    def begin(self) -> None:
        log = self._folder / "log"
        options = ("--autoscaling-low-seconds", "12")  # no pause of a busy machine is as long
        self.server = ServerProcess(self._folder / "data", log, *options).wait_until_ready()
        self.dynamodb, self.scaling = self._client("dynamodb"), self._client("application-autoscaling")

    def kill(self) -> None:
        self.server.kill()
        self.begin()

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.server.port}",
            region_name="eu-west-1",
            aws_access_key_id="000000000007",
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20),
        )

    def create(self, units: int) -> None:
        self.dynamodb.create_table(
            TableName="load",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": units},
        )

    def capacity(self) -> int:
        table = self.dynamodb.describe_table(TableName="load")["Table"]
        return int(table["ProvisionedThroughput"]["WriteCapacityUnits"])

    def activities(self) -> list[dict[str, Any]]:
        """The oldest first."""
        pages = self.scaling.get_paginator("describe_scaling_activities").paginate(ServiceNamespace="dynamodb")
        return [activity for page in pages for activity in page["ScalingActivities"]][::-1]


class Load:
    """Asks for so many write units a second, as well as it can."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.units = 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(at,)) for at in range(4)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        sent = 0
        while not self._stop.is_set():
            units = self.units
            if not units:
                self._stop.wait(0.1)
                continue
            sent += 1
            item = {"k": {"S": f"{number}-{sent % 1000}"}, "text": {"S": "x" * (ITEM_UNITS * 1000)}}
            with contextlib.suppress(ClientError, BotoCoreError):  # throttled, or killed
                self._place.dynamodb.put_item(TableName="load", Item=item)
            self._stop.wait(ITEM_UNITS * len(self._threads) / units)

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
def test_capacity_follows_a_load_through_kills_and_every_change_is_explained(tmp_path: Path) -> None:
    place = Place(tmp_path)
    load = Load(place)
    try:
        place.create(100)
        place.scaling.register_scalable_target(**WRITES, MinCapacity=10, MaxCapacity=1000)
        place.scaling.put_scaling_policy(**WRITES, PolicyName="follow", **TARGET_TRACKING)
        load.units = 10.0
        wait_until(lambda: place.capacity() < 100, SECONDS_MAX)
        low = place.capacity()
        load.units = 400.0
        wait_until(lambda: place.capacity() > low, SECONDS_MAX)
        place.kill()
        wait_until(lambda: place.capacity() >= 300, SECONDS_MAX)
        load.units = 0.0
        place.kill()
        wait_until(lambda: place.capacity() == 10, SECONDS_MAX)
        changes = [activity for activity in place.activities() if activity["StatusCode"] == "Successful"]
        capacity = 100
        for activity in changes:
            figures = _figures(activity)
            assert figures["capacity"] == capacity, "a change that nothing tells of, or one told of that was none"
            capacity = figures["wanted"]
            assert activity["Description"] == f"Setting write capacity units to {capacity}."
            assert activity["Cause"].startswith("policy follow: ")
        assert capacity == 10
    finally:
        load.end()
        place.server.kill()


@pytest.mark.slow
def test_a_scheduled_action_is_done_once_whenever_the_server_dies(tmp_path: Path) -> None:
    place = Place(tmp_path)
    try:
        place.create(20)
        place.scaling.register_scalable_target(**WRITES, MinCapacity=10, MaxCapacity=1000)
        due = datetime.now(UTC) + timedelta(seconds=10)
        place.scaling.put_scheduled_action(
            **WRITES,
            ScheduledActionName="up",
            Schedule=f"at({due:%Y-%m-%dT%H:%M:%S})",
            ScalableTargetAction={"MinCapacity": 50},
        )
        place.kill()
        wait_until(lambda: place.capacity() == 50, SECONDS_MAX)
        place.dynamodb.update_table(
            TableName="load", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 30}
        )
        place.kill()
        # It has looked at everything once this is done, and left alone what was done by hand.
        place.scaling.register_scalable_target(
            **WRITES | {"ScalableDimension": "dynamodb:table:ReadCapacityUnits"}, MinCapacity=7, MaxCapacity=9
        )
        wait_until(
            lambda: (
                place.dynamodb.describe_table(TableName="load")["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"]
                == 7
            ),
            SECONDS_MAX,
        )
        assert place.capacity() == 30
        causes = [activity["Cause"] for activity in place.activities() if "Write" in activity["ScalableDimension"]]
        assert causes == [
            "scheduled action name up was triggered",
            "minimum capacity was set to 50 by scheduled action up",
        ]
    finally:
        place.server.kill()


def _figures(activity: dict[str, Any]) -> dict[str, Any]:

    figures: dict[str, Any] = json.loads(activity["Details"])
    return figures
