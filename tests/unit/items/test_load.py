"""Loading items in bulk leaves what single writes would leave."""

import asyncio
import random
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.errors import InternalServerError, ResourceNotFoundException, ValidationException
from stator.items import load as loading
from stator.items.commit import Writer
from stator.items.examine import examine
from stator.items.keys import item_key
from stator.items.load import Loaded, absent, load, loaded, loaded_row
from stator.journal.record import LANES
from stator.model.table import Table, TimeToLive
from stator.storage.failure import StoreBusy, StoreFailure
from stator.storage.store import Key, Store
from stator.values.attribute import Item
from stator.values.parse import parse_item
from tests.unit.items.conftest import Make, Running, index, item, put


def rows_of(running: Running, table: Table) -> dict[str, Any]:
    return {orjson.loads(row.value)["pk"]["S"]: orjson.loads(row.value) for row in running.rows(table.space)}


def faults(running: Running, table: Table) -> list[str]:
    async def look() -> list[str]:
        return [fault async for fault in examine(running.store, table)]

    return running.run(look())


def changes(table: Table, items: list[Item]) -> list[Loaded]:
    return [loaded(table, one) for one in items]


def test_loaded_items_are_there_with_their_entries(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "", index("G", "g:S"), index("H", "g:S", "n:N", projection="KEYS_ONLY"))
    (space,) = running.spaces(1)
    of = replace(of, time_to_live=TimeToLive("e", enabled=True, changed=0.0, space=space, filled=True))
    items = [item(pk=f"{number}", g=f"g{number % 7}", n=number, e=number + 10) for number in range(3000)]
    items += [item(pk="bare"), item(pk="long", g="g" * 2000, v="x" * 300_000)]
    running.run(load(running.writer, of, changes(of, items)))
    assert rows_of(running, of) == {one["pk"]["S"]: one for one in items}
    assert len(running.rows(of.indexes[0].space)) == 3001
    assert len(running.rows(space)) == 3000
    assert faults(running, of) == []
    running.run(load(running.writer, of, changes(of, items)))  # twice does no harm
    assert faults(running, of) == []


def test_of_several_changes_of_one_item_the_last_counts(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "", index("G", "g:S"))
    steps = []
    for number in range(400):
        steps.append(loaded(of, item(pk="a", g=f"{number}")))
        steps.append(absent(of, item(pk="b")) if number % 2 else loaded(of, item(pk="b", g="x")))
        steps.append(loaded(of, item(pk="c", g="x")) if number % 2 else absent(of, item(pk="c", other=1)))
    running.run(load(running.writer, of, steps))
    assert rows_of(running, of) == {"a": item(pk="a", g="399"), "c": item(pk="c", g="x")}
    assert faults(running, of) == []


def test_what_is_there_is_replaced_or_goes(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "", index("G", "g:S"))
    for one in (item(pk="a", g="old"), item(pk="b", g="old")):
        running.run(running.writer.commit(put(of, one)))
    running.run(load(running.writer, of, [loaded(of, item(pk="a", g="new")), absent(of, item(pk="b"))]))
    assert rows_of(running, of) == {"a": item(pk="a", g="new")}
    assert faults(running, of) == []


def test_a_journaled_table_tells_of_what_was_loaded(running: Running, make_table: Make) -> None:
    of = replace(make_table(), journal_readers=("archive",))
    running.run(load(running.writer, of, changes(of, [item(pk=f"{number}") for number in range(50)])))

    async def count() -> int:
        return sum([len(await running.store.changes(of.space, lane, 0, 1000)) for lane in range(LANES)])

    assert running.run(count()) == 50


def test_a_stored_row_is_loaded_as_it_was(make_table: Make) -> None:
    of = make_table("pk:S", "sk:N")
    one, size = parse_item({"pk": {"S": "a"}, "sk": {"N": "1.50"}, "s": {"SS": ["b", "a"]}})
    assert loaded_row(of, orjson.dumps(one)) == Loaded(item_key(of, one), one, size)
    assert absent(of, one) == Loaded(item_key(of, one), None, 0)
    with pytest.raises(ValidationException, match="Missing the key sk"):
        loaded(of, item(pk="a"))


def test_slices_hold_up_the_loop_for_a_short_time_each(
    running: Running, make_table: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = make_table()
    sizes: list[int] = []
    seconds_each = 0.0001

    async def timed(self: Writer, writes: Any) -> float:
        sizes.append(len(writes))
        return len(writes) * seconds_each

    monkeypatch.setattr(Writer, "commit_timed", timed)
    items = changes(of, [item(pk=f"{number}") for number in range(1000)])
    running.run(load(running.writer, of, items))
    assert max(sizes) == loading.BUSY_SECONDS / seconds_each == 20
    assert sum(sizes) == 1000
    sizes.clear()
    seconds_each = 1.0  # however slow, it goes on
    running.run(load(running.writer, of, items[:100]))
    assert sizes[-1] == loading.SLICE_ITEMS_MIN
    sizes.clear()
    seconds_each = 0.0
    running.run(load(running.writer, of, items * 3))
    assert max(sizes) == loading.SLICE_ITEMS_MAX


def test_large_items_make_small_slices(running: Running, make_table: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    of = make_table()
    sizes: list[int] = []

    async def timed(self: Writer, writes: Any) -> float:
        sizes.append(len(writes))
        return 0.0

    monkeypatch.setattr(Writer, "commit_timed", timed)
    items = [Loaded(Key(of.space, bytes([number]), b""), item(pk="a"), 400_000) for number in range(40)]
    running.run(load(running.writer, of, items))
    assert max(sizes) == 3


class Faulty:
    def __init__(self, error: Exception, good: int) -> None:
        self.error = error
        self.good = good

    async def transact(self, keys: Any, decide: Any) -> Any:
        await asyncio.sleep(0)
        self.good -= 1
        if self.good < 0:
            raise self.error
        return decide([None] * len(keys)).result


@pytest.mark.parametrize("good", [0, 1, 5])
def test_a_failure_of_the_store_is_told(make_table: Make, good: int) -> None:
    of = make_table()
    writer = Writer(Faulty(StoreFailure("x"), good))  # type: ignore[arg-type]
    items = changes(of, [item(pk=f"{number}") for number in range(1000)])

    async def main() -> None:
        with pytest.raises(InternalServerError):
            await load(writer, of, items)
        assert len(asyncio.all_tasks()) == 1  # nothing is left behind

    asyncio.run(main())


class Busy:
    """A store that is too busy now and then."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._rng = random.Random(seed)
        self.refused = 0

    async def transact(self, keys: Any, decide: Any) -> Any:
        if self._rng.random() < 0.5:
            self.refused += 1
            raise StoreBusy("too much")
        return await self._store.transact(keys, decide)


def test_a_busy_store_is_waited_for_and_the_order_kept(
    running: Running, make_table: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_BUSY_PAUSE_SECONDS", 0.0)
    refused = 0
    for seed in range(10):
        of = make_table()
        store = Busy(running.store, seed)
        steps = [loaded(of, item(pk=f"{number % 7}", v=number)) for number in range(100)]
        running.run(load(Writer(store), of, steps))  # type: ignore[arg-type]
        assert rows_of(running, of) == {
            f"{number % 7}": item(pk=f"{number % 7}", v=number) for number in range(93, 100)
        }
        refused += store.refused
    assert refused > 10


def test_a_table_that_is_gone_is_told(running: Running, make_table: Make) -> None:
    of = make_table()
    running.run(running.store.drop_space(of.space))
    with pytest.raises(ResourceNotFoundException):
        running.run(load(running.writer, of, changes(of, [item(pk="a")])))
