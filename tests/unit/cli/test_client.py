"""The client against a server that answers as it is told."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stator.auth.credentials import Credential, Credentials
from stator.auth.signature import Verifier
from stator.cli import client as module
from stator.cli.client import STREAMS, Client, Refused
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.endpoint import Endpoint, Keys
from tests.unit.cli.scripted import DROP, Scripted

Serve = Callable[..., Scripted]
OK = (200, {"fine": True})


def error(status: int, code: str, text: str = "so it is") -> tuple[int, dict[str, str]]:
    return status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": text}


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[Scripted] = []

    def begin(*answers: Any) -> Scripted:
        started.append(Scripted(*answers))
        return started[-1]

    yield begin
    for server in started:
        server.close()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.001)


def client_of(server: Scripted, **more: Any) -> Client:
    return Client(Endpoint(server.url, "eu-west-1", Keys("AKIA1", "secret", more.pop("token", None))), **more)


@pytest.mark.parametrize("token", [None, "of a session"])
def test_requests_are_signed_as_servers_check_it(serve: Serve, token: str | None) -> None:
    server = serve(OK)
    assert client_of(server, token=token).call("GetItem", {"TableName": "t"}) == {"fine": True}
    ((path, headers, body),) = server.requests
    assert (path, body) == ("/", b'{"TableName":"t"}')
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers.get("x-amz-security-token") == token
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    known = Credentials([Credential("AKIA1", "secret", "123456789012")])
    caller = Verifier(known).check(sent, b"", body, time.time())
    assert (caller.account, caller.region) == ("123456789012", "eu-west-1")
    if token:
        assert "x-amz-security-token" in headers["authorization"]


@pytest.mark.parametrize(
    "failure",
    [
        error(400, "ProvisionedThroughputExceededException"),
        error(400, "ThrottlingException"),
        error(500, "InternalServerError"),
        (503, b"<html>busy"),
        (200, {"fine": False}, 12345),  # damaged on its way
        DROP,
    ],
)
def test_what_passes_is_waited_out(serve: Serve, failure: Any) -> None:
    server = serve(OK, failure, failure, OK)
    client = client_of(server)
    client.call("Scan", {})
    assert client.call("Scan", {}) == {"fine": True}
    assert len(server.requests) == 4
    assert not server.answers


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFoundException", "LimitExceededException"])
def test_what_does_not_pass_is_told_at_once(serve: Serve, code: str) -> None:
    server = serve(error(400, code))
    with pytest.raises(Refused, match="so it is") as refused:
        client_of(server).call("Scan", {})
    assert refused.value.code == code
    assert len(server.requests) == 1


def test_streams_with_too_many_readers_are_waited_for(serve: Serve) -> None:
    server = serve(error(400, "LimitExceededException"), OK)
    assert client_of(server, api=STREAMS).call("GetRecords", {}) == {"fine": True}
    assert server.requests[0][1]["x-amz-target"] == "DynamoDBStreams_20120810.GetRecords"


def test_patience_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "THROTTLED_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)
    server = serve(*[error(400, "ThrottlingException", "too fast")] * 9)
    with pytest.raises(Refused, match="too fast"):
        client_of(server).call("Scan", {})
    assert 1 < len(server.requests) < 9


def test_connections_are_kept(serve: Serve) -> None:
    server = serve(OK, OK, OK)
    client = client_of(server)
    for _ in range(3):
        client.call("Scan", {})
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((400, b"<html>"), "is no DynamoDB: it said 400 b'<html>'. See --url."),
        ((200, b"<html>"), "is no DynamoDB: its answer is no JSON object. See --url."),
        ((200, b""), "is no DynamoDB"),
        ((200, []), "is no DynamoDB"),
        (error(400, "UnrecognizedClientException"), "does not let this access key in: so it is Set AWS_ACCESS_KEY_ID"),
        (error(400, "UnknownOperationException"), "does not have this operation"),
    ],
)
def test_what_to_do_next_is_said(serve: Serve, answer: Any, text: str) -> None:
    with pytest.raises(Complaint) as complaint:
        client_of(serve(answer)).call("Scan", {})
    assert text in str(complaint.value)


def test_what_an_answer_lacks_is_said_by_whoever_reads_it(serve: Serve) -> None:
    server = serve((200, {"Count": 0}))
    answer = client_of(server).call("Scan", {})
    assert (answer["Count"], answer.get("Items"), "Items" in answer) == (0, None, False)
    with pytest.raises(Complaint, match=f"{server.url} is no DynamoDB: its answer has no Items. See --url."):
        answer["Items"]


def test_a_server_that_was_never_there_is_not_waited_for(serve: Serve) -> None:
    server = serve()
    server.close()
    with pytest.raises(Complaint, match=r"no server can be reached at http://127\.0\.0\.1:\d+: Connection refused\."):
        client_of(server).call("Scan", {})


def test_nobody_is_told_to_start_amazons() -> None:
    amazon = Endpoint("https://dynamodb.nowhere-1.amazonaws.com", "nowhere-1", Keys("a", "b"))
    told = str(Client(amazon)._unreachable(OSError("why")))
    assert told.endswith("why. Is there a network, and is nowhere-1 the region?")


def test_stopping_ends_the_waiting(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(module, "PAUSE_SECONDS_MAX", 60.0)
    server = serve(error(500, "InternalServerError"))
    stop = threading.Event()
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            client_of(server, stop=stop).call("Scan", {})
        except Interrupted as interrupted:
            failed.append(interrupted)

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.requests:
        thread.join(0.01)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(failed) == 1
