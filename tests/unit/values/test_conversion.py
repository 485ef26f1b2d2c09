"""What the first look refuses, in DynamoDB's words, and what it leaves to the second."""

from collections.abc import Callable
from typing import Any

import pytest

from stator.errors import SerializationException
from stator.values.conversion import (
    NESTED_SCALAR,
    boolean,
    check_attribute_map,
    check_binary,
    check_value,
    check_values,
)

STRUCTURE = "Start of structure or map found where not expected"
FIELD = "Unexpected field type"
VALUE = "Unexpected value type in payload"
TAIL = "Invalid last non-pad Base64 character dectected"
LIST_FOR_VALUE = "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"
LIST_FOR_MAP = (
    "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
)

STRING_FAULTS = [
    (True, "TRUE_VALUE cannot be converted to String"),
    (False, "FALSE_VALUE cannot be converted to String"),
    (23, "NUMBER_VALUE cannot be converted to String"),
    (-2147483648, "NUMBER_VALUE cannot be converted to String"),
    (34.56, "DECIMAL_VALUE cannot be converted to String"),
    ([], "Unrecognized collection type class java.lang.String"),
    ({}, STRUCTURE),
]
BINARY_FAULTS = [
    (True, "only base-64-encoded strings are convertible to bytes"),
    (23, "only base-64-encoded strings are convertible to bytes"),
    (34.56, "only base-64-encoded strings are convertible to bytes"),
    ([], "Unrecognized collection type class java.nio.ByteBuffer"),
    ({}, STRUCTURE),
    ("23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
    ("=+/=", TAIL),
    ("+/+=", TAIL),
    ("YR==", TAIL),
    ("Y===", TAIL),
    ("YQ==YQ==", TAIL),
    ("Y Q=", TAIL),
    ("-_-_", TAIL),
    ("\u00e9abc", TAIL),
]
BOOLEAN_FAULTS = [
    ("23", "Unexpected token received from parser"),
    ("", "Unexpected token received from parser"),
    (23, "NUMBER_VALUE cannot be converted to Boolean"),
    (34.56, "DECIMAL_VALUE cannot be converted to Boolean"),
    ([], "Unrecognized collection type class java.lang.Boolean"),
    ({}, STRUCTURE),
]
LIST_FAULTS = [("23", FIELD), (True, FIELD), (23, FIELD), (34.56, FIELD), ({}, STRUCTURE)]
MAP_FAULTS = [("23", FIELD), (True, FIELD), (23, FIELD), (34.56, FIELD), ([], LIST_FOR_MAP)]
MEMBER_FAULTS = [("23", VALUE), (True, VALUE), (23, VALUE), (34.56, VALUE), ([], LIST_FOR_VALUE)]

CASES: list[tuple[Any, str]] = [
    *(({kind: raw}, text) for kind in ("S", "N") for raw, text in STRING_FAULTS),
    *(({"B": raw}, text) for raw, text in BINARY_FAULTS),
    *(({kind: raw}, text) for kind in ("BOOL", "NULL") for raw, text in BOOLEAN_FAULTS),
    *(({kind: raw}, text) for kind in ("SS", "NS", "BS", "L") for raw, text in LIST_FAULTS),
    *(({kind: [raw]}, text) for kind in ("SS", "NS") for raw, text in STRING_FAULTS),
    *(({"BS": [raw]}, text) for raw, text in BINARY_FAULTS),
    *(({"L": [raw]}, text) for raw, text in MEMBER_FAULTS),
    *(({"M": raw}, text) for raw, text in MAP_FAULTS),
    *(({"M": {"a": raw}}, text) for raw, text in MEMBER_FAULTS),
]


@pytest.mark.parametrize(("raw", "text"), CASES)
@pytest.mark.parametrize("nest", [lambda raw: raw, lambda raw: {"L": [raw]}, lambda raw: {"M": {"a": {"L": [raw]}}}])
def test_faults_inside_a_value(raw: Any, text: str, nest: Any) -> None:
    value = nest(raw)
    checks: list[tuple[Callable[[Any], None], Any]] = [
        (check_value, value),
        (check_values, [{}, value]),
        (check_attribute_map, {"ok": {}, "a": value}),
    ]
    for check, whole in checks:
        with pytest.raises(SerializationException) as caught:
            check(whole)
        assert caught.value.message == text


@pytest.mark.parametrize(("raw", "text"), MAP_FAULTS)
def test_a_map_is_expected(raw: Any, text: str) -> None:
    with pytest.raises(SerializationException) as caught:
        check_attribute_map(raw)
    assert caught.value.message == text


def test_a_map_inside_a_list_leaks_java() -> None:
    with pytest.raises(SerializationException) as caught:
        check_attribute_map("23", NESTED_SCALAR)
    assert caught.value.message.startswith("class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot")
    with pytest.raises(SerializationException) as caught:
        check_attribute_map([], NESTED_SCALAR)
    assert caught.value.message == LIST_FOR_MAP


@pytest.mark.parametrize(("raw", "text"), MEMBER_FAULTS)
def test_a_value_is_expected(raw: Any, text: str) -> None:
    with pytest.raises(SerializationException) as caught:
        check_value(raw)
    assert caught.value.message == (FIELD if text == VALUE else text)
    with pytest.raises(SerializationException) as caught:
        check_values([raw])
    assert caught.value.message == text
    with pytest.raises(SerializationException) as caught:
        check_attribute_map({"a": raw})
    assert caught.value.message == text


@pytest.mark.parametrize(("raw", "text"), LIST_FAULTS)
def test_a_list_is_expected(raw: Any, text: str) -> None:
    with pytest.raises(SerializationException) as caught:
        check_values(raw)
    assert caught.value.message == text


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {"a": "unknown"},
        {"a": 1, "S": "x"},
        {"S": None},
        {"S": "", "N": "no number"},
        {"B": ""},
        {"B": "YQ=="},
        {"B": "YWI="},
        {"B": "+/+/"},
        {"BOOL": True},
        {"BOOL": "No"},
        {"NULL": False},
        {"SS": []},
        {"SS": ["a", "a", None]},
        {"NS": ["x"]},
        {"BS": ["", None]},
        {"L": [None, {}, {"S": "a"}]},
        {"M": {"": None, "a": {}}},
    ],
)
def test_what_converts_is_left_alone(raw: Any) -> None:
    check_value(raw)
    check_attribute_map({"a": raw})
    check_values([raw])
    check_attribute_map(None)
    check_values(None)


@pytest.mark.parametrize("kind", ["L", "M"])
def test_depth_is_bounded(kind: str) -> None:
    raw: Any = {"N": 1}
    for _ in range(31):
        raw = {kind: [raw] if kind == "L" else {"a": raw}}
    with pytest.raises(SerializationException):
        check_value(raw)
    for _ in range(5000):
        raw = {kind: [raw] if kind == "L" else {"a": raw}}
    check_value(raw)


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "Yes"])
def test_true_words(text: str) -> None:
    assert boolean(text) is True


@pytest.mark.parametrize("text", ["false", "False", "0", "no"])
def test_false_words(text: str) -> None:
    assert boolean(text) is False


def test_only_the_unused_bits_of_a_last_character_must_be_zero() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    accepted: dict[int, list[str]] = {1: [], 2: []}
    for position, characters in accepted.items():
        for character in alphabet:
            try:
                check_binary(f"A{character}==" if position == 1 else f"AA{character}=")
            except SerializationException:
                continue
            characters.append(character)
    assert accepted[1] == list(alphabet[::16])
    assert accepted[2] == list(alphabet[::4])
