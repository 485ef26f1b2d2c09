"""Items as the JSON that everybody reads, without the names of DynamoDB's types, and back."""

import json
from typing import Any

import orjson

from stator.errors import ValidationException
from stator.values.attribute import AttributeValue, Item
from stator.values.number import normalise

_CONTENTS: dict[str, type] = {
    "S": str,
    "N": str,
    "B": str,
    "BOOL": bool,
    "NULL": bool,
    "SS": list,
    "NS": list,
    "BS": list,
    "L": list,
    "M": dict,
}


def plain(value: AttributeValue) -> Any:
    """What orjson writes as plain JSON: numbers with all their digits, binaries as base64, sets as lists."""
    kind, content = next(iter(value.items()))
    if kind == "N":
        return number(content)
    if kind == "M":
        return {name: plain(member) for name, member in content.items()}
    if kind == "L":
        return [plain(member) for member in content]
    if kind == "NS":
        return [number(member) for member in content]
    return None if kind == "NULL" else content


def number(text: str) -> Any:
    try:
        return orjson.Fragment(normalise(text))
    except ValidationException:  # some emulators keep what is no number of DynamoDB's
        return text


def item_of(line: bytes) -> Item:
    """An item from a line of JSON: DynamoDB's, bare or as the member `Item`, or plain. Raises ValueError."""
    members = orjson.loads(line)
    if not isinstance(members, dict):
        raise ValueError("no item, which is a JSON object")  # noqa: TRY004  as of all that is wrong with a line
    if _is_item(members):
        return members
    inner = members.get("Item")
    if len(members) == 1 and isinstance(inner, dict) and _is_item(inner):
        return inner
    # Once more, with numbers as they were written: a float would lose their digits.
    exact = json.loads(line, parse_int=_Number, parse_float=_Number)
    return {name: _typed(value) for name, value in exact.items()}


class _Number(str):
    __slots__ = ()


def _is_item(members: dict[str, Any]) -> bool:
    for value in members.values():
        if not isinstance(value, dict) or len(value) != 1:
            return False
        ((kind, content),) = value.items()
        wanted = _CONTENTS.get(kind)
        if wanted is None or not isinstance(content, wanted):
            return False
    return True


def _typed(value: Any) -> AttributeValue:
    if isinstance(value, _Number):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, list):
        return {"L": [_typed(member) for member in value]}
    return {"M": {name: _typed(member) for name, member in value.items()}}
