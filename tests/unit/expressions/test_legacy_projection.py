"""AttributesToGet: names, never paths, each once."""

import pytest

from stator.errors import ValidationException
from stator.expressions.legacy_projection import parse_attributes_to_get
from stator.values.attribute import Item


def test_names_are_taken_literally() -> None:
    projection = parse_attributes_to_get(["a", "b.c", "d[0]", "zz"])
    assert projection.paths == (("a",), ("b.c",), ("d[0]",), ("zz",))
    item: Item = {"a": {"S": "1"}, "b": {"M": {"c": {"S": "2"}}}, "b.c": {"S": "3"}, "d": {"L": [{"S": "4"}]}}
    assert projection.project(item) == {"a": {"S": "1"}, "b.c": {"S": "3"}}


def test_the_first_duplicate_is_named() -> None:
    with pytest.raises(ValidationException) as raised:
        parse_attributes_to_get(["a", "b", "c", "b", "a"])
    assert raised.value.message == "One or more parameter values were invalid: Duplicate value in attribute name: b"
