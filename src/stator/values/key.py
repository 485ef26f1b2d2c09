"""Key attributes as bytes whose order is the order of the keys.

One key attribute is coded as

    S   04, UTF-8 with 00 written as 00 FF, 00 01
    B   05, bytes with 00 written as 00 FF, 00 01
    N   negative  01, FF minus each byte of the magnitude
        zero      02
        positive  03, the magnitude
    magnitude: decimal exponent + 130 in one byte, the significant digits two to a byte in BCD + 1 each, 00

and a tuple of attributes as the concatenation of its elements. No code is a prefix of another, so codes of tuples sort
as the tuples do, a shorter tuple's code is a prefix of every longer tuple that begins with it, and everything with the
leading elements `t` lies in `[sort_bytes(t), prefix_upper(sort_bytes(t)))`. A table's sort key is the tuple of one.
"""

from binascii import a2b_base64
from collections.abc import Sequence
from hashlib import blake2b

from stator.limits import NUMBER_EXPONENT_MIN
from stator.values.attribute import AttributeValue
from stator.values.number import number_bytes
from stator.values.size import binary_bytes, text_bytes

HASH_BYTES = 8

_NEGATIVE, _ZERO, _POSITIVE, _STRING, _BINARY = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_END = b"\x00\x01"

# The exponents of numbers, -130 to 125, are just the values of a byte. BCD pairs are 00 to 99, so + 1 leaves 00 for the
# end.
_PAIRS = bytes((value + 1) % 256 for value in range(256))
_COMPLEMENT = bytes(range(255, -1, -1))


def partition_bytes(values: Sequence[AttributeValue]) -> bytes:
    """Where an item lives: a stable 8-byte hash of the partition key attributes, then the attributes themselves."""
    return hashed(_element(values[0]) if len(values) == 1 else b"".join(map(_element, values)))


def hashed(coded: bytes) -> bytes:
    """The same, of attributes that are coded already."""
    return blake2b(coded, digest_size=HASH_BYTES).digest() + coded


def sort_bytes(values: Sequence[AttributeValue]) -> bytes:
    """The place of an item in its partition, from its sort key attributes; empty for none."""
    return _element(values[0]) if len(values) == 1 else b"".join(map(_element, values))


def index_sort_bytes(index_range_values: Sequence[AttributeValue], table_key_values: Sequence[AttributeValue]) -> bytes:
    """The place of an index entry in its partition: by index sort key, entries of equal ones by the item's own key."""
    return sort_bytes([*index_range_values, *table_key_values])


def sort_prefix(values: Sequence[AttributeValue], last_prefix: AttributeValue) -> bytes:
    """What all tuples begin with that have `values` first and then a string or binary beginning with `last_prefix`."""
    return sort_bytes(values) + _element(last_prefix)[: -len(_END)]


def prefix_upper(prefix: bytes) -> bytes | None:
    """The smallest bytes greater than everything that begins with `prefix`; None when there are none."""
    stripped = prefix.rstrip(b"\xff")
    if not stripped:
        return None
    return stripped[:-1] + bytes((stripped[-1] + 1,))


def key_value_bytes(value: AttributeValue) -> int:
    """The length of a key attribute as its limits count it: UTF-8, decoded, or size of the number."""
    ((kind, content),) = value.items()
    if kind == "S":
        return text_bytes(content)
    if kind == "B":
        return binary_bytes(content)
    return number_bytes(content)


def _element(value: AttributeValue) -> bytes:
    kind = next(iter(value))
    return element_bytes(kind, value[kind])


def element_bytes(kind: str, content: str) -> bytes:
    """One key attribute, of type S, N or B."""
    data: bytes
    if kind == "N":
        return _number(content)
    if kind == "S":
        data = content.encode()
        tag = _STRING
    else:
        data = a2b_base64(content)
        tag = _BINARY
    if b"\x00" in data:
        data = data.replace(b"\x00", b"\x00\xff")
    return tag + data + _END


def _number(text: str) -> bytes:
    if text == "0":
        return _ZERO
    negative = False
    if text.isdigit():  # as most are
        digits = text.rstrip("0")
        exponent = len(text) - 1
    else:
        negative = text[0] == "-"
        whole, _, fraction = text[negative:].partition(".")
        if whole == "0":
            digits = fraction.lstrip("0")
            exponent = len(digits) - len(fraction) - 1
        else:
            digits = whole + fraction if fraction else whole.rstrip("0")
            exponent = len(whole) - 1
    pairs: bytes = bytes.fromhex(digits + "0" if len(digits) % 2 else digits).translate(_PAIRS)
    magnitude = bytes((exponent - NUMBER_EXPONENT_MIN,)) + pairs + b"\x00"
    return _NEGATIVE + magnitude.translate(_COMPLEMENT) if negative else _POSITIVE + magnitude
