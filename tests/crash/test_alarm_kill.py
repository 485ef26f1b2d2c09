"""A server killed after an alarm went off, and before whoever is to be told has listened, tells of it after it came up."""

import contextlib
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest

from tests.crash.server_process import ServerProcess
from tests.listener import Listener
from tests.running import wait_until

ALARMS = 5


def client(server: ServerProcess) -> Any:
    return boto3.client(
        "cloudwatch",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="eu-west-1",
        aws_access_key_id="000000000007",
        aws_secret_access_key="any",
    )


@pytest.mark.slow
def test_what_was_not_heard_is_told_again(tmp_path: Path) -> None:
    with contextlib.closing(Listener()) as listener:
        listener.statuses = [503]
        options = ("--alarm-urls", listener.url)
        server = ServerProcess(tmp_path / "data", tmp_path / "log", *options).wait_until_ready()
        cloudwatch = client(server)
        for number in range(ALARMS):
            cloudwatch.put_metric_alarm(
                AlarmName=f"alarm {number}",
                Namespace="AWS/DynamoDB",
                MetricName="ReadThrottleEvents",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="ignore",
                AlarmActions=[f"{listener.url}/{number}"],
            )
            cloudwatch.set_alarm_state(AlarmName=f"alarm {number}", StateValue="ALARM", StateReason="by hand")
        wait_until(lambda: bool(listener.heard))
        server.kill()
        cloudwatch.close()

        before = {path: orjson.loads(body)["MessageId"] for path, _, body in listener.heard}
        listener.heard.clear()
        listener.statuses = [200]
        server = ServerProcess(tmp_path / "data", tmp_path / "log", *options).wait_until_ready()
        wait_until(lambda: {path for path, _, _ in listener.heard} >= {f"/{number}" for number in range(ALARMS)})
        after = {path: orjson.loads(body)["MessageId"] for path, _, body in listener.heard}
        assert {path: after[path] for path in before} == before
        cloudwatch = client(server)
        assert {alarm["StateValue"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]} == {"ALARM"}
        cloudwatch.close()
        server.terminate()
