"""Bytes as DynamoDB counts them."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.values.size import binary_bytes, item_bytes, text_bytes, value_bytes


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "\u00e9\u20ac\U0001f600"}, 2 + 3 + 4),
        ({"N": "0"}, 1),
        ({"N": "-42"}, 3),
        ({"N": "0.0000001"}, 2),
        ({"B": ""}, 0),
        ({"B": "YQ=="}, 1),
        ({"B": "YWI="}, 2),
        ({"B": "YWJj"}, 3),
        ({"BOOL": True}, 1),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "\u00e9"]}, 3),
        ({"NS": ["-1", "42"]}, 3 + 2),
        ({"BS": ["YQ==", "YWJj"]}, 4),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "a"}, {"BOOL": True}]}, 3 + 1 + 1 + 1 + 1),
        ({"M": {"ab": {"S": "c"}, "\u00e9": {"N": "1"}}}, 3 + 1 + 2 + 1 + 1 + 2 + 2),
        ({"L": [{"L": [{"M": {}}]}]}, 3 + 1 + 3 + 1 + 3),
    ],
)
def test_values(value: dict[str, Any], size: int) -> None:
    assert value_bytes(value) == size
    assert item_bytes({"name": value}) == 4 + size


def test_the_example_of_the_developer_guide() -> None:
    assert item_bytes({"shirt-color": {"S": "R"}, "shirt-size": {"S": "M"}}) == 23


@given(st.binary())
def test_base64_needs_no_decoding(data: bytes) -> None:
    assert binary_bytes(b64encode(data).decode()) == len(data)


@given(st.text())
def test_text_is_counted_in_utf8(text: str) -> None:
    assert text_bytes(text) == len(text.encode())
