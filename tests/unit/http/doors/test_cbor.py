"""CBOR in and out: what a request may hold, and what is refused before anything believes it."""

import contextlib
from typing import Any

import cbor2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.api.wire_value import Moment, Table
from stator.errors import SerializationException
from stator.http.doors.cbor import Cbor
from stator.http.doors.service import SERVICES, Fault
from stator.validation.shape import Structure

CLOUDWATCH = SERVICES[b"GraniteServiceVersion20100801"]
SHAPE = Structure("AnyInput", {})


def parse(body: bytes) -> dict[str, Any]:
    return Cbor(CLOUDWATCH).parse(body, SHAPE)


def test_requests_become_what_json_would_have() -> None:
    body = cbor2.dumps(
        {"Time": cbor2.CBORTag(1, 1750000000.5), "List": [1, -2, 0.5, True, None, "x"], "Map": {"a": {}}}
    )
    assert parse(body) == {"Time": 1750000000.5, "List": [1, -2, 0.5, True, None, "x"], "Map": {"a": {}}}
    assert parse(b"") == {}
    assert parse(b"\xbf\x61a\x9f\x01\xff\xff") == {"a": [1]}  # of lengths that are not told


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\x01",  # no map
        b"\x81" * 10_000,  # deep
        b"\xa1\x61a" * 200 + b"\x01",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",  # a length that nobody has
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xa1\x61a\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"\xa2\x61a\x01\x61a\x02",  # the same key twice
        b"\xa1\x61a\xf9\x7e\x00",  # not a number
        b"\xa1\x61a\xf7",  # undefined
        b"\xa1\x61a\x41x",  # bytes: no member of ours has them
        cbor2.dumps({"a": {1: 2}}),
        cbor2.dumps({"a": cbor2.CBORTag(2, b"\x01" * 100)}),
        cbor2.dumps({"a": cbor2.CBORTag(35, "(a+)+$")}),
        cbor2.dumps({"a": cbor2.CBORTag(258, [1])}),
        cbor2.dumps({"a": cbor2.CBORTag(999, 1)}),
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        parse(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    for each in (body, b"\xa1aa" + body, b"\xa1aa\x81" + body):
        with contextlib.suppress(SerializationException):
            orjson.dumps(parse(each), option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS)


def test_times_are_tagged() -> None:
    body = Cbor(CLOUDWATCH).render("Any", {"Whole": Moment(5), "Half": Moment(5.5), "In": [{"T": Table(a=1.0)}]})
    found = cbor2.loads(body, semantic_decoders={1: lambda value, _: ("time", value)})
    assert found == {"Whole": ("time", 5), "Half": ("time", 5.5), "In": [{"T": {"a": 1.0}}]}


def test_faults_name_their_shape() -> None:
    fault = Fault(400, "LimitExceededFault", "LimitExceeded", "too many", {})
    told = cbor2.loads(Cbor(CLOUDWATCH).render_fault(fault))
    assert told == {"__type": "com.amazonaws.cloudwatch#LimitExceededFault", "message": "too many"}
