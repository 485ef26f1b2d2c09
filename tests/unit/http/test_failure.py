"""Errors as the wire has them."""

import json
from typing import Any

import orjson
import pytest

from stator.errors import (
    ConditionalCheckFailedException,
    InternalServerError,
    MissingAuthenticationTokenException,
    RequestEntityTooLarge,
    SerializationException,
    ThrottlingException,
    UnknownOperationException,
    ValidationException,
    WireError,
)
from stator.http.failure import as_wire_error, render_failure

SERVICE = "com.amazon.coral.service#"
DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
ITEM = {"pk": {"S": "a"}}


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (SerializationException(), {"__type": SERVICE + "SerializationException"}),
        (UnknownOperationException(), {"__type": SERVICE + "UnknownOperationException"}),
        (SerializationException("x"), {"__type": SERVICE + "SerializationException", "Message": "x"}),
        (
            MissingAuthenticationTokenException("m"),
            {"__type": SERVICE + "MissingAuthenticationTokenException", "message": "m"},
        ),
        (
            ConditionalCheckFailedException(Item=ITEM),
            {
                "__type": DYNAMODB + "ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": ITEM,
            },
        ),
        (
            ConditionalCheckFailedException(Item=orjson.Fragment(b'{"pk":{"S":"a"}}')),
            {
                "__type": DYNAMODB + "ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": ITEM,
            },
        ),
        (
            ThrottlingException("slow", throttlingReasons=[{"reason": "r", "resource": "a"}]),
            {
                "__type": DYNAMODB + "ThrottlingException",
                "message": "slow",
                "throttlingReasons": [{"reason": "r", "resource": "a"}],
            },
        ),
        (RequestEntityTooLarge(), {"__type": SERVICE + "RequestEntityTooLarge"}),
        (
            ValidationException("bare"),
            {"__type": "com.amazon.coral.validate#ValidationException", "message": "bare"},
        ),
    ],
)
def test_bodies(error: WireError, body: dict[str, Any]) -> None:
    assert json.loads(render_failure(error, "GetItem")) == body


def test_a_fault_of_ours_is_logged_and_hidden(caplog: pytest.LogCaptureFixture) -> None:
    error = as_wire_error(ZeroDivisionError("inside"), "PutItem")
    assert isinstance(error, InternalServerError)
    assert b"inside" not in render_failure(error, "PutItem")
    assert "operation PutItem failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_wire_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    error = ValidationException("theirs")
    assert as_wire_error(error, "PutItem") is error
    assert not caplog.records
