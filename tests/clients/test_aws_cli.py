"""The AWS CLI unchanged, where this machine has it: metrics and alarms."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from stator.metrics.series import series
from tests.operations.points import moment, plant
from tests.running import Account, RunningServer, start_server

pytestmark = pytest.mark.skipif(shutil.which("aws") is None, reason="there is no AWS CLI here")

WRITES = series("ConsumedWriteCapacityUnits", TableName="things")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    running = start_server()  # whose clock nobody else turns
    yield running
    running.close()


def aws(account: Account, *words: str) -> Any:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": account.number,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }
    command = ["aws", "--endpoint-url", account.url, "--output", "json", "cloudwatch", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_metrics_and_alarms(server: RunningServer, account: Account) -> None:
    start = server.clock() // 60 * 60 - 240
    plant(server, account, {WRITES: {start: 4.0, start + 60: 8.0}})
    times = ("--start-time", moment(start).isoformat(), "--end-time", moment(start + 120).isoformat())
    metric = ("--namespace", "AWS/DynamoDB", "--metric-name", WRITES.name)
    of_table = (*metric, "--dimensions", "Name=TableName,Value=things")

    (listed,) = aws(account, "list-metrics", *metric)["Metrics"]
    assert listed["Dimensions"] == [{"Name": "TableName", "Value": "things"}]
    statistics = aws(account, "get-metric-statistics", *of_table, *times, "--period", "60", "--statistics", "Sum")
    assert sorted(point["Sum"] for point in statistics["Datapoints"]) == [4, 8]
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": listed, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 / PERIOD(m1) * 60", "Label": "per minute"},
    ]
    (result,) = aws(account, "get-metric-data", *times, "--metric-data-queries", json.dumps(queries))[
        "MetricDataResults"
    ]
    assert (result["Label"], result["Values"]) == ("per minute", [8, 4])

    rule = ("--evaluation-periods", "1", "--threshold", "5", "--comparison-operator", "GreaterThanThreshold")
    kept = ("--statistic", "Sum", "--period", "60", "--treat-missing-data", "ignore")
    aws(account, "put-metric-alarm", "--alarm-name", "busy", *of_table, *kept, *rule)
    aws(account, "set-alarm-state", "--alarm-name", "busy", "--state-value", "ALARM", "--state-reason", "x")
    history = aws(account, "describe-alarm-history", "--alarm-name", "busy")["AlarmHistoryItems"]
    assert 'Alarm "busy" created' in [item["HistorySummary"] for item in history]
    aws(account, "delete-alarms", "--alarm-names", "busy")
    assert aws(account, "describe-alarms")["MetricAlarms"] == []
    with pytest.raises(AssertionError, match="ResourceNotFound"):
        aws(account, "delete-alarms", "--alarm-names", "busy")
