"""UPDATED_OLD and UPDATED_NEW: what a chain of updates returns, as seen on the real service."""

from typing import Any

import pytest

from stator.expressions import tree
from stator.expressions.apply import apply
from stator.expressions.returned import targets, updated
from stator.values.attribute import Item


def numbers(*values: int) -> dict[str, Any]:
    return {"L": [{"N": str(value)} for value in values]}


ITEM: Item = {
    "pk": {"S": "key"},
    "a": {"M": {"b": {"S": "dog"}, "c": numbers(1, 2, 3)}},
    "d": {"S": "cat"},
    "set": {"SS": ["x", "y"]},
}
V = tree.ValueOperand(":v")


def assign(*paths: tree.Path) -> tree.Update:
    return tree.Update(sets=tuple(tree.Assignment(path, V) for path in paths))


@pytest.mark.parametrize(
    ("update", "value", "old", "new"),
    [
        (assign(("d",)), {"S": "cat"}, {"d": {"S": "cat"}}, {"d": {"S": "cat"}}),
        (assign(("d",), ("e",)), {"S": "lion"}, {"d": {"S": "cat"}}, {"d": {"S": "lion"}, "e": {"S": "lion"}}),
        (assign(("e",)), {"S": "lion"}, None, {"e": {"S": "lion"}}),
        (
            assign(("a", "b")),
            {"S": "hi"},
            {"a": {"M": {"b": {"S": "dog"}}}},
            {"a": {"M": {"b": {"S": "hi"}}}},
        ),
        (
            assign(("a", "c", 1), ("a", "b")),
            {"N": "7"},
            {"a": {"M": {"b": {"S": "dog"}, "c": numbers(2)}}},
            {"a": {"M": {"b": {"N": "7"}, "c": numbers(7)}}},
        ),
        (
            assign(("a", "c", 2), ("a", "c", 0)),
            {"N": "7"},
            {"a": {"M": {"c": numbers(1, 3)}}},
            {"a": {"M": {"c": numbers(7, 7)}}},
        ),
        (assign(("a", "x")), {"N": "7"}, None, {"a": {"M": {"x": {"N": "7"}}}}),
        # Appended elements are not found at the index written.
        (assign(("a", "c", 100)), {"N": "7"}, None, None),
        (tree.Update(removes=(("d",),)), {}, {"d": {"S": "cat"}}, None),
        (tree.Update(removes=(("zz",),)), {}, None, None),
        # What moved into the place of a removed element is found there.
        (
            tree.Update(removes=(("a", "c", 1), ("a", "c", 3))),
            {},
            {"a": {"M": {"c": numbers(2)}}},
            {"a": {"M": {"c": numbers(3)}}},
        ),
        (
            tree.Update(sets=(tree.Assignment(("d",), V),), removes=(("a", "b"),)),
            {"S": "x"},
            {"d": {"S": "cat"}, "a": {"M": {"b": {"S": "dog"}}}},
            {"d": {"S": "x"}},
        ),
        (tree.Update(adds=(tree.Operation(("n",), V),)), {"N": "1"}, None, {"n": {"N": "1"}}),
        (
            tree.Update(deletes=(tree.Operation(("set",), V),)),
            {"SS": ["x"]},
            {"set": ITEM["set"]},
            {"set": {"SS": ["y"]}},
        ),
        (tree.Update(deletes=(tree.Operation(("set",), V),)), {"SS": ["x", "y"]}, {"set": ITEM["set"]}, None),
        (tree.Update(), {}, None, None),
    ],
)
def test_updated(update: tree.Update, value: Any, old: Item | None, new: Item | None) -> None:
    assert updated(update, ITEM) == old
    assert updated(update, apply(update, ITEM, {":v": value})) == new


def test_no_item_no_attributes() -> None:
    assert updated(assign(("d",)), None) is None


def test_targets_are_of_all_sections() -> None:
    update = tree.Update(
        sets=(tree.Assignment(("a", "b"), tree.PathOperand(("read",))),),
        removes=(("c", 1),),
        adds=(tree.Operation(("d",), V),),
        deletes=(tree.Operation(("e",), V),),
    )
    assert targets(update) == (("a", "b"), ("c", 1), ("d",), ("e",))
