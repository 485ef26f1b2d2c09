"""Histories of a table, for tests: what its journal has and what its items were at every time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson

from stator.journal.record import LANES, NOBODY, Image, change
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.store import Record

TABLE = Table(
    account="123456789012",
    region="eu-west-1",
    name="Music",
    id="6d1f2f0e-0000-4000-8000-000000000000",
    created=1_750_000_000.0,
    attribute_types={"p": "S"},
    keys=KeySchema((KeyAttribute("p", "S"),)),
    space=7,
    journal_readers=("archive",),
)
BEGIN = 1_750_000_000_000

Items = dict[str, Any]


def image(item: dict[str, Any] | None) -> Image | None:
    return None if item is None else (orjson.dumps(item), len(orjson.dumps(item)))


@dataclass
class History:
    """Writes go to lanes by their keys: "0a" to lane 0."""

    now: int = BEGIN
    items: Items = field(default_factory=dict)
    states: list[tuple[int, Items]] = field(default_factory=list)  # from which millisecond on
    lanes: list[list[Record]] = field(default_factory=lambda: [[] for _ in range(LANES)])

    def write(self, key: str, value: str | None, later: int = 0) -> None:
        self.now += later
        old = self.items.get(key)
        new = None if value is None else {"p": {"S": key}, "v": {"S": value}}
        if old == new:
            return
        lane = self.lanes[int(key[0])]
        made = change(
            TABLE,
            bytes([int(key[0]) << 6]),
            {"p": {"S": key}},
            time=self.now / 1000 + 0.0001,
            images=(image(old), image(new)),
            author=NOBODY,
        )
        lane.append(Record(TABLE.space, made.shard, len(lane) + 1, made.record))
        self.items = {name: item for name, item in {**self.items, key: new}.items() if item is not None}
        self.states.append((self.now, self.items))

    def at(self, time: int) -> Items:
        return next((items for since, items in reversed(self.states) if since <= time), {})

    @property
    def ends(self) -> tuple[int, ...]:
        return tuple(len(lane) for lane in self.lanes)


def stretches(records: Sequence[Record], cuts: Sequence[int]) -> list[Sequence[Record]]:
    """The records cut in pieces, none of them empty."""
    places = [0, *sorted({cut % (len(records) + 1) for cut in cuts}), len(records)]
    return [records[low:high] for low, high in pairwise(places) if low < high]
