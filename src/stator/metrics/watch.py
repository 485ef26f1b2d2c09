"""Which keys of a table or index are used and refused most: what its meter tells while somebody wants to know."""

from typing import Final

from stator.metrics.sketch import Heaviest, Sketch

ROOM: Final = 1000
"""Keys of a sort that are told apart within a minute."""

KEPT: Final = 50
"""Of these the heaviest, which are kept."""

WRITE_WEIGHT: Final = 3.0
"""ConsumedThroughputUnits count a write unit as three read units."""

Place = tuple[bytes, bytes]
"""Partition and sort of a row; without a sort of all of them together."""

RULES: Final = ("PKC", "SKC", "PKT", "SKT")
"""Partition keys (PK) or whole keys (SK) by what they consumed (C) or how often they were throttled (T)."""


class Watch:
    """Of one minute. Without `accessed` only throttled keys are counted, without `sorts` only partition keys: those of
    tables without a sort key."""

    __slots__ = ("_accessed", "_sorts", "consumed", "consumed_items", "throttled", "throttled_items")

    def __init__(self, *, accessed: bool, sorts: bool) -> None:
        self._accessed = accessed
        self._sorts = sorts
        self.consumed: Sketch[Place] = Sketch(ROOM)
        self.consumed_items: Sketch[Place] = Sketch(ROOM)
        self.throttled: Sketch[Place] = Sketch(ROOM)
        self.throttled_items: Sketch[Place] = Sketch(ROOM)

    def follows(self, *, accessed: bool, sorts: bool) -> bool:
        """Whether it counts just that."""
        return (self._accessed, self._sorts) == (accessed, sorts)

    def fresh(self) -> "Watch":
        """One like it that has seen nothing."""
        return Watch(accessed=self._accessed, sorts=self._sorts)

    def access(self, partition: bytes, sort: bytes | None, units: float) -> None:
        """What consumed read units, or write units times WRITE_WEIGHT. None for `sort`: more than one item did."""
        if self._accessed:
            self.consumed.add((partition, b""), units)
            if self._sorts and sort is not None:
                self.consumed_items.add((partition, sort), units)

    def refuse(self, partition: bytes, sort: bytes | None) -> None:
        self.throttled.add((partition, b""), 1.0)
        if self._sorts and sort is not None:
            self.throttled_items.add((partition, sort), 1.0)

    def take(self) -> dict[str, Heaviest[Place]]:
        """What there is, by rule; what is empty is left out."""
        sketches = (self.consumed, self.consumed_items, self.throttled, self.throttled_items)
        return {rule: sketch.heaviest(KEPT) for rule, sketch in zip(RULES, sketches, strict=True) if sketch.distinct}
