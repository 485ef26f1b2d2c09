"""Values inside messages."""

from typing import Any

import pytest

from stator.values.render import render


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"S": "a"}, "{S:a}"),
        ({"N": "1"}, "{N:1}"),
        ({"B": "YQ=="}, "{B:YQ==}"),
        ({"BOOL": False}, "{BOOL:false}"),
        ({"NULL": True}, "{NULL:true}"),
        ({"SS": ["a", "b"]}, "{SS:[a, b]}"),
        ({"L": [{"S": "a"}, {"N": "1"}]}, "{L:[AttributeValue: {S:a}, AttributeValue: {N:1}]}"),
        ({"M": {"k": {"S": "a"}, "l": {"L": []}}}, "{M:{k=AttributeValue: {S:a}, l=AttributeValue: {L:[]}}}"),
    ],
)
def test_render(value: dict[str, Any], text: str) -> None:
    assert render(value) == f"AttributeValue: {text}"
