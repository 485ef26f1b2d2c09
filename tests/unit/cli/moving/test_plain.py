"""Items as plain JSON and back."""

from typing import Any

import orjson
import pytest

from stator.cli.moving.plain import item_of, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"S": 'a"'}, '"a\\""'),
        ({"N": "12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"),
        ({"N": "-0.10"}, "-0.1"),
        ({"N": "NaN"}, '"NaN"'),
        ({"B": "AP8="}, '"AP8="'),
        ({"NULL": True}, "null"),
        ({"BOOL": False}, "false"),
        ({"NS": ["1", "2.5"]}, "[1,2.5]"),
        ({"SS": ["a"]}, '["a"]'),
        ({"L": [{"M": {"x": {"N": "1e3"}}}]}, '[{"x":1000}]'),
    ],
)
def test_plain(value: Any, text: str) -> None:
    assert orjson.dumps(plain(value)).decode() == text


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ('{"a":{"S":"x"}}', {"a": {"S": "x"}}),
        ('{"Item":{"a":{"S":"x"},"b":{"N":"1"}}}', {"a": {"S": "x"}, "b": {"N": "1"}}),
        ('{"Item":{"S":"x"}}', {"Item": {"S": "x"}}),  # an attribute that is called so
        ('{"a":"x","b":1.10}', {"a": {"S": "x"}, "b": {"N": "1.10"}}),
        ('{"a":12345678901234567890123}', {"a": {"N": "12345678901234567890123"}}),
        ('{"a":"x","b":{"S":"y"}}', {"a": {"S": "x"}, "b": {"M": {"S": {"S": "y"}}}}),  # plain as a whole, or not
        (
            '{"a":[1,null,true],"b":{"c":[]}}',
            {"a": {"L": [{"N": "1"}, {"NULL": True}, {"BOOL": True}]}, "b": {"M": {"c": {"L": []}}}},
        ),
        ('{"a":{"S":1}}', {"a": {"M": {"S": {"N": "1"}}}}),
    ],
)
def test_lines(line: str, item: Any) -> None:
    assert item_of(line.encode()) == item


@pytest.mark.parametrize("line", ["[1]", "{", '"x"'])
def test_lines_that_are_no_items(line: str) -> None:
    with pytest.raises(ValueError, match=r"no item|unexpected|line 1"):
        item_of(line.encode())
