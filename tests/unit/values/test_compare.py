"""Equality and order of canonical values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.values.compare import equal, order, sort_order
from stator.values.parse import parse_value


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"N": "1"}, {"N": "1.0"}),
        ({"N": "1e2"}, {"N": "100"}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"NS": ["1", "2.0"]}, {"NS": ["2", "1e0"]}),
        ({"BS": ["YQ==", "Yg=="]}, {"BS": ["Yg==", "YQ=="]}),
        ({"M": {"a": {"N": "1"}, "b": {"L": []}}}, {"M": {"b": {"L": []}, "a": {"N": "1.0"}}}),
        ({"L": [{"SS": ["a", "b"]}]}, {"L": [{"SS": ["b", "a"]}]}),
        ({"NULL": True}, {"NULL": "true"}),
    ],
)
def test_equal(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert equal(parse_value(a), parse_value(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"S": "1"}, {"N": "1"}),
        ({"S": "YQ=="}, {"B": "YQ=="}),
        ({"BOOL": True}, {"NULL": True}),
        ({"BOOL": True}, {"BOOL": False}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"M": {"a": {"S": "x"}}}, {"M": {"b": {"S": "x"}}}),
        ({"SS": ["a"]}, {"SS": ["a", "b"]}),
    ],
)
def test_not_equal(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert not equal(parse_value(a), parse_value(b))


@pytest.mark.parametrize(
    "ascending",
    [
        [{"S": ""}, {"S": "A"}, {"S": "B"}, {"S": "a"}, {"S": "aa"}, {"S": "\uffff"}, {"S": "\U00010000"}],
        [{"N": "-10"}, {"N": "-9.5"}, {"N": "0"}, {"N": "0.1"}, {"N": "9"}, {"N": "10"}, {"N": "1" + "0" * 125}],
        [{"B": ""}, {"B": "AA=="}, {"B": "YQ=="}, {"B": "YWE="}, {"B": "gA=="}, {"B": "/w=="}],
    ],
)
def test_order(ascending: list[dict[str, Any]]) -> None:
    for i, a in enumerate(ascending):
        for j, b in enumerate(ascending):
            compared = order(a, b)
            assert compared is not None
            assert (compared > 0) - (compared < 0) == (i > j) - (i < j)
    kind = next(iter(ascending[0]))
    backwards = [value[kind] for value in reversed(ascending)]
    assert sorted(backwards, key=lambda content: sort_order(kind, content)) == backwards[::-1]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"S": "1"}, {"N": "1"}),
        ({"BOOL": True}, {"BOOL": True}),
        ({"BOOL": False}, {"BOOL": True}),
        ({"NULL": True}, {"NULL": True}),
        ({"SS": ["a"]}, {"SS": ["b"]}),
        ({"L": []}, {"L": []}),
        ({"M": {}}, {"M": {}}),
    ],
)
def test_no_order(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert order(a, b) is None
    assert order(b, a) is None


@given(st.text(), st.text())
def test_strings_order_by_utf8(a: str, b: str) -> None:
    x, y = a.encode(), b.encode()
    assert order({"S": a}, {"S": b}) == (x > y) - (x < y)
