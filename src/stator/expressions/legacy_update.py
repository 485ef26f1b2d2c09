"""What came before update expressions: AttributeUpdates, made into the same tree."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.apply import apply
from stator.values.attribute import AttributeValue, Item
from stator.values.parse import INVALID, parse_value

TYPE_MISMATCH = "Type mismatch for attribute to update"
VALUE_REQUIRED = f"{INVALID}Only DELETE action is allowed when no attribute value is specified"

_DELETE_TYPES = ("SS", "NS", "BS")
_ADD_TYPES = ("N", "L", *_DELETE_TYPES)

_NO_ELEMENTS = ":none"


class LegacyUpdate(NamedTuple):
    """An update with its values, ready to be applied to items."""

    tree: tree.Update
    values: Mapping[str, AttributeValue]
    paths: tuple[tree.Path, ...]
    typed: tuple[tuple[str, str], ...]  # attributes that, if present, must be of the type beside them

    def apply(self, item: Item, *, absent: bool = False) -> Item:
        """The item after the update; see `stator.expressions.apply.apply`."""
        for name, kind in self.typed:
            value = item.get(name)
            if value is not None and kind not in value:
                raise ValidationException(TYPE_MISMATCH)
        return apply(self.tree, item, self.values, absent=absent)


def parse_updates(updates: Mapping[str, Mapping[str, Any]]) -> LegacyUpdate:
    """The update that `AttributeUpdates` means. Raises ValidationException.

    ADD of a list appends, which no update expression's ADD does; in the tree it is a SET of list_append.
    """
    values: dict[str, AttributeValue] = {}
    sets: list[tree.Assignment] = []
    removes: list[tree.Path] = []
    adds: list[tree.Operation] = []
    deletes: list[tree.Operation] = []
    typed: list[tuple[str, str]] = []
    for name, update in updates.items():
        action, value = _parsed(update)
        path = (name,)
        if value is None:
            removes.append(path)
            continue
        operand = tree.ValueOperand(f":{len(values)}")
        values[operand.name] = value
        if action == "PUT":
            sets.append(tree.Assignment(path, operand))
            continue
        (kind,) = value
        typed.append((name, kind))
        if action == "DELETE":
            deletes.append(tree.Operation(path, operand))
        elif kind == "L":
            sets.append(tree.Assignment(path, _appended(path, operand)))
            values[_NO_ELEMENTS] = {"L": []}
        else:
            adds.append(tree.Operation(path, operand))
    update_tree = tree.Update(tuple(sets), tuple(removes), tuple(adds), tuple(deletes))
    return LegacyUpdate(update_tree, values, tuple((name,) for name in updates), tuple(typed))


def _appended(path: tree.Path, elements: tree.ValueOperand) -> tree.ListAppend:
    return tree.ListAppend(tree.IfNotExists(path, tree.ValueOperand(_NO_ELEMENTS)), elements)


def _parsed(update: Mapping[str, Any]) -> tuple[str, AttributeValue | None]:
    """The action and its value, checked against each other."""
    action, raw = update.get("Action") or "PUT", update.get("Value")
    if raw is None:
        if action != "DELETE":
            raise ValidationException(VALUE_REQUIRED)
        return action, None
    value = parse_value(raw)
    (kind,) = value
    if action == "DELETE" and kind not in _DELETE_TYPES:
        raise ValidationException(f"{INVALID}DELETE action with value is not supported for the type {kind}")
    if action == "ADD" and kind not in _ADD_TYPES:
        raise ValidationException(f"{INVALID}ADD action is not supported for the type {kind}")
    return action, value
