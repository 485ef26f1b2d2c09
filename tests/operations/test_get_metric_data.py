"""GetMetricData, as boto3 and Grafana ask."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stator.metrics.series import Series, series
from tests.operations.points import moment, plant, point
from tests.running import Account, RunningServer, start_server

ORDERS, CUSTOMERS = (series("ConsumedReadCapacityUnits", TableName=table) for table in ("orders", "customers"))
LATENCY = series("SuccessfulRequestLatency", TableName="orders", Operation="GetItem")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    running = start_server()  # whose clock nobody else turns
    yield running
    running.close()


@pytest.fixture
def start(server: RunningServer, account: Account) -> float:
    """The first of four minutes of points, which are over."""
    begin = server.clock() // 60 * 60 - 300
    reads = {begin + 60 * at: value for at, value in enumerate((60.0, 120.0, 30.0, 90.0))}
    fewer = {begin + 60 * at: value for at, value in enumerate((6.0, 12.0, 3.0, 9.0))}
    plant(server, account, {ORDERS: reads, LATENCY: {begin + 60: [1.0, 2.0, 3.0, 100.0]}, CUSTOMERS: fewer})
    return begin


@pytest.fixture
def cloudwatch(account: Account) -> Iterator[Any]:
    client = account.client("cloudwatch")
    yield client
    client.close()


def metric(of: Series = ORDERS, id_: str = "m1", stat: str = "Sum", period: int = 60, **members: Any) -> dict[str, Any]:
    told = {
        "Namespace": of.namespace,
        "MetricName": of.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in of.dimensions],
    }
    return {"Id": id_, "MetricStat": {"Metric": told, "Period": period, "Stat": stat}, **members}


def ask(cloudwatch: Any, start: float, *queries: dict[str, Any], **members: Any) -> Any:
    chosen = {"StartTime": moment(start), "EndTime": moment(start + 240), "ScanBy": "TimestampAscending"} | members
    return cloudwatch.get_metric_data(MetricDataQueries=list(queries), **chosen)


def values(answer: Any) -> dict[str, list[float]]:
    return {result["Label"]: result["Values"] for result in answer["MetricDataResults"]}


def refused(cloudwatch: Any, start: float, *queries: dict[str, Any], **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        ask(cloudwatch, start, *queries, **members)
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_newest_first_unless_asked_otherwise(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, metric(), ScanBy="TimestampDescending")
    assert answer["MetricDataResults"][0]["Values"] == [90, 30, 120, 60]
    assert values(ask(cloudwatch, start, metric())) == {"ConsumedReadCapacityUnits": [60, 120, 30, 90]}


def test_the_end_is_not_among_what_is_asked_for(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, metric(), EndTime=moment(start + 120))
    assert answer["MetricDataResults"][0]["Values"] == [60, 120]
    begun = ask(cloudwatch, start, metric(), StartTime=moment(start + 90))
    assert begun["MetricDataResults"][0]["Values"] == [120, 30, 90]  # from the beginning of its minute


def test_math_over_several_metrics(cloudwatch: Any, start: float) -> None:
    answer = ask(
        cloudwatch,
        start,
        metric(ReturnData=False),
        metric(CUSTOMERS, "m2", ReturnData=False),
        {"Id": "e1", "Expression": "SUM(METRICS()) / PERIOD(m1)", "Label": "rate"},
        {"Id": "e2", "Expression": "IF(e1 > 1, e1, 0)", "Label": "busy"},
        {"Id": "e3", "Expression": "MAX(e1)", "Label": "peak"},
        {"Id": "e4", "Expression": "SORT(METRICS(), AVG, ASC)", "Label": "sorted"},
    )
    found = [(result["Label"], result["Values"]) for result in answer["MetricDataResults"]]
    assert found == [
        ("rate", pytest.approx([1.1, 2.2, 0.55, 1.65])),
        ("busy", pytest.approx([1.1, 2.2, 0, 1.65])),
        ("peak", pytest.approx([2.2] * 4)),
        ("sorted customers", [6, 12, 3, 9]),
        ("sorted orders", [60, 120, 30, 90]),
    ]


def test_percentiles(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, metric(LATENCY, stat="p50"), metric(LATENCY, "m2", stat="tm75", Label="tm"))
    assert values(answer)["SuccessfulRequestLatency"] == pytest.approx([2.0], rel=0.07)
    assert values(answer)["tm"] == pytest.approx([2.0], rel=0.07)


def test_longer_periods_add_up(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start - start % 300, metric(period=300), EndTime=moment(start + 600))
    assert sum(answer["MetricDataResults"][0]["Values"]) == 300


def test_seconds_can_be_read(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, metric(period=1), EndTime=moment(start + 61))
    assert answer["MetricDataResults"][0]["Values"] == [60, 120]
    assert [each.timestamp() for each in answer["MetricDataResults"][0]["Timestamps"]] == [start, start + 60]


def test_a_unit_that_the_metric_has_not_finds_nothing(cloudwatch: Any, start: float) -> None:
    query = metric()
    query["MetricStat"]["Unit"] = "Bytes"
    assert ask(cloudwatch, start, query)["MetricDataResults"][0]["Values"] == []
    query["MetricStat"]["Unit"] = "Count"
    assert ask(cloudwatch, start, query)["MetricDataResults"][0]["Values"] == [60, 120, 30, 90]


def test_what_is_not_there_is_empty_and_complete(cloudwatch: Any, start: float) -> None:
    (result,) = ask(cloudwatch, start, metric(series("Nothing", TableName="x")))["MetricDataResults"]
    assert (result["Timestamps"], result["Values"], result["StatusCode"]) == ([], [], "Complete")


def test_others_do_not_see_it(server: RunningServer, start: float) -> None:
    other = Account(server.url, "999999999999").client("cloudwatch")
    assert ask(other, start, metric())["MetricDataResults"][0]["Values"] == []
    assert other.list_metrics()["Metrics"] == [] or all(
        each["Namespace"] == "Stator" for each in other.list_metrics()["Metrics"]
    )
    other.close()


def test_pages(cloudwatch: Any, start: float) -> None:
    asked = [metric(), metric(CUSTOMERS, "m2", Label="other")]
    for order in ("TimestampAscending", "TimestampDescending"):
        whole = ask(cloudwatch, start, *asked, ScanBy=order)
        paged: dict[str, list[float]] = {}
        pages = 0
        more: dict[str, str] = {}
        while pages == 0 or more:
            page = ask(cloudwatch, start, *asked, ScanBy=order, MaxDatapoints=3, **more)
            for result in page["MetricDataResults"]:
                paged.setdefault(result["Label"], []).extend(result["Values"])
            statuses = [result["StatusCode"] for result in page["MetricDataResults"]]
            assert statuses[:-1] == ["Complete"] * (len(statuses) - 1)
            pages += 1
            more = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
        assert paged == values(whole)
        assert pages == 3


def test_what_grafana_asks(cloudwatch: Any, start: float) -> None:
    """The data source lists namespaces' metrics, then asks for what its editor made."""
    listed = cloudwatch.get_paginator("list_metrics").paginate(
        Namespace="AWS/DynamoDB",
        MetricName="ConsumedReadCapacityUnits",
        Dimensions=[{"Name": "TableName"}],
        IncludeLinkedAccounts=False,
    )
    tables = [metric["Dimensions"][0]["Value"] for page in listed for metric in page["Metrics"]]
    assert sorted(tables) == ["customers", "orders"]
    search = """REMOVE_EMPTY(SEARCH('{"AWS/DynamoDB","TableName"} MetricName="ConsumedReadCapacityUnits" "TableName"=("orders" OR "customers")', 'Sum', 60))"""
    answer = ask(
        cloudwatch,
        start,
        {
            "Id": "queryA",
            "Expression": search,
            "Label": "${LABEL}|&|${PROP('Dim.TableName')}",
            "Period": 60,
            "ReturnData": True,
        },
        metric(LATENCY, "queryB", "p99", Label="${PROP('MetricName')} ${PROP('Stat')}"),
        {"Id": "queryC", "Expression": "queryA * 2", "Label": "twice ${PROP('Dim.TableName')}"},
    )
    assert values(answer) == {
        "customers|&|customers": [6, 12, 3, 9],
        "orders|&|orders": [60, 120, 30, 90],
        "SuccessfulRequestLatency p99": [pytest.approx(100, rel=0.05)],
        "twice customers": [12, 24, 6, 18],
        "twice orders": [120, 240, 60, 180],
    }


def test_times_in_labels_are_of_the_zone_asked_for(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, metric(Label="${LAST_TIME}"), LabelOptions={"Timezone": "+0200"})
    assert answer["MetricDataResults"][0]["Label"].endswith("UTC+02:00")


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"EndTime": moment(0)}, "The parameter EndTime must be greater than StartTime."),
        ({"MaxDatapoints": 0}, "MaxDatapoints must be between 1 and 100800"),
        ({"MaxDatapoints": 100_801}, "MaxDatapoints must be between 1 and 100800"),
        ({"LabelOptions": {"Timezone": "CET"}}, "LabelOptions.Timezone"),
        ({"ScanBy": "Timestamp"}, "Member must satisfy enum value set: [TimestampDescending, TimestampAscending]"),
    ],
)
def test_complaints(cloudwatch: Any, start: float, members: dict[str, Any], complaint: str) -> None:
    code, message = refused(cloudwatch, start, metric(), **members)
    assert code == "ValidationError"
    assert complaint in message


def test_the_start_is_not_the_end(cloudwatch: Any, start: float) -> None:
    told = refused(cloudwatch, start, metric(), EndTime=moment(start))
    assert told == ("ValidationError", "The parameter StartTime must not equal parameter EndTime.")


def test_too_much_is_refused(cloudwatch: Any, start: float) -> None:
    many = [metric(id_=f"m{number}") for number in range(501)]
    assert refused(cloudwatch, start, *many)[1] == (
        "The collection MetricDataQueries must not have a size greater than 500."
    )
    asked = [metric(id_=f"m{number}") for number in range(100)]
    told = refused(cloudwatch, start, *asked, StartTime=moment(start - 14 * 86_400))
    assert "which exceeds the limit of 1000000" in told[1]
    searches = [{"Id": f"e{n}", "Expression": f"SEARCH('x{n}', 'Sum', 60)"} for n in range(51)]
    assert "more than 50 searches" in refused(cloudwatch, start, *searches)[1]
    deep = {"Id": "e", "Expression": "SEARCH('orders', 'Sum', 1)"}
    assert "more than 3000000 datapoints" in refused(cloudwatch, start, deep, StartTime=moment(start - 40 * 86_400))[1]
    told = refused(cloudwatch, start, {"Id": "e", "Expression": "TIME_SERIES(1)", "Period": 1}, StartTime=0)
    assert "which exceeds the limit" in told[1]


@pytest.mark.parametrize("token", ["x", "e30=", "WzEsMiwzXQ==", "Wy0xLG51bGxd", "WyJhIixudWxsXQ==", "ä", "A" * 5000])
def test_tokens_that_were_not_given_out_are_refused(cloudwatch: Any, start: float, token: str) -> None:
    assert refused(cloudwatch, start, metric(), NextToken=token)[0] == "InvalidNextToken"


def test_a_planted_point_is_what_was_planted() -> None:
    assert point(5.0, [1.0, 3.0])[:5] == (5.0, 4.0, 2.0, 1.0, 3.0)
