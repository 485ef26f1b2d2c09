"""Document paths: the way from an item to a value inside it."""

from stator.values.attribute import AttributeValue, Item

Path = tuple[str | int, ...]
"""Attribute name first, then map keys (str) and list indexes (int, from 0)."""


def read(item: Item, path: Path) -> AttributeValue | None:
    """The value at `path`; None when a step is missing, of the wrong type or beyond the end of its list."""
    value = item.get(path[0])  # type: ignore[arg-type]
    if len(path) == 1:
        return value
    for step in path[1:]:
        if value is None:
            return None
        if isinstance(step, str):
            members = value.get("M")
            value = None if members is None else members.get(step)
        else:
            elements = value.get("L")
            value = elements[step] if elements is not None and step < len(elements) else None
    return value
