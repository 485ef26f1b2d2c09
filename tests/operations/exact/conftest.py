"""Requests as bare JSON, since an SDK cannot send what these tests are about; and tables to send them to."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.operations.conftest import create_table
from tests.running import Account


@dataclass(frozen=True, slots=True)
class Reply:
    """`code` is empty on success; `message` is under whichever name the service gives it."""

    status: int
    code: str
    message: str
    body: dict[str, Any]


Ask = Callable[[str, Any], Reply]


@pytest.fixture
def ask(account: Account) -> Iterator[Ask]:
    """`ask(operation, request)`: a request given as JSON text is sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(account.url).netloc, timeout=30)
    credential = f"{account.number}/20261121/eu-west-1/dynamodb/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature={'0' * 64}",
        "X-Amz-Date": "20261121T000000Z",
    }

    def send(operation: str, request: Any) -> Reply:
        text = request if isinstance(request, str) else json.dumps(request)
        target = {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        connection.request("POST", "/", text.encode(), headers | target)
        response = connection.getresponse()
        body = json.loads(response.read())
        if response.status == 200:
            return Reply(200, "", "", body)
        message = body.get("message", body.get("Message", ""))
        return Reply(response.status, body["__type"].rpartition("#")[2], message, body)

    yield send
    connection.close()


@pytest.fixture
def refused(ask: Ask) -> Callable[[str, Any], str]:
    """The message of the ValidationException that a request gets."""

    def message(operation: str, request: Any) -> str:
        reply = ask(operation, request)
        assert (reply.status, reply.code) == (400, "ValidationException"), reply
        return reply.message

    return message


@pytest.fixture
def full(dynamodb: Any) -> str:
    """A table "full" keyed by pk (S) and sk (S): a local index on l (S), global ones on g (S) and n (N), and on b (B)."""
    return create_table(
        dynamodb,
        "full",
        "pk:S",
        "sk:S",
        indexes={
            "local": {"range": ["l:S"], "local": True, "projection": "KEYS_ONLY"},
            "global": {"hash": ["g:S"], "range": ["n:N"], "projection": ["p"]},
            "all": {"hash": ["g:S"]},
            "binary": {"hash": ["b:B"]},
        },
    )


@pytest.fixture
def simple(dynamodb: Any) -> str:
    """A table "simple" keyed by pk (S) alone."""
    return create_table(dynamodb, "simple", "pk:S")
