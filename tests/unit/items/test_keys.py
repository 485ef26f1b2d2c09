"""Keys against schemas."""

from collections.abc import Callable
from typing import Any

import pytest

from stator.errors import ValidationException
from stator.items.keys import SCHEMA_MISMATCH, item_key, key_of, request_key
from stator.model.table import Table
from stator.storage.store import Key
from stator.values.attribute import Item
from stator.values.key import partition_bytes, sort_bytes
from tests.unit.items.conftest import TABLE_SPACE, item, table

_SIMPLE = table("pk:S")
_FULL = table("pk:N", "sk:B")
_EMPTY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {} "
    "value. Key: {}"
)
_LONG_HASH = (
    "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
)
_LONG_RANGE = (
    "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of "
    "1024 bytes"
)


@pytest.mark.parametrize("place", [item_key, request_key])
def test_a_simple_key(place: Callable[[Table, Item], Key]) -> None:
    assert place(_SIMPLE, item(pk="a")) == Key(TABLE_SPACE, partition_bytes([{"S": "a"}]), b"")


@pytest.mark.parametrize("place", [item_key, request_key])
def test_a_full_key(place: Callable[[Table, Item], Key]) -> None:
    assert place(_FULL, item(pk=1, sk=b"x")) == Key(
        TABLE_SPACE, partition_bytes([{"N": "1"}]), sort_bytes([{"B": "eA=="}])
    )


def test_other_attributes_do_not_move_an_item() -> None:
    one = item(pk=1, sk=b"x", other="z")
    assert item_key(_FULL, one) == request_key(_FULL, key_of(_FULL.keys, one))


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"sk": b"x"}, "One or more parameter values were invalid: Missing the key pk in the item"),
        ({"pk": 1}, "One or more parameter values were invalid: Missing the key sk in the item"),
        (
            {"pk": "1", "sk": b"x"},
            "One or more parameter values were invalid: Type mismatch for key pk expected: N actual: S",
        ),
        (
            {"pk": 1, "sk": ["x"]},
            "One or more parameter values were invalid: Type mismatch for key sk expected: B actual: L",
        ),
        ({"pk": 1, "sk": b""}, _EMPTY.format("binary", "sk")),
        ({"pk": 1, "sk": b"x" * 1025}, _LONG_RANGE),
    ],
)
def test_faulty_items(attributes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as refused:
        item_key(_FULL, item(**attributes))
    assert refused.value.message == text


@pytest.mark.parametrize(
    "attributes",
    [{}, {"pk": 1}, {"sk": b"x"}, {"pk": 1, "sk": b"x", "z": 1}, {"pk": "1", "sk": b"x"}, {"pk": 1, "zk": b"x"}],
)
def test_keys_of_another_shape(attributes: dict[str, Any]) -> None:
    with pytest.raises(ValidationException) as refused:
        request_key(_FULL, item(**attributes))
    assert refused.value.message == SCHEMA_MISMATCH


@pytest.mark.parametrize("place", [item_key, request_key])
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", _EMPTY.format("string", "pk")),
        ("x" * 2049, _LONG_HASH),
        ("é" * 1025, _LONG_HASH),
        ("\U0001f600" * 513, _LONG_HASH),
        ("x" * 2048, None),
        ("é" * 1024, None),
        ("\U0001f600" * 512, None),
        ("\U0001f600" * 256, None),
    ],
)
def test_lengths_count_utf8_bytes(place: Callable[[Table, Item], Key], text: str, fault: str | None) -> None:
    if fault is None:
        place(_SIMPLE, item(pk=text))
        return
    with pytest.raises(ValidationException) as refused:
        place(_SIMPLE, item(pk=text))
    assert refused.value.message == fault


@pytest.mark.parametrize(("length", "good"), [(1024, True), (1025, False)])
def test_lengths_count_decoded_binaries(length: int, good: bool) -> None:
    if good:
        item_key(_FULL, item(pk=1, sk=bytes(length)))
        return
    with pytest.raises(ValidationException, match="size limit of 1024 bytes"):
        item_key(_FULL, item(pk=1, sk=bytes(length)))
