"""How canonical values compare: equality of everything, order of strings, numbers and binaries of one type."""

from binascii import a2b_base64
from typing import Any

from stator.values.attribute import AttributeValue
from stator.values.number import to_decimal


def equal(a: AttributeValue, b: AttributeValue) -> bool:
    """Deep equality: numbers by value, sets without order.

    Canonical form makes it plain equality, as equal numbers have one text and equal sets one order.
    """
    return a == b


def order(a: AttributeValue, b: AttributeValue) -> int | None:
    """Negative, zero or positive as `a` comes before, with or after `b`; None when the two have no order.

    Strings compare by UTF-8 bytes, numbers by value, binaries by unsigned bytes. Values of two types, or of other
    types, have no order.
    """
    kind = next(iter(a))
    left = a[kind]
    right = b.get(kind)
    if right is None:
        return None
    if left == right:
        return 0 if kind in {"S", "N", "B"} else None
    if kind == "S":
        # Code points order as their UTF-8 bytes do.
        return -1 if left < right else 1
    if kind == "N":
        return -1 if to_decimal(left) < to_decimal(right) else 1
    if kind == "B":
        return -1 if a2b_base64(left) < a2b_base64(right) else 1
    return None


def sort_order(kind: str, content: Any) -> Any:
    """A sort key for the contents of S, N and B values of one `kind`, in DynamoDB's order."""
    if kind == "N":
        return to_decimal(content)
    if kind == "B":
        return a2b_base64(content)
    return content
