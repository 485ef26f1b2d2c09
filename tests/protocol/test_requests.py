"""What a connection does with whole requests: replies, their headers, the order of the first checks."""

import json
import re
import zlib
from typing import Any

import pytest

from tests.protocol.served import AUTHORIZATION, Served, request_bytes

SERIALIZATION = {"__type": "com.amazon.coral.service#SerializationException"}
UNKNOWN = {"__type": "com.amazon.coral.service#UnknownOperationException"}
MISSING = {
    "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
    "message": "Request is missing Authentication Token",
}
NO_AUTH: dict[str, str | None] = {"Authorization": None}
NO_TYPE: dict[str, str | None] = {"Content-Type": None}
NO_TARGET: dict[str, str | None] = {"X-Amz-Target": None}


def test_headers_of_a_reply(server: Served) -> None:
    reply = server.ask(request_bytes(body=b'{"a":1}'))
    assert (reply.status, reply.body) == (200, b'{"a":1}')
    assert re.fullmatch("[0-9A-Z]{52}", reply.headers["x-amzn-requestid"])
    assert reply.headers["x-amz-crc32"] == str(zlib.crc32(b'{"a":1}'))
    assert reply.headers["content-type"] == "application/x-amz-json-1.0"
    assert reply.headers["server"] == "Server"
    assert reply.headers["connection"] == "keep-alive"
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])
    assert not any(name.startswith("access-control") for name in reply.headers)


def test_request_ids_differ(server: Served) -> None:
    client = server.client()
    assert len({client.ask(request_bytes()).headers["x-amzn-requestid"] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("content_type", "answered"),
    [
        ("application/json", "application/json"),
        ("application/json;", "application/json"),
        ("  application/json  ;   asfd", "application/json"),
        ("application/x-amz-json-1.0;blahblah", "application/x-amz-json-1.0"),
    ],
)
def test_the_accepted_content_type_comes_back(server: Served, content_type: str, answered: str) -> None:
    reply = server.ask(request_bytes(body=b"hi", headers={"Content-Type": content_type}))
    assert (reply.status, json.loads(reply.body)) == (400, SERIALIZATION)
    assert reply.headers["content-type"] == answered


@pytest.mark.parametrize(
    "data",
    [
        request_bytes(body=b"hi", headers=NO_TYPE),
        request_bytes(body=b"{}", headers={"Content-Type": "application/x-amz-json-1.1"}),
        request_bytes(body=b"{}", headers={"Content-Type": "application/jsonasdf"}),
        request_bytes(method="PUT"),
        request_bytes(method="DELETE"),
        request_bytes(method="OPTIONS"),
        request_bytes(path="/other"),
        request_bytes(path="//"),
        request_bytes(method="GET", path="/healthy", body=b""),
    ],
)
def test_404(server: Served, data: bytes) -> None:
    reply = server.ask(data)
    assert (reply.status, reply.body) == (404, b"<UnknownOperationException/>\n")
    assert (reply.headers["x-amz-crc32"], reply.headers["content-length"]) == ("3552371480", "29")
    assert re.fullmatch("[0-9A-Z]{52}", reply.headers["x-amzn-requestid"])


def test_a_head_request_gets_no_body(server: Served) -> None:
    client = server.client()
    client.send(request_bytes(method="HEAD", body=b""))
    assert client.reply(head_only=True).status == 404
    assert client.ask(request_bytes()).status == 200


def test_health_needs_no_signature(serving: Any) -> None:
    with serving(region="eu-west-1") as server:
        reply = server.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (reply.status, reply.body) == (200, b"healthy: dynamodb.eu-west-1.amazonaws.com ")


@pytest.mark.parametrize("path", ["/?a=b", "http://localhost:8000/", "http://localhost:8000/?x"])
def test_other_spellings_of_the_root(server: Served, path: str) -> None:
    assert server.ask(request_bytes(path=path)).status == 200


ORDER = [
    # each line has the fault it names and all the later ones
    (request_bytes("Nope", b"hi", headers=NO_TYPE | NO_AUTH), 404, None),
    (request_bytes("Nope", b"hi", headers=NO_AUTH), 400, SERIALIZATION),
    (request_bytes("Nope", b"", headers=NO_AUTH), 400, UNKNOWN),
    (request_bytes("Echo", b"", headers=NO_TARGET | NO_AUTH), 400, UNKNOWN),
    (request_bytes("Echo", b"", headers=NO_AUTH), 400, MISSING),
    (request_bytes("Echo", b""), 400, SERIALIZATION),
    (request_bytes("Echo", b"[]"), 400, SERIALIZATION),
    (request_bytes("Echo", b"null"), 400, SERIALIZATION),
    (
        request_bytes("Condition", b'{"Fail":"shape"}'),
        400,
        {"__type": "com.amazon.coral.validate#ValidationException", "message": "shape says no"},
    ),
    (
        request_bytes("Condition", b"{}"),
        400,
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed",
            "Item": {"pk": {"S": "a"}},
        },
    ),
]


@pytest.mark.parametrize(("data", "status", "body"), ORDER)
def test_order_of_the_first_checks(server: Served, data: bytes, status: int, body: object) -> None:
    reply = server.ask(data)
    assert reply.status == status
    if body is not None:
        assert json.loads(reply.body) == body
        assert reply.headers["x-amz-crc32"] == str(zlib.crc32(reply.body))


@pytest.mark.parametrize(
    ("body", "crc32"), [(b"hi", "3948637019"), (b"{}", "1368724161")], ids=["serialization", "unknown operation"]
)
def test_checksums_the_service_sends(server: Served, body: bytes, crc32: str) -> None:
    assert server.ask(request_bytes("Nope", body)).headers["x-amz-crc32"] == crc32


@pytest.mark.parametrize("body", [b"\xff{}", b'{"a":NaN}', b"{} {}", b"[" * 5000, b'{"a":"\\ud800"}'])
def test_what_is_no_json(server: Served, body: bytes) -> None:
    reply = server.ask(request_bytes(body=body))
    assert (reply.status, json.loads(reply.body)) == (400, SERIALIZATION)


@pytest.mark.parametrize("operation", ["Broken", "BrokenLater"])
def test_a_fault_of_ours_tells_nothing(server: Served, caplog: pytest.LogCaptureFixture, operation: str) -> None:
    client = server.client()
    reply = client.ask(request_bytes(operation))
    assert reply.status == 500
    assert json.loads(reply.body) == {
        "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
        "message": "The request processing has failed because of an unknown error.",
    }
    assert f"operation {operation} failed" in caplog.text
    assert AUTHORIZATION not in caplog.text
    assert client.ask(request_bytes()).status == 200


def test_account_and_region_come_from_the_credential(server: Served) -> None:
    authorization = AUTHORIZATION.replace("AKID", "123456789012").replace("us-east-1", "eu-north-1")
    reply = server.ask(request_bytes("Who", headers={"Authorization": authorization}))
    assert json.loads(reply.body) == {"account": "123456789012", "region": "eu-north-1", "host": "localhost:8000"}
    assert json.loads(server.ask(request_bytes("Who")).body)["account"] == "123456789012"


class TestCrossOrigin:
    def test_every_reply_to_an_origin_may_be_read(self, server: Served) -> None:
        reply = server.ask(request_bytes("Nope", headers={"Origin": "https://localhost"}))
        assert reply.status == 400
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "x-amzn-RequestId" in reply.headers["access-control-expose-headers"]
        assert "access-control-max-age" not in reply.headers

    def test_preflight_echoes_what_was_asked(self, server: Served) -> None:
        reply = server.ask(
            b"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Headers: a, b, c\r\n"
            b"Access-Control-Request-Method: d\r\n\r\n"
        )
        assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["access-control-allow-headers"] == "a, b, c"
        assert reply.headers["access-control-allow-methods"] == "d"
        assert reply.headers["access-control-max-age"] == "172800"

    def test_preflight_that_asks_nothing(self, server: Served) -> None:
        reply = server.ask(b"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: http://localhost:3000\r\n\r\n")
        assert reply.status == 200
        assert "access-control-allow-headers" not in reply.headers
        assert "access-control-allow-methods" not in reply.headers
