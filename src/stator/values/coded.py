"""Key attributes back from the bytes that `values.key` makes of them."""

from binascii import b2a_base64

from stator.limits import NUMBER_EXPONENT_MIN
from stator.values.attribute import AttributeValue
from stator.values.key import HASH_BYTES

_COMPLEMENT = bytes(range(255, -1, -1))
_NEGATIVE, _ZERO, _POSITIVE, _STRING, _BINARY = range(1, 6)
_END = b"\x00\x01"


def partition_values(partition: bytes) -> list[AttributeValue]:
    """The attributes of a partition key, from where its items live. Raises ValueError for other bytes."""
    return sort_values(partition[HASH_BYTES:])


def sort_values(coded: bytes) -> list[AttributeValue]:
    """The attributes of a sort key, or of any tuple. Raises ValueError for other bytes."""
    values: list[AttributeValue] = []
    place = 0
    while place < len(coded):
        tag = coded[place]
        place += 1
        if tag == _ZERO:
            values.append({"N": "0"})
        elif tag in (_STRING, _BINARY):
            end = coded.index(_END, place)
            content = coded[place:end].replace(b"\x00\xff", b"\x00")
            text = content.decode() if tag == _STRING else b2a_base64(content, newline=False).decode("ascii")
            values.append({"S" if tag == _STRING else "B": text})
            place = end + len(_END)
        elif tag in (_NEGATIVE, _POSITIVE):
            end = coded.index(b"\xff" if tag == _NEGATIVE else b"\x00", place + 1)
            magnitude, sign = coded[place:end], ""
            if tag == _NEGATIVE:
                magnitude, sign = magnitude.translate(_COMPLEMENT), "-"
            values.append({"N": _number(magnitude, sign)})
            place = end + 1
        else:
            raise ValueError("no key attribute")
    return values


def _number(magnitude: bytes, sign: str) -> str:
    exponent = magnitude[0] + NUMBER_EXPONENT_MIN
    digits = bytes(pair - 1 for pair in magnitude[1:]).hex().rstrip("0")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    fraction = digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole
