"""Pages over a real store in memory."""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from stator.items.key_range import KeyRange
from stator.items.page import View, read_page
from stator.items.read import Span, Stretch
from stator.items.segment import segment_bounds
from stator.items.start_key import position
from stator.limits import PAGE_BYTES_MAX
from stator.model.table import Index, Table
from stator.values.attribute import Item
from stator.values.key import partition_bytes
from stator.values.size import item_bytes
from tests.unit.items.conftest import Make, Running, index, item, put


@dataclass(frozen=True, slots=True)
class Even:
    """A filter: n is even."""

    def holds(self, item: Item) -> bool:
        return int(item["n"]["N"]) % 2 == 0


def _only_n(one: Item) -> Item:
    return {"n": one["n"]}


def _fill(running: Running, of: Table, count: int, **more: Any) -> list[Item]:
    items = [item(pk="p", sk=n, n=n, **more) for n in range(count)]
    running.run(running.writer.commit_all([put(of, one) for one in items]))
    return items


def _span(of: Table, of_index: Index | None = None, *, reverse: bool = False, after: Item | None = None) -> Span:
    space = of.space if of_index is None else of_index.space
    start = None if after is None else position(of, of_index, after).sort
    whole = KeyRange(({"S": "p"},), (), partition_bytes([{"S": "p"}]), None, None)
    return whole.span(space, reverse=reverse, start=start)


def _numbers(texts: list[bytes]) -> list[int]:
    return [int(orjson.loads(text)["n"]["N"]) for text in texts]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 4, 12, 13])
def test_pages_add_up_to_the_collection(running: Running, make_table: Make, limit: int, reverse: bool) -> None:
    of = make_table("pk:S", "sk:N")
    _fill(running, of, 12)
    seen: list[int] = []
    pages = 0
    after: Item | None = None
    while True:
        view = View(of, rows_max=limit)
        page = running.run(read_page(running.reader, _span(of, reverse=reverse, after=after), view))
        assert page.scanned == page.matched == len(page.items) <= limit
        seen += _numbers(page.items)
        pages += 1
        after = page.last_key
        if after is None:
            break
        assert after == item(pk="p", sk=seen[-1])
    assert seen == sorted(range(12), reverse=reverse)
    # A page that was cut by its limit has a last key, even if nothing follows.
    assert pages == 12 // limit + 1


def test_rows_wanted_whole_are_answered_by_their_bytes(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "sk:N")
    _fill(running, of, 3, text="é")
    page = running.run(read_page(running.reader, _span(of), View(of)))
    assert page.items == [row.value for row in running.rows(of.space)]


@pytest.mark.parametrize("consistent", [True, False])
def test_limit_and_capacity_count_what_was_scanned(running: Running, make_table: Make, consistent: bool) -> None:
    of = make_table("pk:S", "sk:N")
    items = _fill(running, of, 10, fill="x" * 1000)
    view = View(of, condition=Even(), project=_only_n, rows_max=9, consistent=consistent)
    page = running.run(read_page(running.reader, _span(of), view))
    assert [orjson.loads(text) for text in page.items] == [item(n=n) for n in (0, 2, 4, 6, 8)]
    assert (page.matched, page.scanned) == (5, 9)
    assert page.last_key == item(pk="p", sk=8)
    units = -(-sum(map(item_bytes, items[:9])) // 4096)
    assert (page.table_units, page.index_units) == (units if consistent else units / 2, {})


def test_the_byte_limit_includes_the_row_that_crosses_it(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "sk:N")
    items = _fill(running, of, 4, fill="x" * 399_000)
    view = View(of, condition=Even())
    page = running.run(read_page(running.reader, _span(of), view))
    sizes = [item_bytes(one) for one in items]
    assert sum(sizes[:2]) < PAGE_BYTES_MAX <= sum(sizes[:3])
    assert (page.scanned, _numbers(page.items)) == (3, [0, 2])
    assert page.last_key == item(pk="p", sk=2)


@pytest.mark.parametrize(
    "view", [{}, {"condition": Even()}, {"project": _only_n}, {"condition": Even(), "project": _only_n}]
)
def test_counting_shows_nothing(running: Running, make_table: Make, view: dict[str, Any]) -> None:
    of = make_table("pk:S", "sk:N")
    _fill(running, of, 5)
    page = running.run(read_page(running.reader, _span(of), View(of, count_only=True, **view)))
    assert (page.items, page.matched, page.scanned) == ([], 3 if "condition" in view else 5, 5)


@pytest.mark.parametrize(("consistent", "units"), [(True, 1.0), (False, 0.5)])
def test_an_empty_page(running: Running, make_table: Make, consistent: bool, units: float) -> None:
    of = make_table("pk:S", "sk:N")
    page = running.run(read_page(running.reader, _span(of), View(of, consistent=consistent)))
    assert page == ([], 0, 0, None, units, {}, 0)


def test_an_index_has_its_own_last_key_and_units(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "sk:N", index("L", "pk:S", "n:N", projection="KEYS_ONLY", local=True))
    _fill(running, of, 3, fill="x" * 5000)
    (local,) = of.indexes
    page = running.run(read_page(running.reader, _span(of, local), View(of, local, rows_max=2)))
    assert [orjson.loads(text) for text in page.items] == [item(pk="p", sk=n, n=n) for n in (0, 1)]
    assert page.last_key == item(pk="p", n=1, sk=1)
    assert (page.table_units, page.index_units) == (0.0, {"L": 0.5})
    rest = running.run(read_page(running.reader, _span(of, local, after=page.last_key), View(of, local)))
    assert _numbers(rest.items) == [2]


def test_a_local_index_reads_the_whole_items_behind_it(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "sk:N", index("L", "pk:S", "n:N", projection="KEYS_ONLY", local=True))
    items = _fill(running, of, 3, fill="x" * 9000)
    (local,) = of.indexes
    view = View(of, local, condition=Even(), fetch=True)
    page = running.run(read_page(running.reader, _span(of, local), view))
    assert [orjson.loads(text) for text in page.items] == [items[0], items[2]]
    # Each row fetched costs for itself: three of 9 KB, eventually consistent.
    assert (page.scanned, page.table_units, page.index_units) == (3, 4.5, {"L": 0.5})


@pytest.mark.parametrize("segments", [1, 2, 7, 1_000_000])
def test_segments_add_up_to_the_table(running: Running, make_table: Make, segments: int) -> None:
    of = make_table()
    items = [item(pk=f"p{n}", n=n) for n in range(40)]
    running.run(running.writer.commit_all([put(of, one) for one in items]))
    hashes = [int.from_bytes(row.partition[:8], "big") for row in running.rows(of.space)]
    wanted = range(segments) if segments < 100 else sorted({one * segments >> 64 for one in hashes})
    seen: list[int] = []
    for segment in wanted:
        where = Stretch(of.space, *segment_bounds(segment, segments), None)
        seen += _numbers(running.run(read_page(running.reader, where, View(of))).items)
    assert sorted(seen) == list(range(40))


def test_a_scan_goes_on_where_it_stopped(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "sk:N", index("G", "g:S"))
    items = [item(pk=f"p{n % 5}", sk=n, n=n, g=f"g{n % 3}") for n in range(20)]
    running.run(running.writer.commit_all([put(of, one) for one in items]))
    for of_index in (None, of.indexes[0]):
        space = of.space if of_index is None else of_index.space
        seen: list[int] = []
        after: Item | None = None
        while True:
            start = None if after is None else position(of, of_index, after)
            view = View(of, of_index, rows_max=3)
            page = running.run(read_page(running.reader, Stretch(space, b"", None, start), view))
            seen += _numbers(page.items)
            after = page.last_key
            if after is None:
                break
        assert sorted(seen) == list(range(20))
