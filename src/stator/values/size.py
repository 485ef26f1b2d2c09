"""The bytes that DynamoDB counts for an item: limits, capacity and page sizes all go by these.

Names and strings count as UTF-8, binaries decoded, booleans and nulls 1, numbers by significant digits; a list or map
counts 3 and one more for each element; a set counts its members alone.
"""

from stator.values.attribute import AttributeValue, Item
from stator.values.number import number_bytes

COLLECTION_BYTES = 3  # a list or map, empty
ELEMENT_BYTES = 1  # on top, for each element in it


def text_bytes(text: str) -> int:
    """The length of a string or attribute name in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def binary_bytes(encoded: str) -> int:
    """The decoded length of strict base64."""
    return len(encoded) // 4 * 3 - encoded.count("=", -2)


def value_bytes(value: AttributeValue) -> int:
    """The bytes of a canonical value, without its name."""
    kind = next(iter(value))
    content = value[kind]
    if kind == "S":
        return text_bytes(content)
    if kind == "N":
        return number_bytes(content)
    if kind == "M":
        return COLLECTION_BYTES + ELEMENT_BYTES * len(content) + item_bytes(content)
    if kind == "L":
        return COLLECTION_BYTES + ELEMENT_BYTES * len(content) + sum(map(value_bytes, content))
    if kind == "B":
        return binary_bytes(content)
    if kind == "SS":
        return text_bytes("".join(content))
    if kind == "NS":
        return sum(map(number_bytes, content))
    if kind == "BS":
        return sum(map(binary_bytes, content))
    return 1


def item_bytes(item: Item) -> int:
    """The bytes of a canonical item, names included."""
    total = 0
    for name, value in item.items():
        total += (len(name) if name.isascii() else len(name.encode())) + value_bytes(value)
    return total
