"""Streams over a whole table: what is in them through rolls, ends, new beginnings and deletions."""

import asyncio
import random

import orjson
import pytest

from stator.items.commit import Writer
from stator.journal import lineage
from stator.journal.journal import RETENTION_SECONDS
from stator.journal.lineage import Name, parse_number, render_number
from stator.journal.record import LANES
from stator.model.table import Table
from stator.services import journals
from stator.storage.store import Change, Put
from stator.tables.catalog import Edit
from stator.tables.journaling import release, require
from tests.unit.journal.conftest import ACCOUNT, REGION, House, replay

HOUR = 3600.0
Run = tuple[asyncio.Runner, House]


def _there(table: Table | None) -> Table:
    assert table is not None
    return table


@pytest.mark.parametrize("seed", range(8))
def test_records_replayed_are_the_table_whatever_happens_to_the_shards(house: Run, seed: int) -> None:
    runner, made = house

    async def run() -> None:
        rng = random.Random(seed)
        await made.create()
        for _ in range(300):
            choice = rng.random()
            if choice < 0.05:
                made.clock.advance(HOUR)
                await journals.roll_once(made.parts, made.streams, HOUR)
            elif choice < 0.4:
                await made.delete(f"k{rng.randrange(20)}")
            else:
                await asyncio.gather(*(made.put(f"k{rng.randrange(20)}", v=rng.randrange(3)) for _ in range(3)))
            made.clock.advance(rng.choice((0.0, 0.001)))
        stream = await made.stream()
        assert all(len(lane) > 5 for lane in stream.shards)
        entries = await made.entries(stream)
        stored = {orjson.dumps(item) for item in replay(entries).values()}
        assert stored == set(await made.items())

    runner.run(run())


def test_a_write_that_changes_nothing_leaves_no_record(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create()
        for _ in range(3):
            await made.put("a", x="1", y="2")
        await made.put("a", y="2", x="1")
        await made.delete("b")
        assert [entry.event for entry in await made.entries(await made.stream())] == ["INSERT"]

    runner.run(run())


def test_a_table_without_readers_has_no_journal(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create(view=None)
        await made.put("a")
        assert [await made.journal.end(made.table().space, lane) for lane in range(LANES)] == [0] * LANES

    runner.run(run())


def test_another_reader_keeps_the_journal_going(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create(view=None)
        for _ in range(2):
            await made.catalog.change(ACCOUNT, REGION, "things", lambda now: Edit(require(_there(now), "kinesis")))
        assert made.table().journal_readers == ("kinesis",)
        await made.put("a")
        await made.switch("KEYS_ONLY")
        await made.put("a", x="1")
        await made.switch(None)
        await made.put("a", x="2")
        await made.catalog.change(ACCOUNT, REGION, "things", lambda now: Edit(release(_there(now), "kinesis")))
        await made.put("a", x="3")
        read = [
            entry for lane in range(LANES) for entry in (await made.journal.read(made.table().space, lane, 0)).entries
        ]
        assert [(entry.new_image or {}).get("x") for entry in read] == [None, {"S": "1"}, {"S": "2"}]
        assert [entry.event for entry in await made.entries(await made.stream())] == ["MODIFY"]

    runner.run(run())


def test_a_stream_begun_again_has_its_own_records_only(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create()
        await made.put("first")
        await made.switch(None)
        await made.put("between")
        await made.switch("NEW_IMAGE")
        await made.put("second")
        old, new = await made.stream(0), await made.stream(1)
        assert old.name.label < new.name.label
        assert [entry.keys["pk"]["S"] for entry in await made.entries(old)] == ["first"]
        assert [entry.keys["pk"]["S"] for entry in await made.entries(new)] == ["second"]
        assert old.disabled is not None
        assert new.disabled is None
        assert all(lane[-1].ended is not None and lane[-1].end is not None for lane in old.shards)

    runner.run(run())


def test_a_stream_outlives_its_table_by_a_day_and_then_nothing_is_left(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create()
        journal = made.table().space
        await made.put("a")
        await made.delete_table()
        made.clock.advance(1)
        await made.create()  # of the same name, with a stream of its own
        await made.put("b")
        old, new = await made.stream(0), await made.stream(1)
        assert [entry.keys["pk"]["S"] for entry in await made.entries(old)] == ["a"]
        assert [entry.keys["pk"]["S"] for entry in await made.entries(new)] == ["b"]
        made.clock.advance(RETENTION_SECONDS - 2)
        await journals.trim_once(made.parts, made.streams)
        assert [entry.keys["pk"]["S"] for entry in await made.entries(await made.stream(0))] == ["a"]
        made.clock.advance(1)
        assert await made.names() == [new.name]
        assert await made.streams.find(old.name) is None
        await journals.trim_once(made.parts, made.streams)
        made.clock.advance(10)
        await journals.trim_once(made.parts, made.streams)
        assert [len(await made.store.changes(journal, lane, 0, 10)) for lane in range(LANES)] == [0] * LANES
        (row,) = await made.store.get([lineage.journal_key(journal)])
        assert row is None
        await made.put("c")
        assert (await made.stream()).name == new.name

    runner.run(run())


def test_a_table_made_anew_in_the_same_millisecond_has_a_live_stream(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create()
        await made.delete_table()
        await made.create()
        await made.put("b")
        stream = await made.stream()
        assert stream.disabled is None
        assert [entry.keys["pk"]["S"] for entry in await made.entries(stream)] == ["b"]

    runner.run(run())


def test_old_records_and_shards_go_and_sequences_go_on(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create()
        for number in range(20):
            await made.put(f"old{number}")
        made.clock.advance(HOUR)
        assert await journals.roll_once(made.parts, made.streams, HOUR) == 1
        assert await journals.roll_once(made.parts, made.streams, HOUR) == 0
        first = [lane[0].id for lane in (await made.stream()).shards]
        made.clock.advance(RETENTION_SECONDS - HOUR + 1)
        for number in range(20):
            await made.put(f"new{number}")
        await journals.trim_once(made.parts, made.streams)
        assert [lane[0].id for lane in (await made.stream()).shards] == first, "the shards ended less than a day ago"
        assert {
            entry.keys["pk"]["S"][:3]
            for lane in range(LANES)
            for entry in (await made.journal.read(made.table().space, lane, 0)).entries
        } == {"new"}
        made.clock.advance(HOUR)
        await journals.trim_once(made.parts, made.streams)
        stream = await made.stream()
        assert [len(lane) for lane in stream.shards] == [1] * LANES
        assert [lane[0].parent for lane in stream.shards] == first
        assert len(await made.entries(stream)) == 20

    runner.run(run())


def test_what_a_crash_left_to_look_up_is_looked_up(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create()
        await made.put("a")
        stream = await made.stream()
        made.clock.advance(HOUR)
        rolled, appends = lineage.roll(stream, made.clock())
        value = lineage.encode(rolled)
        put = Put(lineage.stream_key(stream.name), len(value), value)
        await made.store.transact((), lambda _: Change(puts=[put], appends=appends))
        await made.put("a", x="1")  # and nobody wrote down where the boundaries are
        found = await made.stream()
        assert not found.pending
        assert [len(lane) for lane in found.shards] == [2] * LANES
        assert [entry.event for entry in await made.entries(found)] == ["INSERT", "MODIFY"]
        (row,) = await made.store.get([lineage.stream_key(stream.name)])
        assert row is not None
        assert lineage.decode(row.value) == found

    runner.run(run())


def test_a_clock_that_was_set_back_hides_no_boundary(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        await made.create(view=None)
        made.catalog.accompany(lambda before, after: lineage.accompany(before, after, made.clock()))
        made.writer = Writer(made.store, made.catalog.latest, made.clock)  # as after a restart: nothing is steady
        await made.catalog.change(ACCOUNT, REGION, "things", lambda now: Edit(require(_there(now), "kinesis")))
        for number in range(30):
            await made.put(f"early{number}")
        await made.switch("KEYS_ONLY")
        made.clock.advance(-1000)
        for number in range(100):
            await made.put(f"set back{number}")
        read = await made.entries(await made.stream())
        assert len(read) == 100
        assert not any(entry.keys["pk"]["S"].startswith("early") for entry in read)

    runner.run(run())


def test_streams_are_listed_in_pages_and_by_table(house: Run) -> None:
    runner, made = house

    async def run() -> None:
        for name in ("abc", "abc.d", "abcd"):
            await made.create(name)
        seen: list[Name] = []
        more, after = True, None
        while more:
            names, more = await made.streams.names(ACCOUNT, REGION, table=None, after=after, count_max=1)
            seen += names
            after = names[-1]
        assert {name.table for name in seen} == {"abc", "abc.d", "abcd"}
        for name in ("abc", "abc.d", "abcd"):
            found, more = await made.streams.names(ACCOUNT, REGION, table=name, after=None, count_max=5)
            assert ([each.table for each in found], more) == ([name], False)
        assert await made.streams.names("9" * 12, REGION, table=None, after=None, count_max=5) == ([], False)

    runner.run(run())


@pytest.mark.parametrize("sequence", [1, 2, 999, 10**18])
def test_sequence_numbers_read_back_in_their_lane(sequence: int) -> None:
    number = render_number(3, sequence)
    assert 21 <= len(number) <= 40
    assert parse_number(number, 3) == sequence
    assert parse_number(number, 2) is None
    assert int(render_number(3, sequence + 1)) > int(number)


@pytest.mark.parametrize("number", ["0" * 21, "9" * 40, "x" * 25, "1" + "0" * 24, "²" * 25])
def test_what_is_no_sequence_number_is_found_out(number: str) -> None:
    assert all(parse_number(number, lane) is None for lane in range(LANES)) or number == "9" * 40
