"""PutMetricData: metrics of one's own, read like the server's."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stator.metrics import custom
from tests.operations.points import PROTOCOLS, moment, speaking
from tests.running import Account, RunningServer, start_server

SHOP = [{"Name": "Shop", "Value": "north"}]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    running = start_server()  # whose clock nobody else turns
    yield running
    running.close()


@pytest.fixture(params=PROTOCOLS)
def cloudwatch(account: Account, request: pytest.FixtureRequest) -> Iterator[Any]:
    client = speaking(account, request.param)
    yield client
    client.close()


def put(cloudwatch: Any, *data: dict[str, Any], namespace: str = "Shop") -> None:
    told = [{"MetricName": "Orders", "Dimensions": SHOP} | datum for datum in data]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=told)


def read(cloudwatch: Any, start: float, end: float, **members: Any) -> list[dict[str, Any]]:
    answer = cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="Orders",
        Dimensions=SHOP,
        StartTime=moment(start),
        EndTime=moment(end),
        **{"Period": 60, "Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"]} | members,
    )
    return sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])


def sums(cloudwatch: Any, start: float, end: float) -> dict[float, float]:
    return {point["Timestamp"].timestamp(): point["Sum"] for point in read(cloudwatch, start, end)}


def test_points_add_up_in_whatever_order_they_come(cloudwatch: Any, server: RunningServer) -> None:
    minute = server.clock() // 60 * 60 - 600
    put(cloudwatch, {"Value": 5, "Timestamp": moment(minute + 60), "Unit": "Count"})
    put(cloudwatch, {"Value": 2, "Timestamp": moment(minute + 7)}, {"Value": 3, "Timestamp": moment(minute + 50)})
    put(cloudwatch, {"Value": 1, "Timestamp": moment(minute + 60)}, {"Value": 9})
    assert sums(cloudwatch, minute, server.clock() + 60) == {
        minute: 5,
        minute + 60: 6,
        server.clock() // 60 * 60: 9,
    }
    (listed,) = cloudwatch.list_metrics(Namespace="Shop")["Metrics"]
    assert listed == {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": SHOP}


def test_values_with_counts_and_statistic_sets(cloudwatch: Any, server: RunningServer) -> None:
    minute = server.clock() // 60 * 60 - 600
    put(
        cloudwatch,
        {"Values": [1, 10], "Counts": [3, 1], "Timestamp": moment(minute)},
        {
            "StatisticValues": {"SampleCount": 4, "Sum": 20, "Minimum": 2, "Maximum": 8},
            "Timestamp": moment(minute + 60),
        },
    )
    first, second = read(cloudwatch, minute, minute + 120, ExtendedStatistics=["p50"])
    assert [first[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")] == [4, 13, 1, 10]
    assert first["ExtendedStatistics"]["p50"] == pytest.approx(1, rel=0.07)
    assert [second[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")] == [4, 20, 2, 8]
    assert "ExtendedStatistics" not in second


def test_days_that_have_passed_are_kept_too(cloudwatch: Any, server: RunningServer) -> None:
    long_ago = server.clock() // 60 * 60 - 13 * 86_400
    put(cloudwatch, {"Value": 4, "Timestamp": moment(long_ago)})
    assert sums(cloudwatch, long_ago - 60, long_ago + 60) == {long_ago: 4}


def test_packed_requests_are_read(account: Account, server: RunningServer) -> None:
    client = account.client("cloudwatch", request_min_compression_size_bytes=1)
    put(client, *({"Value": number} for number in range(1000)))
    assert sums(client, server.clock() - 60, server.clock() + 60) == {server.clock() // 60 * 60: 499_500}
    client.close()


def test_it_outlives_the_server(tmp_path: Any) -> None:
    server = start_server(tmp_path / "data")
    put(account := Account(server.url, "000000000001").client("cloudwatch"), {"Value": 7})
    account.close()
    now = server.clock()
    server.close()
    server = start_server(tmp_path / "data")
    again = Account(server.url, "000000000001").client("cloudwatch")
    assert list(sums(again, now - 60, now + 60).values()) == [7]
    again.close()
    server.close()


def test_alarms_watch_it(cloudwatch: Any, server: RunningServer) -> None:
    put(cloudwatch, {"Value": 7})
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "e", "Expression": "SUM(SEARCH('{Shop,Shop} Orders', 'Sum', 60)) * 2"}],
        StartTime=moment(server.clock() - 60),
        EndTime=moment(server.clock() + 60),
    )
    assert answer["MetricDataResults"][0]["Values"] == [14]


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ([], "MissingParameter", "The parameter MetricData is required."),
        ([{}], "MissingParameter", "MetricData.member.1.StatisticValues must be specified"),
        (
            [{"Value": 1, "Values": [1]}],
            "InvalidParameterCombination",
            "MetricData.member.1.Values are mutually exclusive",
        ),
        ([{"Value": 1}, {"Value": 1e200}], "InvalidParameterValue", "parameter MetricData.member.2.Value is invalid"),
        ([{"Values": [1], "Counts": [1, 2]}], "InvalidParameterValue", "must be of the same size"),
        ([{"Values": []}], "InvalidParameterValue", "Values must not have a size less than 1"),
        ([{"Values": [1], "Counts": [0]}], "InvalidParameterValue", "MetricData.member.1.Counts is invalid"),
        ([{"Value": 1, "Timestamp": 0}], "InvalidParameterValue", "no more than two weeks in the past"),
        ([{"Value": 1, "StorageResolution": 5}], "InvalidParameterValue", "StorageResolution must be 1 or 60"),
        (
            [{"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}}],
            "InvalidParameterValue",
            "Values",
        ),
        ([{"Value": 1}] * 1001, "InvalidParameterValue", "must not have a size greater than 1000"),
    ],
)
def test_complaints(cloudwatch: Any, data: list[dict[str, Any]], code: str, message: str) -> None:
    with pytest.raises(ClientError) as error:
        put(cloudwatch, *data)
    assert error.value.response["Error"]["Code"] == code
    assert message in error.value.response["Error"]["Message"]


@pytest.mark.parametrize("namespace", ["AWS/DynamoDB", "AWS/Anything", "Stator"])
def test_the_servers_own_metrics_are_nobody_elses(cloudwatch: Any, namespace: str) -> None:
    with pytest.raises(ClientError) as error:
        put(cloudwatch, {"Value": 1}, namespace=namespace)
    assert error.value.response["Error"]["Message"] == f"The value {namespace} for parameter Namespace is invalid."


def test_there_is_an_end_to_how_many_there_may_be(cloudwatch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom, "SERIES_MAX", 2)
    put(cloudwatch, {"Value": 1}, {"Value": 1, "MetricName": "Other"})
    with pytest.raises(ClientError) as error:
        put(cloudwatch, {"Value": 1}, {"Value": 1, "MetricName": "Third"})
    assert error.value.response["Error"]["Code"] == "LimitExceeded"
    put(cloudwatch, {"Value": 1})
    assert len(cloudwatch.list_metrics(Namespace="Shop")["Metrics"]) == 2
