"""Delivery to an endpoint that throttles, takes some records and not others, hangs, and dies in the middle."""

import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stator import background
from stator.metrics.series import series
from stator.services.kinesis import courier as kinesis_courier
from tests.delivery.unruly import STREAM, Reply, Sent, Unruly, refused
from tests.kinesis import wait_for_status
from tests.operations.conftest import create_table
from tests.running import RunningServer, new_account, start_server, wait_until


@pytest.fixture
def endpoint() -> Iterator[Unruly]:
    unruly = Unruly()
    yield unruly
    unruly.close()


@pytest.fixture
def server(endpoint: Unruly, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    monkeypatch.setattr(background, "_KINESIS_SECONDS", 0.01)
    monkeypatch.setattr(kinesis_courier, "BACK_OFF_SECONDS_MIN", 0.001)
    monkeypatch.setattr(kinesis_courier, "BACK_OFF_SECONDS_MAX", 0.02)
    running = start_server(kinesis_endpoint=endpoint.url, kinesis_access_key="AKID", kinesis_secret_key="hush")
    yield running
    running.close()


@pytest.fixture
def dynamodb(server: RunningServer) -> Iterator[Any]:
    client = new_account(server.url).client()
    create_table(client, "things", "pk:S")
    yield client
    client.close()


def enable(dynamodb: Any, table: str = "things", stream: str = STREAM) -> None:
    dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    wait_for_status(dynamodb, table, "ACTIVE")


def put(dynamodb: Any, name: str, value: int, table: str = "things", **more: Any) -> None:
    dynamodb.put_item(TableName=table, Item={"pk": {"S": name}, "v": {"N": str(value)}, **more})


def values(taken: list[Any]) -> dict[str, list[int]]:
    """The values of each item in the order in which they came, a value that came twice in a row once."""
    found: dict[str, list[int]] = {}
    for record in taken:
        image = record["dynamodb"]["NewImage"]
        seen = found.setdefault(image["pk"]["S"], [])
        if seen[-1:] != [int(image["v"]["N"])]:
            seen.append(int(image["v"]["N"]))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_all_arrives_in_order(dynamodb: Any, endpoint: Unruly, seed: int) -> None:
    rng = random.Random(seed)

    def behave(sent: Sent) -> Reply:
        count = len(sent.data)
        some = {place for place in range(count) if rng.random() < 0.5}
        return rng.choice(
            [
                Reply(),
                Reply(takes=some),
                Reply(takes=some, status=0),
                refused(400, "ProvisionedThroughputExceededException"),
                refused(400, "ResourceNotFoundException"),
                refused(500, "InternalFailure"),
                Reply(200, raw=b"what?"),
                Reply(200, raw=b'{"Records": []}'),
            ]
        )

    enable(dynamodb)
    endpoint.behave = behave
    for value in range(15):
        for name in range(12):
            put(dynamodb, f"{name}", value)
    expected = {f"{name}": list(range(15)) for name in range(12)}
    wait_until(lambda: values(list(endpoint.taken)) == expected)
    events: dict[str, set[str]] = {}
    for record in endpoint.taken:
        events.setdefault(record["eventID"], set()).add(str(record["dynamodb"]))
    assert len(events) == 15 * 12  # what came twice came with the identity it had
    assert all(len(each) == 1 for each in events.values())


def test_only_what_failed_is_sent_again(dynamodb: Any, endpoint: Unruly) -> None:
    enable(dynamodb)
    gate = threading.Event()
    partial = iter([{0}, {1, 2}, {0}])

    def behave(sent: Sent) -> Reply:
        gate.wait(20)  # until there is enough for large requests
        return Reply(takes=next(partial, None))

    endpoint.behave = behave
    for name in range(40):
        put(dynamodb, f"{name}", 0)
    gate.set()
    wait_until(lambda: len(values(list(endpoint.taken))) == 40)
    assert len(endpoint.taken) == 40


def test_a_request_never_holds_two_changes_of_an_item(dynamodb: Any, endpoint: Unruly) -> None:
    enable(dynamodb)
    for value in range(30):
        put(dynamodb, "hot", value)
    wait_until(lambda: values(list(endpoint.taken)) == {"hot": list(range(30))})
    requests = [sent for sent in endpoint.sent if sent.target.endswith("PutRecords")]
    for sent in requests:
        keys = [record["PartitionKey"] for record in sent.members["Records"]]
        assert len(keys) == len(set(keys))
    assert len({record["PartitionKey"] for sent in requests for record in sent.members["Records"]}) == 1


def test_requests_are_signed(dynamodb: Any, endpoint: Unruly) -> None:
    enable(dynamodb)
    put(dynamodb, "a", 1)
    wait_until(lambda: len(endpoint.taken) == 1)
    for sent in endpoint.sent:
        given = sent.headers.pop("Authorization")
        signed = {name: value for name, value in sent.headers.items() if name.lower() in given}
        request = AWSRequest("POST", endpoint.url + "/", signed, sent.body)
        request.context["timestamp"] = sent.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials("AKID", "hush"), "kinesis", "eu-west-1")
        text = signer.string_to_sign(request, signer.canonical_request(request))
        assert given.endswith(f"Signature={signer.signature(text, request)}")
        assert "Credential=AKID/" in given


def test_a_record_that_is_too_large_is_left_out(dynamodb: Any, endpoint: Unruly) -> None:
    enable(dynamodb)

    def behave(sent: Sent) -> Reply:
        large = any(len(record["Data"]) > 1_400_000 for record in sent.members["Records"])
        return refused(400, "InvalidArgumentException") if large else Reply()

    endpoint.behave = lambda _: refused(500, "InternalFailure")
    nulls = {"S": "\x01" * 390_000}  # six bytes of JSON each
    for value in range(3):
        put(dynamodb, f"{value}", value)
        put(dynamodb, "a", value, x=nulls if value == 1 else {"S": ""})
    endpoint.behave = behave
    # The third change has the large image, too: as its old one.
    put(dynamodb, "a", 3)
    wait_until(lambda: values(list(endpoint.taken)) == {"a": [0, 3], "0": [0], "1": [1], "2": [2]})


def test_a_refusal_that_is_not_about_size_leaves_nothing_out(dynamodb: Any, endpoint: Unruly) -> None:
    enable(dynamodb)
    endpoint.behave = lambda _: refused(400, "ValidationException")
    put(dynamodb, "a", 1)
    tries = len(endpoint.sent)
    wait_until(lambda: len(endpoint.sent) > tries + 5)
    endpoint.behave = lambda _: Reply()
    wait_until(lambda: values(list(endpoint.taken)) == {"a": [1]})


def test_a_stream_that_hangs_holds_up_no_other_and_no_stop(
    dynamodb: Any, endpoint: Unruly, server: RunningServer
) -> None:
    release = threading.Event()

    def behave(sent: Sent) -> Reply:
        if sent.members["StreamARN"] == STREAM and sent.target.endswith("PutRecords"):
            release.wait(60)
            return refused(500, "InternalFailure")
        return Reply()

    create_table(dynamodb, "others", "pk:S")
    enable(dynamodb)
    enable(dynamodb, "others", f"{STREAM}-other")
    endpoint.behave = behave
    put(dynamodb, "a", 1)
    for value in range(5):
        put(dynamodb, "b", value, "others")
    wait_until(lambda: values(list(endpoint.taken)) == {"b": list(range(5))})
    began = time.monotonic()
    server._run(server.server.background.term.delivery.close())
    assert time.monotonic() - began < 30
    release.set()


def test_an_endpoint_that_is_away_fails_an_enabling_after_a_minute(
    dynamodb: Any, endpoint: Unruly, server: RunningServer
) -> None:
    endpoint.behave = lambda _: refused(503, "ServiceUnavailable")
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    wait_until(lambda: len(endpoint.sent) > 3)
    wait_for_status(dynamodb, "things", "ENABLING")
    server.clock.advance(61)
    failed = wait_for_status(dynamodb, "things", "ENABLE_FAILED")
    assert failed["DestinationStatusDescription"] == "ServiceUnavailable: no"


def test_disabling_waits_ten_seconds_for_an_endpoint_that_is_away(
    dynamodb: Any, endpoint: Unruly, server: RunningServer
) -> None:
    enable(dynamodb)
    endpoint.behave = lambda _: refused(503, "ServiceUnavailable")
    put(dynamodb, "a", 1)
    dynamodb.disable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    tries = len(endpoint.sent)
    wait_until(lambda: len(endpoint.sent) > tries + 3)
    wait_for_status(dynamodb, "things", "DISABLING")
    server.clock.advance(11)
    wait_for_status(dynamodb, "things", "DISABLED")


def test_metrics_tell_of_delivery(server: RunningServer, dynamodb: Any, endpoint: Unruly) -> None:
    enable(dynamodb)
    number = dynamodb._request_signer._credentials.access_key  # it is the account
    refusals = 3

    def throttle(_: Sent) -> Reply:
        nonlocal refusals
        refusals -= 1
        return refused(400, "ProvisionedThroughputExceededException") if refusals >= 0 else Reply()

    endpoint.behave = throttle
    put(dynamodb, "a", 1, big={"S": "x" * 3000})
    wait_until(lambda: len(endpoint.taken) == 1)
    put(dynamodb, "b", 1)
    wait_until(lambda: len(endpoint.taken) == 2)
    metering = server.server.background.metering

    def told(name: str) -> float:
        which = series(name, TableName="things", DelegatedOperation="PutRecords")
        server._run(metering.run_once())
        now = server.clock.now
        points = server._run(metering.series.read(number, "eu-west-1", which, now - 60, now + 60, period=60))
        return float(sum(point.sum for point in points))

    wait_until(lambda: told("ConsumedChangeDataCaptureUnits") == 4)
    assert told("ThrottledPutRecordCount") == 3
    assert told("FailedToReplicateRecordCount") == 0
