"""Projection: the parts of an item that some document paths name, in the item's own shape."""

from collections.abc import Callable, Sequence
from typing import Any

from stator.expressions import tree
from stator.values.attribute import AttributeValue, Item

Projector = Callable[[Item], Item]

# A wanted shape: step to the shape wanted beneath it, None where the whole value is wanted.
Shape = dict[str | int, Any]


def project(paths: Sequence[tree.Path], item: Item) -> Item:
    """The attributes of `item` that `paths` name; those that lead nowhere are left out, and so are emptied parents.

    Elements picked from one list come compacted in ascending index order. Values are shared with `item`, not copied.
    """
    return projector(paths)(item)


def projector(paths: Sequence[tree.Path]) -> Projector:
    """`project` with the paths prepared once, for many items."""
    if all(len(path) == 1 for path in paths):
        names = [str(path[0]) for path in paths]
        return lambda item: {name: item[name] for name in names if name in item}
    shape = _shape(paths)
    return lambda item: _from_map(item, shape)


def _shape(paths: Sequence[tree.Path]) -> Shape:
    root: Shape = {}
    for path in paths:
        node = root
        for step in path[:-1]:
            beneath = node.setdefault(step, {})
            if beneath is None:  # an ancestor is wanted whole
                break
            node = beneath
        else:
            node[path[-1]] = None
    return root


def _from_map(members: dict[str, AttributeValue], shape: Shape) -> dict[str, AttributeValue]:
    picked: dict[str, AttributeValue] = {}
    for step, beneath in shape.items():
        if isinstance(step, str) and step in members:
            value = members[step] if beneath is None else _beneath(members[step], beneath)
            if value is not None:
                picked[step] = value
    return picked


def _from_list(elements: list[AttributeValue], shape: Shape) -> list[AttributeValue]:
    picked: list[AttributeValue] = []
    for step in sorted(step for step in shape if isinstance(step, int)):
        if step < len(elements):
            beneath = shape[step]
            value = elements[step] if beneath is None else _beneath(elements[step], beneath)
            if value is not None:
                picked.append(value)
    return picked


def _beneath(value: AttributeValue, shape: Shape) -> AttributeValue | None:
    if "M" in value:
        members = _from_map(value["M"], shape)
        return {"M": members} if members else None
    if "L" in value:
        elements = _from_list(value["L"], shape)
        return {"L": elements} if elements else None
    return None
