"""What is said of chains: the times they lead to, and what is missing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from stator.archive import mark
from stator.archive.chains import chain as chains
from stator.archive.chains import segment
from stator.archive.chains.chain import Chain, ChainRecord, Head
from stator.archive.places.location import Location
from stator.archive.verify import Finding, State, verify
from stator.model.table import Recovery
from tests.unit.archive.histories import BEGIN, TABLE, History

PREFIX = chains.prefix_of(TABLE)


def history() -> History:
    made = History()
    for number in range(60):
        made.write(f"{number % 2}{number % 5}", f"v{number}", later=10)
    return made


async def kept(place: Location, made: History) -> Chain:
    """A chain of segments with ten records each, and whatever is left."""
    record = ChainRecord(TABLE, BEGIN / 1000, (0,) * len(made.lanes), empty=True)
    await place.put(f"{PREFIX}/{chains.RECORD}", chains.encode(record))
    for lane in made.lanes:
        for start in range(0, len(lane), 10):
            each, body = segment.pack(lane[start : start + 10])
            await place.put(f"{PREFIX}/{each.path}", body)
    await place.put(f"{PREFIX}/{chains.HEAD}", chains.encode_head(Head(made.now, made.ends)))
    return await chains.read(place, PREFIX)


def run(test: Callable[[Location, Chain], Awaitable[Any]]) -> None:
    async def running() -> None:
        place = Location.open(f"memory://{uuid4()}")
        await mark.inscribe(place, 1.0)
        await test(place, await kept(place, history()))

    asyncio.run(running())


async def told(place: Location) -> list[Finding]:
    return [finding async for finding in verify(place) if finding.path != mark.NAME]


def test_a_whole_chain_says_which_times_it_leads_to() -> None:
    async def body(place: Location, chain: Chain) -> None:
        (finding,) = await told(place)
        assert finding == Finding(
            State.WHOLE,
            PREFIX,
            "changes of table 123456789012/eu-west-1/Music from 2025-06-15T15:06:40Z to 2025-06-15T15:06:40Z",
        )

    run(body)


@pytest.mark.parametrize(("lane", "number"), [(0, 0), (0, 1), (0, 2), (1, 1)])
def test_a_segment_that_is_missing(lane: int, number: int) -> None:
    async def body(place: Location, chain: Chain) -> None:
        await place.delete(f"{PREFIX}/{chain.lanes[lane][number].path}")
        if number == 0:  # pruned: older than any time that is covered, as far as one can see
            assert [finding.state for finding in await told(place)] == [State.WHOLE]
            return
        (finding,) = await told(place)
        first = number * 10 + 1
        text = f"{PREFIX} lacks the changes {first} to {first + 9} of lane {lane}"
        assert finding == Finding(State.FAULT, PREFIX, text)

    run(body)


def test_the_first_segment_of_a_table_under_recovery_that_had_no_items_before() -> None:
    async def body(place: Location, chain: Chain) -> None:
        table = replace(TABLE, recovery=Recovery(BEGIN / 1000, 35))
        await place.put(f"{PREFIX}/{chains.RECORD}", chains.encode(replace(chain.record, table=table)))
        assert [finding.state for finding in await told(place)] == [State.WHOLE]
        await place.delete(f"{PREFIX}/{chain.lanes[1][0].path}")
        (finding,) = await told(place)
        assert finding == Finding(State.FAULT, PREFIX, f"{PREFIX} lacks the changes 1 to 10 of lane 1")

    run(body)


def test_a_segment_that_is_damaged() -> None:
    async def body(place: Location, chain: Chain) -> None:
        path = f"{PREFIX}/{chain.lanes[1][1].path}"
        stored = bytearray(await place.get(path))
        stored[len(stored) // 2] ^= 1
        await place.put(path, bytes(stored))
        (finding,) = await told(place)
        assert finding.state is State.FAULT
        assert path in finding.text

    run(body)


@pytest.mark.parametrize("name", [chains.RECORD, chains.HEAD])
def test_a_document_that_is_damaged(name: str) -> None:
    async def body(place: Location, chain: Chain) -> None:
        await place.put(f"{PREFIX}/{name}", b"{}")
        (finding,) = await told(place)
        assert (finding.state, finding.path) == (State.FAULT, PREFIX)

    run(body)


def test_a_chain_that_has_just_begun() -> None:
    async def body(place: Location, chain: Chain) -> None:
        await place.delete(f"{PREFIX}/{chains.HEAD}")
        (finding,) = await told(place)
        assert finding == Finding(State.WHOLE, PREFIX, "changes of table 123456789012/eu-west-1/Music: none yet")

    run(body)
