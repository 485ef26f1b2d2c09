import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.archive.chains import chain as chains
from stator.archive.chains import replay, segment
from stator.archive.chains.chain import Chain, ChainRecord, Head, NotCovered
from stator.archive.chains.replay import Step
from stator.archive.full_copy import FullCopy
from stator.archive.places.location import Location, Missing
from stator.journal.record import LANES, Boundary, decode
from tests.unit.archive.histories import BEGIN, TABLE, History, Items, stretches

KEYS = [f"{lane}{letter}" for lane in range(LANES) for letter in "ab"]
WRITES = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["x", "y", "z", None]), st.integers(0, 3)))
CUTS = st.lists(st.integers(0, 60), max_size=6)


def record_of(**members: Any) -> ChainRecord:
    return ChainRecord(TABLE, BEGIN / 1000, (0,) * LANES, **members)


def history_of(writes: Sequence[tuple[str, str | None, int]]) -> History:
    history = History()
    for key, value, later in writes:
        history.write(key, value, later)
    return history


def copy_of(items: Items, moment: int, lanes: tuple[int, ...]) -> FullCopy:
    return FullCopy(TABLE, moment / 1000, lanes, len(items), 0, ())


async def store_all(location: Location, history: History, *cuttings: Sequence[int]) -> Chain:
    """The history in segments: cut one way, then again another way, as merging and crashes leave them."""
    await location.put("c/chain.json", chains.encode(record_of(empty=True)))
    for lane in history.lanes:
        for cuts in cuttings:
            for piece in stretches(lane, cuts):
                own, body = segment.pack(piece)
                await location.put(f"c/{own.path}", body)
    await location.put("c/head.json", chains.encode_head(Head(history.now, history.ends)))
    return await chains.read(location, "c")


async def state(location: Location, chain: Chain, base: tuple[FullCopy | None, Items], time: int) -> Items:
    copy, items = base
    found = dict(items)
    async for batch in replay.changes(location, chain, copy, time):
        apply(batch, found)
    return found


def apply(batch: Sequence[Step], items: Items) -> None:
    for keys, image, _ in batch:
        if image is None:
            items.pop(keys["p"]["S"], None)
        else:
            items[keys["p"]["S"]] = image


@settings(max_examples=60, deadline=None)
@given(WRITES, CUTS, CUTS, st.integers(0, 60), st.data())
def test_a_copy_leads_to_every_time(
    writes: list[tuple[str, str | None, int]], one: list[int], other: list[int], split: int, data: st.DataObject
) -> None:
    """Whether it was made earlier or later, in the middle of the millisecond or not."""
    history = history_of(writes[:split])
    copy = copy_of(history.items, history.now, history.ends)
    items = history.items
    for key, value, later in writes[split:]:
        history.write(key, value, later)

    async def running() -> None:
        location = Location.open(f"memory://{uuid4()}")
        chain = await store_all(location, history, one, other)
        for time in data.draw(st.lists(st.integers(BEGIN, history.now), min_size=1, max_size=5)):
            assert await state(location, chain, (copy, items), time) == history.at(time)
            assert await state(location, chain, (None, {}), time) == history.at(time)

    asyncio.run(running())


@settings(max_examples=30, deadline=None)
@given(WRITES, CUTS, CUTS, st.integers(0, 40))
def test_batches_are_the_same_however_it_is_cut(
    writes: list[tuple[str, str | None, int]], one: list[int], other: list[int], done: int
) -> None:
    """And to go on in the middle leads to the same."""
    history = history_of(writes * 30)
    copy = copy_of(history.items, history.now, history.ends)
    time = (BEGIN + history.now) // 2

    async def running() -> None:
        found = []
        for cuts in (one, other):
            location = Location.open(f"memory://{uuid4()}")
            chain = await store_all(location, history, [cut * 3 for cut in cuts])
            found.append([batch async for batch in replay.changes(location, chain, copy, time)])
        assert found[0] == found[1]
        items = dict(history.items)
        for batch in [*found[0][: done % (len(found[0]) + 1)], *found[0]]:  # as if stopped and begun anew
            apply(batch, items)
        assert items == history.at(time)

    asyncio.run(running())


@settings(max_examples=30, deadline=None)
@given(WRITES, CUTS, CUTS, st.integers(-3, 70), st.integers(0, 70))
def test_entries_of_a_stretch(
    writes: list[tuple[str, str | None, int]], one: list[int], other: list[int], since: int, length: int
) -> None:
    history = history_of(writes)
    low = max(BEGIN, min(BEGIN + since, history.now))
    high = min(low + length, history.now + 1)
    wanted = [
        entry
        for lane in history.lanes
        for entry in map(decode, lane)
        if not isinstance(entry, Boundary) and low <= round(entry.time * 1000) < high
    ]

    async def running() -> None:
        location = Location.open(f"memory://{uuid4()}")
        chain = await store_all(location, history, one, other)
        assert [entry async for batch in replay.entries(location, chain, low, high) for entry in batch] == wanted

    asyncio.run(running())


def long_history() -> History:
    history = History()
    for number in range(40):
        history.write("1a", str(number), later=2)
    return history


@pytest.mark.parametrize("missing", [1, 2, 3])
@pytest.mark.parametrize("copied", [0, 15, 40])
def test_a_missing_segment_is_told_and_not_stepped_over(missing: int, copied: int) -> None:
    history = long_history()
    copy = copy_of({}, BEGIN + 2 * copied, (0, copied, 0, 0))

    async def running() -> None:
        location = Location.open(f"memory://{uuid4()}")
        whole = await store_all(location, history, [10, 20, 30])
        gone = whole.lanes[1][missing]
        await location.delete(f"c/{gone.path}")
        holed = await chains.read(location, "c")
        for time in (BEGIN + 1, BEGIN + 33, BEGIN + 75, BEGIN + 80):
            wanted = [set(way.undo + way.redo) for way in chains.ways(whole, copy, time)]
            needed = gone in wanted[1]
            if needed:
                with pytest.raises((NotCovered, Missing)):
                    _ = [batch async for batch in replay.changes(location, holed, copy, time)]
                with pytest.raises(Missing):  # it went after it was listed
                    _ = [batch async for batch in replay.changes(location, whole, copy, time)]
        with pytest.raises(NotCovered):
            _ = [batch async for batch in replay.entries(location, holed, BEGIN + 25, BEGIN + 81)]

    asyncio.run(running())


def test_what_was_pruned_is_not_asked_for() -> None:
    """Older segments than the oldest copy's moment go; that copy still leads to all that is later."""
    history = long_history()
    items = history.at(BEGIN + 50)
    copy = copy_of(items, BEGIN + 50, (0, 25, 0, 0))

    async def running() -> None:
        location = Location.open(f"memory://{uuid4()}")
        chain = await store_all(location, history, [10, 20, 30])
        for each in chain.lanes[1][:2]:
            await location.delete(f"c/{each.path}")
        chain = await chains.read(location, "c")
        for time in (BEGIN + 50, BEGIN + 51, BEGIN + 80):
            assert await state(location, chain, (copy, items), time) == history.at(time)
        with pytest.raises(NotCovered):
            await state(location, chain, (copy, items), BEGIN + 30)

    asyncio.run(running())


def test_a_time_not_sealed_yet_is_refused() -> None:
    chain = Chain("c", record_of(), Head(BEGIN + 5, (0,) * LANES), (BEGIN + 1,), ((),) * LANES)
    with pytest.raises(NotCovered):
        chains.ways(chain, None, BEGIN + 6)
    with pytest.raises(NotCovered):
        chains.ways(replace(chain, head=None), None, BEGIN)
