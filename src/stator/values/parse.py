"""The second look at attribute values in a request: from converted JSON to canonical values and their sizes.

Takes what `stator.values.conversion` let pass. Complaints come in the order of the request's attributes. Parsed values
share unchanged parts with the request; neither may be changed in place.
"""

from binascii import a2b_base64
from decimal import Decimal
from typing import Any

from stator.errors import Family, ValidationException
from stator.limits import NESTING_LEVELS_MAX
from stator.values.attribute import AttributeValue, Item
from stator.values.conversion import boolean
from stator.values.number import normalise, number_bytes
from stator.values.size import COLLECTION_BYTES, ELEMENT_BYTES, binary_bytes, text_bytes

ATTRIBUTE_NAME_BYTES_MAX = 65_535
_SHORT_NAME = ATTRIBUTE_NAME_BYTES_MAX // 4  # characters that cannot take more bytes than that

EMPTY_VALUE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL_TYPES = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)
INVALID = "One or more parameter values were invalid: "
NULL_FALSE = f"{INVALID}Null attribute value types must have the value of true"
EMPTY_NAME = f"{INVALID}Empty attribute name"
LONG_NAME = "Attribute name is too large, must be less than 65536 bytes"
NESTED_TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)

# For each kind of set: what is said when it is empty, and when it has a null in it.
_SETS = {
    "SS": (
        f"{INVALID}An string set  may not be empty",
        f"{INVALID}An string set may not have a null string as a member",
    ),
    "NS": (
        f"{INVALID}An number set  may not be empty",
        f"{INVALID}An number set may not have a null number as a member",
    ),
    "BS": (
        f"{INVALID}Binary sets should not be empty",
        f"{INVALID}Binary sets may not contain null values",
    ),
}
_TYPES = frozenset(("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"))


def parse_value(raw: AttributeValue | None) -> AttributeValue:
    """The canonical form of one converted AttributeValue. Raises ValidationException."""
    return _value(raw, 1)[0]


def parse_item(raw: dict[str, Any]) -> tuple[Item, int]:
    """The canonical form of a converted map of attributes and its size in bytes. Raises ValidationException."""
    return _map(raw, 1)


def parse_key(raw: dict[str, Any]) -> Item:
    """The same without the size, for keys: they are short, and every read has one."""
    for name, value in raw.items():
        if value and len(value) == 1 and 0 < len(name) <= _SHORT_NAME:
            if "S" in value:
                if value["S"] is not None:
                    continue
            elif "N" in value:
                text = value["N"]
                if text is not None and normalise(text) is text:
                    continue
        return _map(raw, 1)[0]
    return raw


def _map(raw: dict[str, Any], level: int) -> tuple[Item, int]:
    """`level` is that of the map's values: 1 for an item's. Returns `raw` itself where it is canonical."""
    names = "".join(raw)  # names that are sound together are sound each
    size = len(names) if names.isascii() else len(names.encode())
    doubtful = size > ATTRIBUTE_NAME_BYTES_MAX or "" in raw
    item: Item = raw
    for name, value in raw.items():
        if doubtful:
            _check_name(name)
        # Most values are strings and numbers: measured, a call for each of them costs a quarter of an item.
        if value and len(value) == 1:
            if "S" in value:
                text = value["S"]
                if text is not None:
                    size += len(text) if text.isascii() else len(text.encode())
                    continue
            elif "N" in value:
                text = value["N"]
                if text is not None and normalise(text) is text:
                    size += number_bytes(text)
                    continue
        kept, value_bytes = _value(value, level)
        size += value_bytes
        if kept is not value:
            if item is raw:
                item = raw.copy()
            item[name] = kept
    return item, size


def _check_name(name: str) -> None:
    if not name:
        raise ValidationException(EMPTY_NAME)
    if len(name.encode()) > ATTRIBUTE_NAME_BYTES_MAX:
        raise ValidationException(LONG_NAME, Family.VALUE)


def _value(raw: AttributeValue | None, level: int) -> tuple[AttributeValue, int]:
    if not raw or len(raw) != 1:
        raw = _only_member(raw or {})
    kind = next(iter(raw))
    content = raw[kind]
    if content is None:
        raise ValidationException(EMPTY_VALUE)
    if kind == "S":
        return raw, text_bytes(content)
    if kind == "N":
        number = normalise(content)
        return (raw if number is content else {"N": number}), number_bytes(number)
    if kind == "M":
        return _document(content, level)
    if kind == "L":
        return _list(content, level)
    if kind == "BOOL":
        return (raw if content is True or content is False else {"BOOL": boolean(content)}), 1
    if kind == "NULL":
        if content is True:
            return raw, 1
        if not boolean(content):
            raise ValidationException(NULL_FALSE, Family.VALUE)
        return {"NULL": True}, 1
    if kind == "B":
        return raw, binary_bytes(content)
    if kind in _SETS:
        return _set(kind, content)
    raise ValidationException(EMPTY_VALUE)


def _only_member(raw: AttributeValue) -> AttributeValue:
    """The value without members that are null or unknown, which do not count."""
    members = {kind: content for kind, content in raw.items() if content is not None and kind in _TYPES}
    if not members:
        raise ValidationException(EMPTY_VALUE)
    if len(members) > 1:
        # A bad number is reported before the surplus type, wherever it stands.
        for kind, content in members.items():
            if kind == "N":
                normalise(content)
            elif kind == "NS":
                for member in content:
                    normalise(member or "")
        raise ValidationException(SEVERAL_TYPES)
    return members


def _document(content: dict[str, Any], level: int) -> tuple[AttributeValue, int]:
    if content and level >= NESTING_LEVELS_MAX:
        raise ValidationException(NESTED_TOO_DEEP)
    members, size = _map(content, level + 1)
    return {"M": members}, COLLECTION_BYTES + ELEMENT_BYTES * len(members) + size


def _list(content: list[Any], level: int) -> tuple[AttributeValue, int]:
    if content and level >= NESTING_LEVELS_MAX:
        raise ValidationException(NESTED_TOO_DEEP)
    size = COLLECTION_BYTES + ELEMENT_BYTES * len(content)
    level += 1
    elements = []
    for element in content:
        value, value_bytes = _value(element, level)
        elements.append(value)
        size += value_bytes
    return {"L": elements}, size


def _set(kind: str, content: list[Any]) -> tuple[AttributeValue, int]:
    empty, null_member = _SETS[kind]
    if not content:
        raise ValidationException(empty, Family.VALUE)
    if None in content:
        raise ValidationException(null_member, Family.VALUE)
    members: list[str] = [normalise(member) for member in content] if kind == "NS" else content
    if len(set(members)) != len(members):
        raise ValidationException(_duplicates(kind, content), Family.VALUE)
    if kind == "SS":
        return {"SS": sorted(members)}, text_bytes("".join(members))
    if kind == "NS":
        return {"NS": sorted(members, key=Decimal)}, sum(map(number_bytes, members))
    return {"BS": sorted(members, key=a2b_base64)}, sum(map(binary_bytes, members))


def _duplicates(kind: str, content: list[str]) -> str:
    if kind == "NS":
        return "Input collection contains duplicates"
    # Spacing and full stop as the service has them.
    of_type = "of type BS" if kind == "BS" else ""
    return f"{INVALID}Input collection [{', '.join(content)}]{of_type} contains duplicates."
