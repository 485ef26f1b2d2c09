"""Stage one of a request: the JSON of a member becomes the type its shape says, or a SerializationException.

Each function takes any JSON value but null (absent and null are the same to the service, and dropped before) and returns
the converted value. The texts are the service's own, wording mistakes included.
"""

import base64
import binascii
import math
from typing import Any, Final, NoReturn

from stator.errors import SerializationException

PACKAGE: Final = "com.amazonaws.dynamodb.v20120810."
UNEXPECTED_FIELD: Final = "Unexpected field type"
UNEXPECTED_VALUE: Final = "Unexpected value type in payload"
UNEXPECTED_STRUCTURE: Final = "Start of structure or map found where not expected"
# A scalar where the element of a list is a map, or the value of a map a list: Java's own words leak out.
CLASS_CAST: Final = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base "
    "of loader 'bootstrap')"
)

_TRUE: Final = frozenset(("TRUE", "1", "YES"))
_FALSE: Final = frozenset(("FALSE", "0", "NO"))


def refuse_collection(raw: object, java: str) -> None:
    """Raise when a list or an object stands where a scalar belongs; `java` is the class the service would name."""
    if isinstance(raw, list):
        raise SerializationException(f"Unrecognized collection type class {java}")
    if isinstance(raw, dict):
        raise SerializationException(UNEXPECTED_STRUCTURE)


def _refuse_token(raw: object, java: str, name: str) -> NoReturn:
    refuse_collection(raw, java)
    if raw is True:
        token = "TRUE_VALUE"
    elif raw is False:
        token = "FALSE_VALUE"
    elif isinstance(raw, int):
        token = "NUMBER_VALUE"
    elif isinstance(raw, float):
        token = "DECIMAL_VALUE"
    else:
        token = "STRING_VALUE"
    raise SerializationException(f"{token} cannot be converted to {name}")


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
    if raw is True or raw is False:
        return raw
    if type(raw) is str:
        word = raw.upper()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise SerializationException("Unexpected token received from parser")
    _refuse_token(raw, "java.lang.Boolean", "Boolean")


def to_blob(raw: object) -> str:
    """The base64 text itself, once it is known to be sound."""
    if type(raw) is not str:
        refuse_collection(raw, "java.nio.ByteBuffer")
        raise SerializationException("only base-64-encoded strings are convertible to bytes")
    if len(raw) % 4:
        raise SerializationException(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(raw)}")
    try:
        sound = base64.b64encode(base64.b64decode(raw, validate=True)).decode() == raw
    except (binascii.Error, ValueError):
        sound = False
    if not sound:
        raise SerializationException("Invalid last non-pad Base64 character dectected")
    return raw


def to_timestamp(raw: object) -> float:
    """Seconds since the epoch."""
    if type(raw) is float or type(raw) is int:
        return to_double(raw)
    _refuse_token(raw, "java.util.Date", "Timestamp")


def refuse_for_structure(raw: Any, name: str, *, nested: bool) -> NoReturn:
    """Raise for anything that is no object where structure `name` belongs; `nested` in a list or map."""
    if isinstance(raw, list):
        raise SerializationException(f"Unrecognized collection type class {PACKAGE}{name}")
    raise SerializationException(UNEXPECTED_VALUE if nested else UNEXPECTED_FIELD)


def refuse_for_list(raw: Any, *, nested: bool) -> NoReturn:
    if isinstance(raw, dict):
        raise SerializationException(UNEXPECTED_STRUCTURE)
    raise SerializationException(CLASS_CAST if nested else UNEXPECTED_FIELD)


def refuse_for_map(raw: Any, java: str, *, nested: bool) -> NoReturn:
    """`java`: the class of the map's values as Java names it."""
    if isinstance(raw, list):
        raise SerializationException(f"Unrecognized collection type java.util.Map<java.lang.String, {java}>")
    raise SerializationException(CLASS_CAST if nested else UNEXPECTED_FIELD)
