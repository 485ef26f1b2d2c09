"""Metrics and Contributor Insights survive the server: a stop loses none, kill -9 no more than the last seconds."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.crash.server_process import PlainClient, ServerProcess

TABLE = "things"
KEY = {"pk": {"S": "a"}}
TURNS_MAX = 20


class Scene:
    """One server after another on one data directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start()
        keys = {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        }
        self.ask("CreateTable", TableName=TABLE, BillingMode="PAY_PER_REQUEST", **keys)
        self.ask("UpdateContributorInsights", TableName=TABLE, ContributorInsightsAction="ENABLE")

    def start(self) -> None:
        self.server = ServerProcess(self.path / "data", self.path / "log").wait_until_ready()
        self.client = PlainClient(self.server.port)

    def ask(self, operation: str, **request: Any) -> Any:
        reply = self.client.call(operation, request)
        assert reply.status == 200, reply
        return reply.body

    def put(self, number: int) -> None:
        for _ in range(number):
            self.ask("PutItem", TableName=TABLE, Item=KEY)

    def kill(self) -> None:
        self.client.close()
        self.server.kill()

    def stop(self) -> None:
        self.client.close()
        assert self.server.terminate() == 0

    def cloudwatch(self) -> Any:
        return boto3.client(
            "cloudwatch",
            endpoint_url=f"http://127.0.0.1:{self.server.port}",
            region_name="eu-west-1",
            aws_access_key_id="000000000007",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def counted(self, period: int) -> float:
        """How many puts there were, by points of seconds or of minutes."""
        now = datetime.now(UTC)
        told = self.cloudwatch().get_metric_statistics(
            Namespace="AWS/DynamoDB",
            MetricName="SuccessfulRequestLatency",
            Dimensions=[{"Name": "TableName", "Value": TABLE}, {"Name": "Operation", "Value": "PutItem"}],
            StartTime=now - timedelta(minutes=20),
            EndTime=now + timedelta(minutes=2),
            Period=period,
            Statistics=["SampleCount"],
        )
        return sum(float(point["SampleCount"]) for point in told["Datapoints"])

    def weighed(self) -> float:
        """What the one key consumed: three for each put."""
        (name, _) = self.ask("DescribeContributorInsights", TableName=TABLE)["ContributorInsightsRuleList"]
        now = datetime.now(UTC)
        report = self.cloudwatch().get_insight_rule_report(
            RuleName=name, StartTime=now - timedelta(minutes=20), EndTime=now + timedelta(minutes=2), Period=60
        )
        return float(report["AggregateValue"])


def test_a_stop_loses_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put(25)
    scene.stop()
    scene.start()
    scene.put(5)
    scene.stop()
    scene.start()
    try:
        assert scene.counted(60) == 30
        assert scene.counted(1) == 30
    finally:
        scene.kill()


def test_a_kill_loses_the_last_seconds_alone(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    for _ in range(TURNS_MAX):
        scene.put(10)
        until = time.monotonic() + 12  # points are written every five seconds, keys every ten, unless it is very slow
        while time.monotonic() < until:
            scene.ask("GetItem", TableName=TABLE, Key=KEY)
            time.sleep(0.05)
        scene.kill()
        scene.start()
        if scene.counted(1) >= 10 and scene.weighed() >= 30:
            break
    counted, weighed = scene.counted(1), scene.weighed()
    scene.kill()
    assert counted >= 10
    assert weighed >= 30
