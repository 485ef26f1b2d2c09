"""The second look at attribute values in a request: from converted JSON to canonical values and their sizes.

Takes what `stator.values.conversion` let pass. Complaints come in the order of the request's attributes. Parsed values share
unchanged parts with the request; neither may be changed in place.
"""

from binascii import a2b_base64
from collections.abc import Callable
from typing import Any

from stator.errors import Family, ValidationException
from stator.limits import NESTING_LEVELS_MAX
from stator.values.attribute import AttributeValue, Item
from stator.values.conversion import boolean
from stator.values.number import normalise, number_bytes, to_decimal
from stator.values.size import COLLECTION_BYTES, ELEMENT_BYTES, binary_bytes, text_bytes

ATTRIBUTE_NAME_BYTES_MAX = 65_535

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
DUPLICATE_NUMBERS = "Input collection contains duplicates"

_EMPTY_SETS = {
    "SS": f"{INVALID}An string set  may not be empty",
    "NS": f"{INVALID}An number set  may not be empty",
    "BS": f"{INVALID}Binary sets should not be empty",
}
_NULL_MEMBERS = {
    "SS": f"{INVALID}An string set may not have a null string as a member",
    "NS": f"{INVALID}An number set may not have a null number as a member",
    "BS": f"{INVALID}Binary sets may not contain null values",
}
_TYPES = frozenset(("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"))

_Parsed = tuple[AttributeValue, int]


def parse_value(raw: AttributeValue | None) -> AttributeValue:
    """The canonical form of one converted AttributeValue. Raises ValidationException."""
    return _value(raw, 1)[0]


def parse_item(raw: dict[str, Any]) -> tuple[Item, int]:
    """The canonical form of a converted map of attributes and its size in bytes. Raises ValidationException."""
    return _map(raw, 1)


def _map(raw: dict[str, Any], level: int) -> tuple[Item, int]:
    """`level` is that of the map's values: 1 for the attributes of an item."""
    size = 0
    item: Item = {}
    for name, value in raw.items():
        # Of the shapes of a value these two are by far the most frequent, so they take no further call.
        if name and value and len(value) == 1:
            if "S" in value:
                text = value["S"]
                if (
                    text.__class__ is str
                    and text.isascii()
                    and name.isascii()
                    and len(name) <= ATTRIBUTE_NAME_BYTES_MAX
                ):
                    item[name] = value
                    size += len(name) + len(text)
                    continue
        size += _name_bytes(name)
        item[name], value_size = _value(value, level)
        size += value_size
    return item, size


def _name_bytes(name: str) -> int:
    size = len(name) if name.isascii() else len(name.encode())
    if not size:
        raise ValidationException(EMPTY_NAME)
    if size > ATTRIBUTE_NAME_BYTES_MAX:
        raise ValidationException(LONG_NAME, Family.VALUE)
    return size


def _value(raw: AttributeValue | None, level: int) -> _Parsed:
    if not raw or len(raw) != 1:
        raw = _only_member(raw or {})
    ((kind, content),) = raw.items()
    parse = _PARSERS.get(kind)
    if parse is None or content is None:
        raise ValidationException(EMPTY_VALUE)
    return parse(raw, content, level)


def _only_member(raw: AttributeValue) -> AttributeValue:
    """Without members that are null or unknown, of which SDKs of other years may send any number."""
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


def _string(raw: AttributeValue, content: str, level: int) -> _Parsed:
    return raw, text_bytes(content)


def _number(raw: AttributeValue, content: str, level: int) -> _Parsed:
    text = normalise(content)
    return (raw if text is content else {"N": text}), number_bytes(text)


def _binary(raw: AttributeValue, content: str, level: int) -> _Parsed:
    return raw, binary_bytes(content)


def _bool(raw: AttributeValue, content: bool | str, level: int) -> _Parsed:
    return (raw if content is True or content is False else {"BOOL": boolean(content)}), 1


def _null(raw: AttributeValue, content: bool | str, level: int) -> _Parsed:
    if content is True:
        return raw, 1
    if not boolean(content):
        raise ValidationException(NULL_FALSE, Family.VALUE)
    return {"NULL": True}, 1


def _document(raw: AttributeValue, content: dict[str, Any], level: int) -> _Parsed:
    if content and level >= NESTING_LEVELS_MAX:
        raise ValidationException(NESTED_TOO_DEEP)
    members, size = _map(content, level + 1)
    return {"M": members}, COLLECTION_BYTES + ELEMENT_BYTES * len(members) + size


def _list(raw: AttributeValue, content: list[Any], level: int) -> _Parsed:
    if content and level >= NESTING_LEVELS_MAX:
        raise ValidationException(NESTED_TOO_DEEP)
    size = COLLECTION_BYTES + ELEMENT_BYTES * len(content)
    elements = []
    for element in content:
        value, value_size = _value(element, level + 1)
        elements.append(value)
        size += value_size
    return {"L": elements}, size


def _string_set(raw: AttributeValue, content: list[Any], level: int) -> _Parsed:
    _check_members("SS", content)
    if len(set(content)) != len(content):
        raise ValidationException(
            f"{INVALID}Input collection [{', '.join(content)}] contains duplicates.", Family.VALUE
        )
    return {"SS": sorted(content)}, sum(map(text_bytes, content))


def _number_set(raw: AttributeValue, content: list[Any], level: int) -> _Parsed:
    _check_members("NS", content)
    numbers = list(map(normalise, content))
    if len(set(numbers)) != len(numbers):
        raise ValidationException(DUPLICATE_NUMBERS, Family.VALUE)
    numbers.sort(key=to_decimal)
    return {"NS": numbers}, sum(map(number_bytes, numbers))


def _binary_set(raw: AttributeValue, content: list[Any], level: int) -> _Parsed:
    _check_members("BS", content)
    if len(set(content)) != len(content):
        raise ValidationException(
            f"{INVALID}Input collection [{', '.join(content)}]of type BS contains duplicates.", Family.VALUE
        )
    return {"BS": sorted(content, key=a2b_base64)}, sum(map(binary_bytes, content))


def _check_members(kind: str, content: list[Any]) -> None:
    if not content:
        raise ValidationException(_EMPTY_SETS[kind], Family.VALUE)
    if None in content:
        raise ValidationException(_NULL_MEMBERS[kind], Family.VALUE)


_PARSERS: dict[str, Callable[[AttributeValue, Any, int], _Parsed]] = {
    "S": _string,
    "N": _number,
    "B": _binary,
    "BOOL": _bool,
    "NULL": _null,
    "M": _document,
    "L": _list,
    "SS": _string_set,
    "NS": _number_set,
    "BS": _binary_set,
}
