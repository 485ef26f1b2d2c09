from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.partiql.continuation import INVALID, MISMATCH, Continuation, digest, parse, render

TABLE = Table("0", "eu-west-1", "things", "id", 0.0, {"pk": "S"}, KeySchema((KeyAttribute("pk", "S"),)), 1)
PLACE = Continuation(3, {"pk": {"S": "ä"}, "sk": {"N": "1"}})


def message(token: str, bound: str) -> str:
    with pytest.raises(ValidationException) as caught:
        parse(token, bound)
    return caught.value.message


def test_a_token_says_where_to_go_on() -> None:
    for place in (PLACE, Continuation(0, None)):
        assert parse(render(place, "bound"), "bound") == place


def test_a_token_of_another_request() -> None:
    assert message(render(PLACE, "bound"), "other") == MISMATCH


@given(st.integers(0, 1000), st.integers(1, 255))
def test_no_byte_can_be_changed(position: int, change: int) -> None:
    raw = bytearray(b64decode(render(PLACE, "bound")))
    raw[position % len(raw)] ^= change
    assert message(b64encode(bytes(raw)).decode(), "bound") == INVALID


@given(st.text() | st.binary().map(lambda raw: b64encode(raw).decode()))
def test_anything_else_is_no_token(text: str) -> None:
    assert message(text, "bound") == INVALID


def test_what_a_token_is_bound_to() -> None:
    digests = {
        digest("SELECT 1", [], TABLE),
        digest("SELECT 2", [], TABLE),
        digest("SELECT 1", [{"S": "a"}], TABLE),
        digest("SELECT 1", [{"M": {"a": {"S": "a"}, "b": {"S": "b"}}}], TABLE),
    }
    assert len(digests) == 4
    assert digest("SELECT 1", [{"M": {"b": {"S": "b"}, "a": {"S": "a"}}}], TABLE) in digests
