import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.journal.pattern import PATTERN_LENGTH_MAX, PatternFault, parse

RECORD = {
    "eventName": "INSERT",
    "dynamodb": {
        "SizeBytes": 26,
        "NewImage": {"s": {"S": "Hello"}, "n": {"N": "12.50"}, "b": {"BOOL": True}, "l": {"SS": ["a", "b"]}},
    },
}


def image(name: str, kind: str, *rules: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": {name: {kind: list(rules)}}}}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["REMOVE", "INSERT"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"eventName": ["INSERT"], "dynamodb": {"SizeBytes": [27]}}, False),
        ({"dynamodb": {"SizeBytes": [26.0]}}, True),
        ({"dynamodb": {"SizeBytes": ["26"]}}, False),
        (image("s", "S", "Hello"), True),
        (image("s", "S", {"prefix": "He"}), True),
        (image("s", "S", {"prefix": "he"}), False),
        (image("s", "S", {"suffix": "llo"}), True),
        (image("s", "S", {"suffix": "He"}), False),
        (image("s", "S", {"equals-ignore-case": "hELLO"}), True),
        (image("s", "S", {"anything-but": "Hello"}), False),
        (image("s", "S", {"anything-but": ["a", "b"]}), True),
        (image("s", "S", {"anything-but": {"prefix": "He"}}), False),
        (image("none", "S", {"anything-but": "Hello"}), False),
        (image("b", "BOOL", True), True),
        (image("b", "BOOL", 1), False),
        (image("b", "BOOL", None), False),
        (image("l", "SS", "b"), True),
        (image("l", "SS", "c"), False),
        (image("n", "N", {"numeric": ["=", 12.5]}), True),
        (image("n", "N", {"numeric": [">", 12, "<=", 12.5]}), True),
        (image("n", "N", {"numeric": [">", 12.5]}), False),
        (image("s", "S", {"numeric": [">", 1]}), False),
        (image("s", "S", {"exists": True}), True),
        (image("s", "S", {"exists": False}), False),
        (image("none", "S", {"exists": False}), True),
        (image("none", "S", {"exists": True}), False),
        ({"dynamodb": {"NewImage": [{"exists": True}]}}, False),  # leaves only
        ({"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"SizeBytes": [26]}}]}, True),
        ({"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"SizeBytes": [1]}}]}, False),
        ({"eventName": {"deeper": ["INSERT"]}}, False),
    ],
)
def test_patterns(pattern: Any, matches: bool) -> None:
    assert parse(json.dumps(pattern))(RECORD) is matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"a": {}}',
        '{"a": []}',
        '{"a": "b"}',
        '{"a": [["b"]]}',
        '{"a": [{"cidr": "10.0.0.0/8"}]}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"prefix": "b", "suffix": "c"}]}',
        '{"a": [{"exists": "true"}]}',
        '{"a": [{"numeric": ["!", 1]}]}',
        '{"a": [{"numeric": ["=", "1"]}]}',
        '{"a": [{"numeric": ["="]}]}',
        '{"a": [{"numeric": [[], 1]}]}',
        '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": {"exists": true}}]}',
        '{"$or": [{"a": ["b"]}]}',
        '{"$or": ["a", "b"]}',
        '{"a":' * 200 + '["b"]' + "}" * 200,
        json.dumps({"a": ["b" * PATTERN_LENGTH_MAX]}),
    ],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternFault):
        parse(text)


@given(st.text(), st.text())
def test_anything_but_is_the_opposite_of_equality(wanted: str, found: str) -> None:
    equal = parse(json.dumps({"a": [wanted]}))({"a": found})
    other = parse(json.dumps({"a": [{"anything-but": wanted}]}))({"a": found})
    assert equal is not other
    assert equal is (wanted == found)
