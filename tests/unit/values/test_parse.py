"""What the second look makes of values, what it refuses, and the sizes it finds on the way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.errors import Family, ValidationException
from stator.values.conversion import check_attribute_map
from stator.values.parse import parse_item, parse_key, parse_value
from stator.values.size import item_bytes, text_bytes, value_bytes

EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
INVALID = "One or more parameter values were invalid: "
NUMERIC = "The parameter cannot be converted to a numeric value"
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)

names = st.text(min_size=1, max_size=5)
number_texts = st.integers(-(10**20), 10**20).map(str) | st.sampled_from(["1.50", "1e3", "-0.001", "+7", "0.0", ".5"])
binaries = st.sampled_from(["", "YQ==", "YWI=", "AAEC", "////", "gICA"])
scalars = (
    st.text().map(lambda text: {"S": text})
    | number_texts.map(lambda text: {"N": text})
    | binaries.map(lambda text: {"B": text})
    | st.booleans().map(lambda value: {"BOOL": value})
    | st.just({"NULL": True})
    | st.lists(st.text(), min_size=1, unique=True).map(lambda members: {"SS": members})
    | st.lists(st.integers(-999, 999), min_size=1, unique=True).map(lambda members: {"NS": [f"{n}.0" for n in members]})
    | st.lists(binaries, min_size=1, unique=True).map(lambda members: {"BS": members})
)
raw_values: st.SearchStrategy[dict[str, Any]] = st.recursive(
    scalars,
    lambda values: (
        st.lists(values, max_size=4).map(lambda elements: {"L": elements})
        | st.dictionaries(names, values, max_size=4).map(lambda members: {"M": members})
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        ({"S": ""}, {"S": ""}),
        ({"N": "1.0"}, {"N": "1"}),
        ({"N": "1e3"}, {"N": "1000"}),
        ({"N": "-0"}, {"N": "0"}),
        ({"B": "YQ=="}, {"B": "YQ=="}),
        ({"BOOL": False}, {"BOOL": False}),
        ({"BOOL": "yes"}, {"BOOL": True}),
        ({"BOOL": "0"}, {"BOOL": False}),
        ({"NULL": True}, {"NULL": True}),
        ({"NULL": "true"}, {"NULL": True}),
        ({"SS": ["b", "", "a", "\U0001f600", "\uffff"]}, {"SS": ["", "a", "b", "\uffff", "\U0001f600"]}),
        ({"NS": ["10", "9", "-1", "1e-1"]}, {"NS": ["-1", "0.1", "9", "10"]}),
        ({"BS": ["/w==", "AA==", "", "YQ=="]}, {"BS": ["", "AA==", "YQ==", "/w=="]}),
        ({"L": []}, {"L": []}),
        ({"M": {}}, {"M": {}}),
        ({"L": [{"N": "01"}, {"M": {"a": {"N": "2."}}}]}, {"L": [{"N": "1"}, {"M": {"a": {"N": "2"}}}]}),
        ({"S": "a", "N": None}, {"S": "a"}),
        ({"other": 1, "N": "01"}, {"N": "1"}),
    ],
)
def test_canonical_values(raw: dict[str, Any], parsed: dict[str, Any]) -> None:
    assert parse_value(raw) == parsed
    item, size = parse_item({"a": raw})
    assert item == {"a": parsed}
    assert size == 1 + value_bytes(parsed)


@pytest.mark.parametrize(
    ("raw", "message", "family"),
    [
        (None, EMPTY, Family.BARE),
        ({}, EMPTY, Family.BARE),
        ({"a": ""}, EMPTY, Family.BARE),
        ({"S": None}, EMPTY, Family.BARE),
        ({"N": None, "a": 1}, EMPTY, Family.BARE),
        ({"S": "a", "N": "1"}, SEVERAL, Family.BARE),
        ({"S": "", "N": ""}, NUMERIC, Family.BARE),
        ({"S": "a", "N": "b"}, f"{NUMERIC}: b", Family.BARE),
        ({"S": "a", "NS": ["1", "b"]}, f"{NUMERIC}: b", Family.BARE),
        ({"NULL": False}, f"{INVALID}Null attribute value types must have the value of true", Family.VALUE),
        ({"NULL": "no"}, f"{INVALID}Null attribute value types must have the value of true", Family.VALUE),
        ({"N": ""}, NUMERIC, Family.BARE),
        ({"N": "b"}, f"{NUMERIC}: b", Family.BARE),
        ({"NS": ["1", ""]}, NUMERIC, Family.BARE),
        (
            {"NS": ["1", "1e126"]},
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
            Family.BARE,
        ),
        ({"SS": []}, f"{INVALID}An string set  may not be empty", Family.VALUE),
        ({"NS": []}, f"{INVALID}An number set  may not be empty", Family.VALUE),
        ({"BS": []}, f"{INVALID}Binary sets should not be empty", Family.VALUE),
        ({"SS": ["a", None]}, f"{INVALID}An string set may not have a null string as a member", Family.VALUE),
        ({"SS": ["a", "b", "a"]}, f"{INVALID}Input collection [a, b, a] contains duplicates.", Family.VALUE),
        (
            {"BS": ["Yg==", "Yg=="]},
            f"{INVALID}Input collection [Yg==, Yg==]of type BS contains duplicates.",
            Family.VALUE,
        ),
        ({"NS": ["1", "1"]}, "Input collection contains duplicates", Family.VALUE),
        ({"NS": ["1", "2", "1.00"]}, "Input collection contains duplicates", Family.VALUE),
    ],
)
@pytest.mark.parametrize("nest", [lambda raw: raw, lambda raw: {"L": [raw]}, lambda raw: {"M": {"a": raw}}])
def test_refused_values(raw: Any, message: str, family: Family, nest: Any) -> None:
    for parse in (parse_value, lambda raw: parse_item({"a": raw}), lambda raw: parse_key({"a": raw})):
        with pytest.raises(ValidationException) as caught:
            parse(nest(raw))
        assert caught.value.message == message
        assert caught.value.family is family


def test_the_first_fault_in_the_request_is_reported() -> None:
    faults: dict[str, Any] = {"SS": {"SS": []}, "empty": {}, "N": {"N": "x"}}
    for name, value in faults.items():
        with pytest.raises(ValidationException) as alone:
            parse_item({"pk": {"S": "a"}, name: value})
        with pytest.raises(ValidationException) as among_others:
            parse_item({"pk": {"S": "a"}, "first": value, **faults})
        assert among_others.value.message == alone.value.message
        with pytest.raises(ValidationException) as of_a_key:
            parse_key({"pk": {"S": "a"}, "first": value, **faults})
        assert of_a_key.value.message == alone.value.message


@pytest.mark.parametrize("value", [{"S": "a"}, {"N": "1"}, {"BOOL": True}])
@pytest.mark.parametrize("nest", [lambda members: members, lambda members: {"m": {"M": members}}])
def test_attribute_names(value: dict[str, Any], nest: Any) -> None:
    with pytest.raises(ValidationException) as caught:
        parse_item(nest({"": value}))
    assert caught.value.message == f"{INVALID}Empty attribute name"
    for name in ("a" * 65536, "\u00e9" * 32768):
        with pytest.raises(ValidationException) as caught:
            parse_item(nest({name: value}))
        assert caught.value.message == "Attribute name is too large, must be less than 65536 bytes"
        assert caught.value.family is Family.VALUE
        with pytest.raises(ValidationException, match="Attribute name is too large"):
            parse_key(nest({"a": {"S": "a"}, name: value}))
    parse_item(nest({"a" * 65535: value}))
    parse_key(nest({"a" * 65535: value}))


def test_names_may_be_longer_together_than_one_may_be() -> None:
    raw: dict[str, Any] = {letter * 40_000: {"S": "x"} for letter in "abc"}
    assert parse_item(raw) == (raw, 3 * 40_001)
    with pytest.raises(ValidationException, match="Attribute name is too large"):
        parse_item(raw | {"d" * 65_536: {"S": "x"}, "": {"S": "x"}})
    with pytest.raises(ValidationException, match="cannot be converted"):  # it comes first
        parse_item(raw | {"n": {"N": "x"}, "": {"S": "x"}})


def nested(kind: str, leaf: Any, levels: int) -> Any:
    for _ in range(levels):
        leaf = {"L": [leaf]} if kind == "L" else {"M": {"n": leaf}}
    return leaf


@pytest.mark.parametrize("kind", ["L", "M"])
@pytest.mark.parametrize("leaf", [{"S": "leaf"}, {"L": []}, {"M": {}}, {"SS": ["a"]}])
def test_32_levels(kind: str, leaf: dict[str, Any]) -> None:
    deepest = nested(kind, leaf, 31)
    assert parse_value(deepest) == deepest
    for levels in (32, 33, 5000):
        too_deep = nested(kind, leaf, levels)
        check_attribute_map({"a": too_deep})
        for parse in (parse_value, lambda raw: parse_item({"a": raw}), lambda raw: parse_key({"a": raw})):
            with pytest.raises(ValidationException) as caught:
                parse(too_deep)
            assert caught.value.message == TOO_DEEP
            assert caught.value.family is Family.BARE


@given(st.dictionaries(names, raw_values, max_size=5))
def test_parsing_canonicalises_once_and_measures(raw: dict[str, Any]) -> None:
    check_attribute_map(raw)
    item, size = parse_item(raw)
    assert list(item) == list(raw)
    assert size == item_bytes(item)
    assert parse_item(item) == (item, size)
    assert parse_key(raw) == item
    assert size == sum(text_bytes(name) + value_bytes(parse_value(value)) for name, value in raw.items())


def test_the_request_is_not_changed() -> None:
    raw = {"l": {"L": [{"N": "01"}]}, "s": {"SS": ["b", "a"]}, "n": {"N": "1.0"}, "m": {"M": {"b": {"BOOL": "yes"}}}}
    before = repr(raw)
    parse_item(raw)
    assert repr(raw) == before
