"""The heaviest of many keys, in memory that does not grow: frequent items after Misra and Gries, with weights.

There is room for a number of keys. Once it is full, what the middle one of them weighs is taken off each, and those
that are left with nothing make room. So what is told of a key may be too little, never too much, and too little by at
most twice the sum of all weights divided by the number of keys there is room for.
"""

from collections.abc import Hashable, Iterable, Mapping
from heapq import nlargest
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Heaviest(NamedTuple, Generic[Key]):
    """What a sketch, or several, found: keys by weight, the heaviest first; all weights together; how many keys at
    least there were; by how much a weight may be too little."""

    weights: Mapping[Key, float]
    total: float
    distinct: int
    error: float


class Sketch(Generic[Key]):
    __slots__ = ("_room", "_weights", "distinct", "error", "total")

    def __init__(self, room: int) -> None:
        self._room = room
        self._weights: dict[Key, float] = {}
        self.total = 0.0
        self.distinct = 0  # keys that came in; those that were dropped and came again count again
        self.error = 0.0

    def add(self, key: Key, weight: float) -> None:
        weights = self._weights
        self.total += weight
        if key in weights:
            weights[key] += weight
            return
        if len(weights) >= self._room:
            self._make_room()
            weights = self._weights
        weights[key] = weight
        self.distinct += 1

    def heaviest(self, number: int) -> Heaviest[Key]:
        """The first `number` of them."""
        found = nlargest(number, self._weights.items(), key=lambda item: item[1])
        return Heaviest(dict(found), self.total, self.distinct, self.error)

    def _make_room(self) -> None:
        cut = sorted(self._weights.values())[len(self._weights) // 2]
        self.error += cut
        self._weights = {key: weight - cut for key, weight in self._weights.items() if weight > cut}


def add_up(parts: Iterable[Heaviest[Key]], number: int) -> Heaviest[Key]:
    """What several sketches found, as one."""
    weights: dict[Key, float] = {}
    total = error = 0.0
    distinct = 0
    for part in parts:
        total += part.total
        error += part.error
        distinct = max(distinct, part.distinct)
        for key, weight in part.weights.items():
            weights[key] = weights.get(key, 0.0) + weight
    found = nlargest(number, weights.items(), key=lambda item: item[1])
    return Heaviest(dict(found), total, max(distinct, len(weights)), error)
