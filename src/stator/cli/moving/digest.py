"""The sum of many items, the same in whatever order they come: what tells that two tables hold the same."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import orjson

from stator.errors import ValidationException
from stator.values.attribute import AttributeValue, Item
from stator.values.number import normalise

_MODULUS = 1 << 128


class Digest(NamedTuple):
    """How many items, and the sum of the hashes of their canonical forms."""

    items: int = 0
    sum: int = 0

    def plus(self, other: "Digest") -> "Digest":
        return Digest(self.items + other.items, (self.sum + other.sum) % _MODULUS)

    @property
    def checksum(self) -> str:
        return f"{self.sum:032x}"


def digest_of(items: Iterable[Item]) -> Digest:
    count = total = 0
    for item in items:
        count += 1
        total += int.from_bytes(blake2b(canonical_bytes(item), digest_size=16).digest())
    return Digest(count, total % _MODULUS)


def canonical_bytes(item: Item) -> bytes:
    """The same for every way of writing the item: order of members and of sets, forms of a number."""
    return orjson.dumps(
        {name: value if "S" in value else canonical(value) for name, value in item.items()},
        option=orjson.OPT_SORT_KEYS,
    )


def canonical(value: AttributeValue) -> AttributeValue:
    kind, content = next(iter(value.items()))
    if kind == "N":
        return {"N": _number(content)}
    if kind == "M":
        return {"M": {name: canonical(member) for name, member in content.items()}}
    if kind == "L":
        return {"L": [canonical(member) for member in content]}
    if kind == "NS":
        return {"NS": sorted(map(_number, content))}
    if kind in ("SS", "BS"):
        return {kind: sorted(content)}
    return value


def _number(text: str) -> str:
    try:
        return normalise(text)
    except ValidationException:  # some emulators keep what is no number of DynamoDB's
        return text
