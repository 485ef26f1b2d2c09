"""CloudWatch in the three protocols that its clients speak, each answer and each error."""

import gzip
import http.client
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import cbor2
import orjson
import pytest
from botocore.exceptions import ClientError

from stator.metrics.series import series
from tests.operations.points import PROTOCOLS, moment, plant, speaking
from tests.running import Account, RunningServer, start_server

WRITES = series("ConsumedWriteCapacityUnits", TableName="things")
LATENCY = series("SuccessfulRequestLatency", TableName="things", Operation="PutItem")
METRIC = {
    "Namespace": "AWS/DynamoDB",
    "MetricName": "ConsumedWriteCapacityUnits",
    "Dimensions": [{"Name": "TableName", "Value": "things"}],
}


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


def minute(server: RunningServer) -> float:
    """The beginning of a minute that is over, in the running hour."""
    return server.clock() // 60 * 60 - 240


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_client_speaks_what_it_was_told_to(account: Account) -> None:
    spoken = []
    for protocol in PROTOCOLS:
        client = speaking(account, protocol)
        client.meta.events.register("before-send", lambda request, **_: spoken.append(request.headers["Content-Type"]))
        client.list_metrics()
        client.close()
    assert [str(each, "ascii") if isinstance(each, bytes) else each for each in spoken] == [
        "application/cbor",
        "application/x-amz-json-1.0",
        "application/x-www-form-urlencoded; charset=utf-8",
    ]


def test_metrics_come_back(cloudwatch: Any, server: RunningServer, account: Account) -> None:
    start = minute(server)
    writes = {start + 1: 2.5, start + 2: 1.5, start + 60: 10.0}
    plant(server, account, {WRITES: writes, LATENCY: {start + 3: [1.0, 2.0, 3.0, 4.0]}})
    assert cloudwatch.list_metrics(MetricName="ConsumedWriteCapacityUnits")["Metrics"] == [METRIC]
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}},
            {"Id": "e1", "Expression": "m1 / PERIOD(m1)", "Label": "<per second> & ${MAX}"},
        ],
        StartTime=moment(start),
        EndTime=moment(start + 120),
        ScanBy="TimestampAscending",
    )
    first, second = found["MetricDataResults"]
    assert (first["Id"], first["Label"], first["StatusCode"]) == ("m1", "ConsumedWriteCapacityUnits", "Complete")
    assert [each.timestamp() for each in first["Timestamps"]] == [start, start + 60]
    assert first["Values"] == [4.0, 10.0]
    assert (second["Label"], second["Values"]) == ("<per second> & 0.167", [4 / 60, 10 / 60])

    statistics = cloudwatch.get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName="SuccessfulRequestLatency",
        Dimensions=[{"Name": "TableName", "Value": "things"}, {"Name": "Operation", "Value": "PutItem"}],
        StartTime=moment(start),
        EndTime=moment(start + 60),
        Period=60,
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
        ExtendedStatistics=["p100"],
    )
    assert statistics["Label"] == "SuccessfulRequestLatency"
    (point,) = statistics["Datapoints"]
    assert point.pop("Timestamp").timestamp() == start
    assert point == {
        "SampleCount": 4.0,
        "Average": 2.5,
        "Sum": 10.0,
        "Minimum": 1.0,
        "Maximum": 4.0,
        "Unit": "Milliseconds",
        "ExtendedStatistics": {"p100": 4.0},
    }


def test_alarms_come_back(cloudwatch: Any, server: RunningServer) -> None:
    asked = {
        "AlarmName": "a & b/é",
        "AlarmDescription": "<x>",
        "ActionsEnabled": False,
        **METRIC,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",  # so that the server leaves it as it is
    }
    cloudwatch.put_metric_alarm(**asked, Tags=[{"Key": "team", "Value": "x"}])
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["a & b/é"])["MetricAlarms"]
    assert {name: alarm[name] for name in asked} == asked
    assert alarm["AlarmConfigurationUpdatedTimestamp"].timestamp() == server.clock()
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == [{"Key": "team", "Value": "x"}]
    cloudwatch.untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=["team"])
    cloudwatch.set_alarm_state(AlarmName="a & b/é", StateValue="ALARM", StateReason="by hand", StateReasonData="{}")
    history = cloudwatch.describe_alarm_history(AlarmName="a & b/é", HistoryItemType="StateUpdate")
    assert orjson.loads(history["AlarmHistoryItems"][0]["HistoryData"])["newState"] == {
        "stateValue": "ALARM",
        "stateReason": "by hand",
        "stateReasonData": {},
    }
    cloudwatch.delete_alarms(AlarmNames=["a & b/é"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_alarms_on_metric_math_come_back(cloudwatch: Any) -> None:
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 > 2", "Label": "x", "ReturnData": True},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName="math", Metrics=queries, EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold"
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNamePrefix="ma", StateValue="INSUFFICIENT_DATA")["MetricAlarms"]
    assert alarm["Metrics"] == queries


def test_errors_have_their_names(cloudwatch: Any, server: RunningServer) -> None:
    with pytest.raises(ClientError) as missing:
        cloudwatch.delete_alarms(AlarmNames=["nobody"])
    assert code(missing) == ("ResourceNotFound", 404)
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="x")
    with pytest.raises(ClientError) as wrong:
        cloudwatch.put_metric_alarm(AlarmName="x" * 256)
    assert code(wrong) == ("ValidationError", 400)
    assert "Member must have length less than or equal to 255" in wrong.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as combination:
        cloudwatch.get_metric_statistics(
            Namespace="N", MetricName="M", StartTime=moment(0), EndTime=moment(86_400), Period=1, Statistics=["Sum"]
        )
    assert code(combination) == ("InvalidParameterCombination", 400)
    assert combination.value.response["Error"]["Message"] == (
        "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range."
    )
    with pytest.raises(ClientError) as token:
        cloudwatch.describe_alarms(NextToken="made up")
    assert code(token) == ("InvalidNextToken", 400)
    with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
        cloudwatch.describe_alarms(NextToken="made up")
    with pytest.raises(ClientError) as unserved:
        cloudwatch.list_dashboards()
    assert code(unserved) == ("InvalidAction", 400)
    assert "ListDashboards" in unserved.value.response["Error"]["Message"]


# -- by hand ----------------------------------------------------------------------------------------------------------

CREDENTIAL = "Credential=k/20250615/eu-west-1/{service}/aws4_request"


def ask(
    server: RunningServer, path: str, body: bytes, *, service: str = "monitoring", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)
    authorization = (
        f"AWS4-HMAC-SHA256 {CREDENTIAL.format(service=service)}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    )
    told = {"X-Amz-Date": "20250615T150000Z", "Authorization": authorization}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, body, told)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, read


CBOR_PATH = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("far", [b"1e308", b"-1e308", b"1" + b"0" * 400, b"-1"])
def test_times_that_nobody_means_do_no_harm(server: RunningServer, far: bytes) -> None:
    asked = {
        "GetMetricData": b'"MetricDataQueries":[{"Id":"e","Expression":"TIME_SERIES(1)","Period":86400}]',
        "GetMetricStatistics": b'"Namespace":"N","MetricName":"M","Period":60,"Statistics":["Sum"]',
        "DescribeAlarmHistory": b'"MaxRecords":1',
    }
    for name, members in asked.items():
        for times in (b'"StartTime":%b,"EndTime":0', b'"StartTime":0,"EndTime":%b', b'"StartTime":%b,"EndTime":%b'):
            body = b"{%b,%b}" % (members, times.replace(b"%b", far))
            if name == "DescribeAlarmHistory":
                body = body.replace(b"Time", b"Date")
            target = f"GraniteServiceVersion20100801.{name}"
            told = ask(server, "/", body, X_Amz_Target=target, Content_Type="application/x-amz-json-1.0")
            assert told[0] in (200, 400), (name, body, told)


def test_cbor_says_which_protocol_it_is(server: RunningServer) -> None:
    status, headers, body = ask(server, CBOR_PATH, cbor2.dumps({}), Content_Type="application/cbor")
    assert (status, headers["smithy-protocol"], headers["content-type"]) == (200, "rpc-v2-cbor", "application/cbor")
    assert isinstance(cbor2.loads(body)["Metrics"], list)


def test_cbor_that_is_none_is_refused_in_cbor(server: RunningServer) -> None:
    status, headers, body = ask(server, CBOR_PATH, b"\xff")
    assert status == 400
    assert headers["x-amzn-query-error"] == "MalformedInput;Sender"
    assert cbor2.loads(body)["__type"].endswith("#SerializationException")


def test_an_operation_without_output_answers_nothing(server: RunningServer) -> None:
    path = CBOR_PATH.replace("ListMetrics", "EnableAlarmActions")
    assert ask(server, path, cbor2.dumps({"AlarmNames": ["x"]}))[::2] == (200, b"")
    form = urlencode({"Action": "EnableAlarmActions", "Version": "2010-08-01", "AlarmNames.member.1": "x"}).encode()
    status, _, body = ask(server, "/", form, Content_Type=FORM)
    assert status == 200
    assert re.search(rb"<EnableAlarmActionsResponse .*<RequestId>[0-9a-f-]{36}</RequestId>", body)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Action": "Nothing", "Version": "2010-08-01"}, b"InvalidAction"),
        ({"Action": "ListMetrics", "Version": "2009-05-15"}, b"InvalidAction"),
        ({"Action": ""}, b"InvalidAction"),
        ({"Action": "DescribeAlarms", "MaxRecords": "x"}, b"MalformedInput"),
        ({"Action": "DescribeAlarms", "MaxRecords": "0"}, b"ValidationError"),
        ({"Action": "DescribeAlarms", "AlarmNames.member.one": "x"}, b"MalformedInput"),
    ],
)
def test_forms_that_cannot_be_answered(server: RunningServer, fields: dict[str, str], code: bytes) -> None:
    _, _, body = ask(server, "/", urlencode(fields).encode(), Content_Type=FORM)
    assert b"<Code>%b</Code>" % code in body


def test_a_form_of_nobody_is_not_found(server: RunningServer) -> None:
    assert ask(server, "/", b"a=b", Content_Type=FORM)[0] == 404


def test_packed_bodies_are_unpacked(server: RunningServer) -> None:
    body = gzip.compress(cbor2.dumps({"MetricName": "none"}))
    status, _, answer = ask(server, CBOR_PATH, body, Content_Encoding="gzip")
    assert (status, cbor2.loads(answer)) == (200, {"Metrics": []})
    bomb = gzip.compress(b"Action=ListMetrics&x=" + b"0" * 2_000_000)
    assert ask(server, "/", bomb, Content_Type=FORM, Content_Encoding="gzip")[0] == 413
    assert ask(server, "/", b"no gzip", Content_Type=FORM, Content_Encoding="gzip")[0] == 400
    status, headers, _ = ask(server, CBOR_PATH, gzip.compress(b"0" * 20_000_000), Content_Encoding="gzip")
    assert (status, headers["x-amzn-query-error"]) == (400, "MalformedInput;Sender")


def test_each_service_is_signed_for_in_its_own_name(server: RunningServer) -> None:
    status, headers, body = ask(server, CBOR_PATH, cbor2.dumps({}), service="dynamodb")
    assert (status, headers["x-amzn-query-error"]) == (400, "SignatureDoesNotMatch;Sender")
    assert "Credential should be scoped to correct service: 'monitoring'." in cbor2.loads(body)["message"]


def test_no_other_path_is_a_door(server: RunningServer) -> None:
    for path in ("/service/", "/service/DynamoDB_20120810/operation/ListTables", CBOR_PATH + "/more"):
        assert ask(server, path, b"\xa0")[0] == 404


def test_pages_from_elsewhere_may_not_ask(server: RunningServer) -> None:
    assert ask(server, CBOR_PATH, b"\xa0", Origin="https://evil.example")[0] == 400
