"""From items to an alarm to whoever is to be told, in a server that runs; and over a restart."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stator.storage.keyfile import AccessKey, KeyFile
from tests import postgres
from tests.listener import Listener
from tests.operations.points import PROTOCOLS, moment, speaking
from tests.running import Account, RunningServer, new_account, start_server, wait_until


@pytest.fixture
def listener() -> Iterator[Listener]:
    with contextlib.closing(Listener()) as listening:
        yield listening


def watch(cloudwatch: Any, *actions: str) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="busy",
        Namespace="AWS/DynamoDB",
        MetricName="ConsumedWriteCapacityUnits",
        Dimensions=[{"Name": "TableName", "Value": "things"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=3,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=list(actions),
        OKActions=list(actions),
    )


def consumed(cloudwatch: Any, server: RunningServer) -> float:
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName="ConsumedWriteCapacityUnits",
        Dimensions=[{"Name": "TableName", "Value": "things"}],
        StartTime=moment(server.clock() - 600),
        EndTime=moment(server.clock() + 60),
        Period=60,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def write(account: Account, number: int) -> None:
    dynamodb = account.client()
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for key in range(number):
        dynamodb.put_item(TableName="things", Item={"pk": {"S": str(key)}})
    dynamodb.close()


def state(cloudwatch: Any) -> str:
    return str(cloudwatch.describe_alarms(AlarmNames=["busy"])["MetricAlarms"][0]["StateValue"])


def test_writes_let_an_alarm_go_off_and_come_back(listener: Listener) -> None:
    server = start_server(alarm_urls=listener.url)
    account = new_account(server.url)
    cloudwatch = account.client("cloudwatch")
    watch(cloudwatch, f"{listener.url}/hook")
    wait_until(lambda: state(cloudwatch) == "OK")
    wait_until(lambda: len(listener.heard) == 1)
    write(account, 5)
    wait_until(lambda: consumed(cloudwatch, server) == 5)
    server.clock.advance(70)
    wait_until(lambda: state(cloudwatch) == "ALARM")
    wait_until(lambda: len(listener.heard) == 2)
    server.clock.advance(180)  # past the minutes that count in the place of missing ones
    wait_until(lambda: state(cloudwatch) == "OK")
    wait_until(lambda: len(listener.heard) == 3)
    assert listener.states() == ["OK", "ALARM", "OK"]
    history = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert {item["HistorySummary"] for item in history} == {f"Successfully executed action {listener.url}/hook"}
    cloudwatch.close()
    server.close()


def test_what_was_not_told_before_a_restart_is_told_after_it(listener: Listener, tmp_path: Path) -> None:
    dead = "http://127.0.0.1:1"
    server = start_server(tmp_path / "data", alarm_urls=f"{dead},{listener.url}")
    account = new_account(server.url)
    cloudwatch = account.client("cloudwatch")
    watch(cloudwatch, f"{dead}/hook")
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="by hand")
    before = cloudwatch.describe_alarms()["MetricAlarms"]
    cloudwatch.close()
    server.close()
    server = start_server(tmp_path / "data", alarm_urls=listener.url)
    cloudwatch = Account(server.url, account.number).client("cloudwatch")
    assert [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]] == [
        alarm["AlarmName"] for alarm in before
    ]
    # The dead end is not allowed any more: its notices were kept, and are given up now.
    wait_until(
        lambda: any(
            item["HistorySummary"] == f"Failed to execute action {dead}/hook"
            for item in cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
        )
    )
    cloudwatch.close()
    server.close()


@postgres.embedded_only("access keys are not in a file")
def test_signatures_are_checked_in_every_protocol(tmp_path: Path) -> None:
    KeyFile(tmp_path).replace([AccessKey("STTRKEY", "secret", "123456789012", 1.0)])
    server = start_server(tmp_path)
    server.clock.now = time.time()
    for protocol in PROTOCOLS:
        cloudwatch = speaking(Account(server.url, "STTRKEY"), protocol)
        assert cloudwatch.describe_alarms()["MetricAlarms"] == []
        cloudwatch.close()
        stranger = speaking(Account(server.url, "STTROTHER"), protocol)
        with pytest.raises(ClientError) as error:
            stranger.describe_alarms()
        assert error.value.response["Error"]["Code"] == "InvalidClientTokenId"
        stranger.close()
    forged = boto3.client(
        "cloudwatch",
        endpoint_url=server.url,
        region_name="eu-west-1",
        aws_access_key_id="STTRKEY",
        aws_secret_access_key="another",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as error:
        forged.describe_alarms()
    assert error.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    forged.close()
    server.close()
