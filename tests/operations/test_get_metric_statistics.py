"""GetMetricStatistics and ListMetrics."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stator.metrics.series import series
from tests.operations.points import moment, plant
from tests.running import Account, RunningServer, start_server

READS = {table: series("ConsumedReadCapacityUnits", TableName=table) for table in ("orders", "customers")}
LATENCY = series("SuccessfulRequestLatency", TableName="orders", Operation="GetItem")
ASKED = {
    "Namespace": "AWS/DynamoDB",
    "MetricName": "ConsumedReadCapacityUnits",
    "Dimensions": [{"Name": "TableName", "Value": "orders"}],
    "Period": 60,
    "Statistics": ["Sum"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    running = start_server()  # whose clock nobody else turns
    yield running
    running.close()


@pytest.fixture
def start(server: RunningServer, account: Account) -> float:
    begin = server.clock() // 60 * 60 - 240
    points = {begin: 10.0, begin + 60: 30.0, begin + 120: 50.0}
    plant(server, account, {READS["orders"]: points, LATENCY: {begin: 1.0}, READS["customers"]: points})
    return begin


@pytest.fixture
def cloudwatch(account: Account) -> Iterator[Any]:
    client = account.client("cloudwatch")
    yield client
    client.close()


def ask(cloudwatch: Any, start: float, **members: Any) -> Any:
    chosen = {**ASKED, "StartTime": moment(start), "EndTime": moment(start + 180), **members}
    return cloudwatch.get_metric_statistics(**{name: value for name, value in chosen.items() if value is not None})


def test_points(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start)
    assert answer["Label"] == "ConsumedReadCapacityUnits"
    points = sorted((each["Timestamp"].timestamp(), each["Sum"], each["Unit"]) for each in answer["Datapoints"])
    assert points == [(start, 10, "Count"), (start + 60, 30, "Count"), (start + 120, 50, "Count")]


def test_dimensions_are_those_of_the_metric_and_no_fewer(cloudwatch: Any, start: float) -> None:
    assert ask(cloudwatch, start, Dimensions=None)["Datapoints"] == []
    assert ask(cloudwatch, start, Dimensions=[{"Name": "TableName", "Value": "other"}])["Datapoints"] == []


def test_units(cloudwatch: Any, start: float) -> None:
    assert ask(cloudwatch, start, Unit="Bytes")["Datapoints"] == []
    assert len(ask(cloudwatch, start, Unit="Count")["Datapoints"]) == 3


def test_a_percentile_of_equal_samples(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, Statistics=None, ExtendedStatistics=["p10", "tc50"], EndTime=moment(start + 60))
    assert answer["Datapoints"][0]["ExtendedStatistics"] == {"p10": 10.0, "tc50": 0.5}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"Statistics": None}, "InvalidParameterCombination", "At least one of the parameters Statistics and"),
        ({"Period": 45}, "InvalidParameterValue", "The parameter Period must be"),
        ({"Period": 0}, "ValidationError", "Member must have value greater than or equal to 1"),
        (
            {"EndTime": moment(0)},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        ({"StartTime": moment(0)}, "InvalidParameterCombination", "You have requested up to "),
        ({"ExtendedStatistics": ["p200"]}, "InvalidParameterValue", "The value p200 for parameter ExtendedStatistics"),
        ({"Statistics": ["Median"]}, "ValidationError", "Member must satisfy enum value set"),
        ({"Namespace": None}, "ValidationError", "Value null at 'namespace' failed to satisfy constraint"),
        ({"Namespace": ":x"}, "ValidationError", "Member must satisfy regular expression pattern: [^:].*"),
    ],
)
def test_complaints(cloudwatch: Any, start: float, members: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError) as error:
        ask(cloudwatch, start, **members)
    assert error.value.response["Error"]["Code"] == code
    assert message in error.value.response["Error"]["Message"]


def listed(cloudwatch: Any, **members: Any) -> list[tuple[str, dict[str, str]]]:
    metrics = cloudwatch.list_metrics(Namespace="AWS/DynamoDB", **members)["Metrics"]
    return [(each["MetricName"], {pair["Name"]: pair["Value"] for pair in each["Dimensions"]}) for each in metrics]


def test_metrics_are_listed(cloudwatch: Any, start: float) -> None:
    reads = [("ConsumedReadCapacityUnits", {"TableName": table}) for table in ("customers", "orders")]
    latency = [("SuccessfulRequestLatency", {"Operation": "GetItem", "TableName": "orders"})]
    assert listed(cloudwatch) == reads + latency
    assert listed(cloudwatch, MetricName="ConsumedReadCapacityUnits") == reads
    assert listed(cloudwatch, Dimensions=[{"Name": "Operation"}]) == latency
    assert listed(cloudwatch, Dimensions=[{"Name": "TableName", "Value": "customers"}]) == reads[:1]
    assert listed(cloudwatch, RecentlyActive="PT3H") == reads + latency
    assert listed(cloudwatch, OwningAccount="999999999999") == []
    assert cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"] == []


def test_owners_are_told_where_asked_for(cloudwatch: Any, account: Account, start: float) -> None:
    answer = cloudwatch.list_metrics(Namespace="AWS/DynamoDB", IncludeLinkedAccounts=True)
    assert answer["OwningAccounts"] == [account.number] * 3


def test_metrics_are_paged(cloudwatch: Any, server: RunningServer, account: Account) -> None:
    time = server.clock() // 60 * 60 - 60
    plant(server, account, {series("Many", TableName=f"t{number:04}"): {time: 1.0} for number in range(1001)})
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(MetricName="Many"))
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 1]
    tables = [each["Dimensions"][0]["Value"] for page in pages for each in page["Metrics"]]
    assert tables == [f"t{number:04}" for number in range(1001)]
    for token in ("x", "WzFd", "WzEsMiwzXQ=="):
        with pytest.raises(ClientError) as error:
            cloudwatch.list_metrics(NextToken=token)
        assert error.value.response["Error"]["Code"] == "InvalidParameterValue"
