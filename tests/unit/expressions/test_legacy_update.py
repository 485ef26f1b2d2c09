"""AttributeUpdates: what it means and what it refuses."""

from typing import Any

import pytest

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.apply import creates
from stator.expressions.legacy_update import TYPE_MISMATCH, VALUE_REQUIRED, parse_updates
from stator.expressions.returned import updated
from stator.values.parse import parse_item

INVALID = "One or more parameter values were invalid: "

ITEM, _ = parse_item(
    {
        "pk": {"S": "key"},
        "n": {"N": "7"},
        "s": {"S": "text"},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2", "3"]},
        "l": {"L": [{"S": "a"}, {"N": "1"}]},
    }
)


def put(**value: Any) -> dict[str, Any]:
    return {"Action": "PUT", "Value": value}


def add(**value: Any) -> dict[str, Any]:
    return {"Action": "ADD", "Value": value}


def delete(**value: Any) -> dict[str, Any]:
    return {"Action": "DELETE", "Value": value} if value else {"Action": "DELETE"}


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ({}, {}),
        ({"a": {"Value": {"S": "x"}}}, {"a": {"S": "x"}}),
        ({"s": put(N="1.0")}, {"s": {"N": "1"}}),
        ({"s": put(L=[])}, {"s": {"L": []}}),
        ({"s": delete(), "zz": delete()}, {"s": None}),
        ({"n": add(N="-3.5")}, {"n": {"N": "3.5"}}),
        ({"a": add(N="2")}, {"a": {"N": "2"}}),
        ({"ss": add(SS=["c", "a"])}, {"ss": {"SS": ["a", "b", "c"]}}),
        ({"a": add(BS=["YQ=="])}, {"a": {"BS": ["YQ=="]}}),
        ({"l": add(L=[{"S": "b"}])}, {"l": {"L": [{"S": "a"}, {"N": "1"}, {"S": "b"}]}}),
        ({"a": add(L=[{"S": "b"}]), "l": add(L=[])}, {"a": {"L": [{"S": "b"}]}}),
        ({"ns": delete(NS=["2", "9"])}, {"ns": {"NS": ["1", "3"]}}),
        ({"ns": delete(NS=["3", "2", "1"])}, {"ns": None}),
        ({"zz": delete(SS=["a"])}, {}),
        (
            {"s": put(S="new"), "n": add(N="1"), "l": delete(), "ss": delete(SS=["a"])},
            {"s": {"S": "new"}, "n": {"N": "8"}, "l": None, "ss": {"SS": ["b"]}},
        ),
    ],
)
def test_apply(updates: dict[str, Any], expected: dict[str, Any]) -> None:
    new = parse_updates(updates).apply(ITEM)
    assert {name: new.get(name) for name in {**ITEM, **new} if new.get(name) != ITEM.get(name)} == expected


@pytest.mark.parametrize(
    "updates",
    [
        {"ss": delete(NS=["1"])},
        {"ss": delete(BS=["YQ=="])},
        {"s": delete(SS=["a"])},
        {"ss": add(NS=["1"])},
        {"ns": add(N="1")},
        {"n": add(NS=["1"])},
        {"s": add(N="1")},
        {"ss": add(L=[])},
        {"l": add(SS=["a"])},
        {"a": put(S="x"), "l": add(N="1")},
    ],
)
def test_type_mismatch_with_the_stored_value(updates: dict[str, Any]) -> None:
    with pytest.raises(ValidationException) as raised:
        parse_updates(updates).apply(ITEM)
    assert raised.value.message == TYPE_MISMATCH


@pytest.mark.parametrize(
    ("update", "text"),
    [
        ({}, VALUE_REQUIRED),
        ({"Action": "PUT"}, VALUE_REQUIRED),
        ({"Action": "ADD", "Value": None}, VALUE_REQUIRED),
        *[
            (delete(**{kind: content}), f"{INVALID}DELETE action with value is not supported for the type {kind}")
            for kind, content in {"S": "1", "N": "1", "B": "YQ==", "NULL": True, "BOOL": True, "M": {}, "L": []}.items()
        ],
        *[
            (add(**{kind: content}), f"{INVALID}ADD action is not supported for the type {kind}")
            for kind, content in {"S": "1", "B": "YQ==", "NULL": True, "BOOL": True, "M": {}}.items()
        ],
        # Values are looked at before their type
        (delete(N="x"), "The parameter cannot be converted to a numeric value: x"),
        (put(SS=[]), f"{INVALID}An string set  may not be empty"),
    ],
)
def test_refused(update: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as raised:
        parse_updates({"a": update})
    assert raised.value.message == text


def test_the_first_bad_attribute_is_reported() -> None:
    with pytest.raises(ValidationException) as raised:
        parse_updates({"a": put(S="x"), "b": add(S="x"), "c": {}})
    assert raised.value.message == f"{INVALID}ADD action is not supported for the type S"


def test_paths_and_tree() -> None:
    update = parse_updates({"a": put(S="x"), "b": delete(), "c": add(N="1"), "d": delete(SS=["a"])})
    assert update.paths == (("a",), ("b",), ("c",), ("d",))
    assert update.tree == tree.Update(
        sets=(tree.Assignment(("a",), tree.ValueOperand(":0")),),
        removes=(("b",),),
        adds=(tree.Operation(("c",), tree.ValueOperand(":1")),),
        deletes=(tree.Operation(("d",), tree.ValueOperand(":2")),),
    )


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ({}, True),
        ({"a": put(S="x")}, True),
        ({"a": add(L=[])}, True),
        ({"a": delete()}, False),
        ({"a": delete(SS=["x"])}, False),
        ({"a": delete(), "b": add(N="1")}, True),
    ],
)
def test_absent_items(updates: dict[str, Any], expected: bool) -> None:
    update = parse_updates(updates)
    assert creates(update.tree) is expected
    new = update.apply({"pk": {"S": "k"}}, absent=True)
    assert new == {
        "pk": {"S": "k"},
        **{name: entry["Value"] for name, entry in updates.items() if entry["Action"] != "DELETE"},
    }


def test_returned_attributes_come_from_the_tree() -> None:
    update = parse_updates({"s": delete(), "l": add(L=[{"S": "z"}]), "a": put(S="x")})
    assert updated(update.tree, ITEM) == {"s": ITEM["s"], "l": ITEM["l"]}
    assert updated(update.tree, update.apply(ITEM)) == {"a": {"S": "x"}, "l": {"L": [*ITEM["l"]["L"], {"S": "z"}]}}
