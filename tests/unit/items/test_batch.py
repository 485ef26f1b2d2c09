"""Reading many keys within the size of one answer."""

import orjson
import pytest

from stator.items.batch import Room, read_batch
from stator.items.keys import item_key
from stator.storage.store import Key
from stator.values.attribute import Item
from stator.values.size import item_bytes
from tests.unit.items.conftest import Make, Running, item, put


@pytest.mark.parametrize(
    ("numbers", "room", "found", "taken", "units"),
    [
        ([1, 2, 3], 10_000, [1, 2, 3], 3, 3.0),
        ([3, 1], 10_000, [3, 1], 2, 2.0),
        ([1, 9, 2], 10_000, [1, 2], 3, 3.0),
        ([9], 10_000, [], 1, 1.0),
        ([1, 1, 2], 10_000, [1, 2], 3, 3.0),  # 1 and 1.0 of BatchGetItem: read twice, answered once
        ([1, 2, 3], 2 * 1000, [1, 2], 2, 2.0),
        ([1, 2, 3], 2 * 1000 - 1, [1], 1, 1.0),
        ([1, 2, 3], 0, [], 0, 0.0),
    ],
)
def test_keys_are_read_until_the_room_is_used_up(
    running: Running, make_table: Make, numbers: list[int], room: int, found: list[int], taken: int, units: float
) -> None:
    of = make_table("pk:N")
    items = {n: _item(n) for n in (1, 2, 3)}
    running.run(running.writer.commit_all([put(of, one) for one in items.values()]))
    keys = [item_key(of, item(pk=n)) for n in numbers]
    batch = running.run(read_batch(running.reader, keys, Room(room), Counted(), consistent=True))
    assert [orjson.loads(text) for text in batch.values] == [items[n] for n in found]
    assert (batch.left, batch.units) == ([*range(taken, len(keys))], units)


class Counted:
    """Admits every key but one."""

    def __init__(self, refused: Key | None = None) -> None:
        self.refused = refused
        self.charged: list[tuple[Key, float]] = []

    def admits(self, key: Key) -> bool:
        return key != self.refused

    def charge(self, key: Key, units: float) -> None:
        self.charged.append((key, units))


def _item(n: int) -> Item:
    """Of 1,000 bytes."""
    return item(pk=n, fill="x" * (1000 - item_bytes(item(pk=n, fill=""))))


def test_units_round_for_each_item(running: Running, make_table: Make) -> None:
    of = make_table("pk:N")
    items = [item(pk=n, fill="x" * size) for n, size in enumerate((10, 5000))]
    running.run(running.writer.commit_all([put(of, one) for one in items]))
    keys = [item_key(of, one) for one in items]
    assert running.run(read_batch(running.reader, keys, Room(), Counted(), consistent=False)).units == 0.5 + 1.0


def test_the_room_is_shared_by_the_tables_of_a_request(running: Running, make_table: Make) -> None:
    tables = make_table("pk:N"), make_table("pk:N")
    for of in tables:
        running.run(running.writer.commit_all([put(of, _item(n)) for n in (1, 2)]))
    room = Room(3000)
    left = []
    for of in tables:
        keys = [item_key(of, item(pk=n)) for n in (1, 2)]
        left.append(running.run(read_batch(running.reader, keys, room, Counted(), consistent=True)).left)
    assert left == [[], [1]]


def test_a_read_that_is_not_admitted_is_left_and_costs_nothing(running: Running, make_table: Make) -> None:
    of = make_table("pk:N")
    running.run(running.writer.commit_all([put(of, _item(n)) for n in (1, 2, 3)]))
    keys = [item_key(of, item(pk=n)) for n in (1, 2, 3)]
    till = Counted(refused=keys[1])
    batch = running.run(read_batch(running.reader, keys, Room(), till, consistent=True))
    assert (len(batch.values), batch.left, batch.units) == (2, [1], 2.0)
    assert till.charged == [(keys[0], 1.0), (keys[2], 1.0)]
