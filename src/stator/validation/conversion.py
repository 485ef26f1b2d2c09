"""Stage one of a request: the JSON of a member becomes the type its shape says, or a SerializationException.

Each function takes any JSON value but null (absent and null are the same to the service, and dropped before) and
returns the converted value. The texts are the service's own; those that attribute values share are in `stator.values`.
"""

import math
from typing import Any, Final, NoReturn

from stator.errors import SerializationException
from stator.values.conversion import FIELD_SCALAR, NESTED_SCALAR, STRUCTURE, VALUE_SCALAR, boolean, check_binary

PACKAGE: Final = "com.amazonaws.dynamodb.v20120810."


def refuse_collection(raw: object, java: str) -> None:
    """Raise when a list or an object stands where a scalar belongs; `java` is the class the service would name."""
    if isinstance(raw, list):
        raise SerializationException(f"Unrecognized collection type class {java}")
    if isinstance(raw, dict):
        raise SerializationException(STRUCTURE)


def _refuse_token(raw: object, java: str, name: str) -> NoReturn:
    refuse_collection(raw, java)
    if isinstance(raw, bool):
        found = "TRUE_VALUE" if raw else "FALSE_VALUE"
    elif isinstance(raw, int):
        found = "NUMBER_VALUE"
    else:
        found = "DECIMAL_VALUE" if isinstance(raw, float) else "STRING_VALUE"
    raise SerializationException(f"{found} cannot be converted to {name}")


def to_string(raw: object) -> str:
    if type(raw) is str:
        return raw
    _refuse_token(raw, "java.lang.String", "String")


def _to_whole(raw: object, name: str, bits: int) -> int:
    # bool is an int to Python, so the exact type counts.
    if type(raw) is int:
        whole = raw
    elif type(raw) is float and math.isfinite(raw):
        whole = math.floor(raw)
    else:
        _refuse_token(raw, f"java.lang.{name}", name)
    if not -(1 << bits) <= whole < 1 << bits:
        raise SerializationException(f"NUMBER_VALUE cannot be converted to {name}")
    return whole


def to_integer(raw: object) -> int:
    return _to_whole(raw, "Integer", 31)


def to_long(raw: object) -> int:
    return _to_whole(raw, "Long", 63)


def to_double(raw: object) -> float:
    if type(raw) is float or type(raw) is int:
        try:
            return float(raw)
        except OverflowError:
            return math.inf if raw > 0 else -math.inf
    _refuse_token(raw, "java.lang.Double", "Double")


def to_boolean(raw: object) -> bool:
    return raw if raw is True or raw is False else boolean(raw)


def to_blob(raw: object) -> str:
    """The base64 text itself, once it is known to be sound."""
    check_binary(raw)
    return str(raw)


def to_timestamp(raw: object) -> float:
    """Seconds since the epoch."""
    if type(raw) is float or type(raw) is int:
        return to_double(raw)
    _refuse_token(raw, "java.util.Date", "Timestamp")


def refuse_for_structure(raw: Any, name: str, *, nested: bool) -> NoReturn:
    """Raise for anything that is no object where structure `name` belongs; `nested` in a list or map."""
    if isinstance(raw, list):
        raise SerializationException(f"Unrecognized collection type class {PACKAGE}{name}")
    raise SerializationException(VALUE_SCALAR if nested else FIELD_SCALAR)


def refuse_for_list(raw: Any, *, nested: bool) -> NoReturn:
    if isinstance(raw, dict):
        raise SerializationException(STRUCTURE)
    raise SerializationException(NESTED_SCALAR if nested else FIELD_SCALAR)


def refuse_for_map(raw: Any, java: str, *, nested: bool) -> NoReturn:
    """`java`: the class of the map's values as Java names it."""
    if isinstance(raw, list):
        raise SerializationException(f"Unrecognized collection type java.util.Map<java.lang.String, {java}>")
    raise SerializationException(NESTED_SCALAR if nested else FIELD_SCALAR)
