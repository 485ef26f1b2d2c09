"""Reading along document paths."""

from typing import Any

import pytest

from stator.values.path import Path, read

ITEM: dict[str, dict[str, Any]] = {
    "s": {"S": "text"},
    "m": {"M": {"a": {"L": [{"S": "zero"}, {"M": {"b.c": {"N": "1"}}}]}, "0": {"S": "key"}, "": {"NULL": True}}},
    "l": {"L": [{"L": []}]},
    "ss": {"SS": ["x"]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("s",), {"S": "text"}),
        (("m", "a", 0), {"S": "zero"}),
        (("m", "a", 1, "b.c"), {"N": "1"}),
        (("m", "0"), {"S": "key"}),
        (("l", 0), {"L": []}),
        (("absent",), None),
        (("absent", "a", 0), None),
        (("m", "absent"), None),
        (("m", "absent", "x"), None),
        (("m", 0), None),
        (("m", "a", 2), None),
        (("m", "a", "0"), None),
        (("m", "a", 1, "b", "c"), None),
        (("l", 0, 0), None),
        (("s", 0), None),
        (("s", "S"), None),
        (("ss", 0), None),
    ],
)
def test_read(path: Path, value: dict[str, Any] | None) -> None:
    assert read(ITEM, path) == value
