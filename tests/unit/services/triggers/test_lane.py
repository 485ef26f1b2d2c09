"""A part of a lane on its way to a function, with time turned by hand."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.journal.mapping import Mapping, changed
from stator.journal.mappings import Mappings
from stator.services.triggers.lane import POLL_SECONDS, MappingChanged, TriggerLane, slot_of
from stator.services.triggers.target import InvocationFault
from tests.unit.journal.conftest import ACCOUNT, REGION, House
from tests.unit.services.triggers.test_batch import MAPPING


class Function:
    """Notes what it was given; fails as often as `failures` says."""

    def __init__(self) -> None:
        self.events: list[list[str]] = []
        self.failures = 0

    async def invoke(self, event: bytes) -> bytes:
        records = orjson.loads(event)["Records"]
        self.events.append([record["dynamodb"]["NewImage"].get("v", {"S": "-"})["S"] for record in records])
        if self.failures:
            self.failures -= 1
            raise InvocationFault("no")
        return b""

    async def close(self) -> None:
        return


class Scene:
    """A table with one item's lane on its way to a function."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mappings = Mappings(house.store, house.streams, house.clock)
        self.function = Function()
        self.monotonic = 0.0
        self.paused: list[float] = []

    async def begin(self, **members: Any) -> TriggerLane:
        await self.house.create()
        stream = await self.house.stream()
        self.mapping: Mapping = replace(
            MAPPING,
            account=ACCOUNT,
            region=REGION,
            stream_arn=stream.name.arn,
            **({"starting_position": "TRIM_HORIZON", "filters": ()} | members),
        )
        await self.mappings.create(self.mapping, stream)
        await self.house.put("a", v="0")
        lanes = [lane for lane in range(4) if (await self.house.journal.read(stream.journal, lane, 0)).entries]
        self.lane = lanes[0]
        return self.reader()

    def reader(self) -> TriggerLane:
        return TriggerLane(
            self.mappings,
            self.mapping,
            (self.lane, 0),
            self.function,
            pause=self._pause,
            monotonic=lambda: self.monotonic,
        )

    async def cursor(self) -> int:
        return await self.mappings.cursor(self.mapping, self.lane, 0)

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.house.clock.advance(seconds)


def play(act: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        house = await House.open()
        try:
            await act(Scene(house))
        finally:
            await house.store.close()

    asyncio.run(run())


def test_a_batch_waits_for_its_window_or_until_it_is_full() -> None:
    async def act(scene: Scene) -> None:
        reader = await scene.begin(window_seconds=5, batch_size=3)
        await reader.run_once()
        scene.monotonic = 4.9
        await scene.house.put("a", v="1")
        await reader.run_once()
        assert scene.function.events == []
        scene.monotonic = 5.0
        await reader.run_once()
        assert scene.function.events == [["0", "1"]]
        for value in "2345":
            await scene.house.put("a", v=value)
        await reader.run_once()
        await reader.run_once()
        assert scene.function.events == [["0", "1"], ["2", "3", "4"]]

    play(act)


def test_how_far_it_is_is_stored_only_after_success() -> None:
    async def act(scene: Scene) -> None:
        reader = await scene.begin()
        before = await scene.cursor()
        seen: list[int] = []
        scene.function.failures = 3

        async def pause(seconds: float) -> None:
            seen.append(await scene.cursor())

        reader._pause = pause
        await reader.run_once()
        assert scene.function.events == [["0"]] * 4
        assert seen == [before] * 3
        assert await scene.cursor() == before + 1
        found = await scene.mappings.find(ACCOUNT, REGION, scene.mapping.uuid)
        assert found is not None
        assert found.result == "OK"

    play(act)


def test_a_change_that_grows_too_old_is_given_up(tmp_path: Path) -> None:
    told = tmp_path / "told"

    async def act(scene: Scene) -> None:
        reader = await scene.begin(age_seconds_max=60, on_failure=f"file://{told}")
        scene.function.failures = 10**6
        before = await scene.cursor()
        await reader.run_once()
        assert sum(scene.paused) > 60
        assert await scene.cursor() == before + 1
        scene.function.failures = 0
        await scene.house.put("a", v="1")
        await reader.run_once()
        assert scene.function.events[-1] == ["1"]

    play(act)
    (report,) = told.read_bytes().splitlines()
    assert orjson.loads(report)["requestContext"]["condition"] == "EventAgeExceeded"


def test_nothing_is_stored_for_a_mapping_that_was_changed_or_deleted() -> None:
    async def act(scene: Scene) -> None:
        reader = await scene.begin()
        before = await scene.cursor()
        await scene.mappings.change(scene.mapping, lambda mapping: changed(mapping, 2.0, batch_size=5))
        with pytest.raises(MappingChanged):
            await reader.run_once()
        assert await scene.cursor() == before
        await scene.mappings.delete(scene.mapping)
        with pytest.raises(MappingChanged):
            await scene.reader().run_once()

    play(act)


def test_changes_of_the_next_stream_are_not_this_ones() -> None:
    async def act(scene: Scene) -> None:
        reader = await scene.begin()
        await scene.house.switch(None)
        scene.house.clock.advance(1)
        await scene.house.switch("NEW_IMAGE")
        await scene.house.put("a", v="1")
        await reader.run_once()
        await reader.run_once()
        assert scene.function.events == [["0"]]

    play(act)


def test_fewer_or_more_parts_begin_where_the_last_one_was() -> None:
    async def act(scene: Scene) -> None:
        await scene.begin(factor=2)
        for slot, cursor in ((0, 9), (1, 5)):
            assert await scene.mappings.advance(scene.mapping, scene.lane, slot, cursor, "")
        after = await scene.mappings.change(scene.mapping, lambda mapping: changed(mapping, 2.0, factor=3))
        assert after is not None
        assert [await scene.mappings.cursor(after, scene.lane, slot) for slot in range(4)] == [5, 5, 5, 0]

    play(act)


def test_all_changes_of_an_item_are_of_one_part() -> None:
    async def act(scene: Scene) -> None:
        await scene.begin()
        for number in range(60):
            await scene.house.put(f"{number % 20}", v=f"{number}")
        entries = await scene.house.entries(await scene.house.stream())
        parts: dict[str, set[int]] = {}
        for entry in entries:
            parts.setdefault(entry.keys["pk"]["S"], set()).add(slot_of(entry, 5))
        assert all(len(found) == 1 for found in parts.values())
        assert set.union(*parts.values()) == set(range(5))

    play(act)


def test_a_long_stretch_that_is_not_wanted_gives_others_their_turn_and_is_not_read_again() -> None:
    async def act(scene: Scene) -> None:
        await scene.begin(filters=('{"eventName": ["REMOVE"]}',))
        for number in range(1100):
            await scene.house.put("a", v=f"{number}")
        reader = scene.reader()
        turns = 0
        while POLL_SECONDS not in scene.paused:
            await reader.run_once()
            turns += 1
        assert scene.paused == [0] * (turns - 1) + [POLL_SECONDS]
        assert turns > 3
        assert scene.function.events == []
        assert await scene.cursor() >= 1000

    play(act)
