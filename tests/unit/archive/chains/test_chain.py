import asyncio
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from stator.archive.chains import chain as chains
from stator.archive.chains.chain import Chain, ChainRecord, Head, NotCovered
from stator.archive.chains.segment import Segment
from stator.archive.places.location import Damaged, Location, Missing
from stator.journal.record import LANES
from tests.unit.archive.histories import BEGIN, TABLE

PREFIX = f"chains/123456789012/eu-west-1/Music/{TABLE.id}"
RECORD = ChainRecord(TABLE, BEGIN / 1000, (3, 0, 9, 1), empty=True, ended=BEGIN / 1000 + 7)


def chain(**members: Any) -> Chain:
    whole = Chain(
        PREFIX,
        replace(RECORD, empty=False),
        Head(BEGIN + 100, (0,) * LANES),
        (BEGIN + 10, BEGIN + 50),
        ((),) * LANES,
    )
    return replace(whole, **members)


def test_documents_come_back() -> None:
    assert chains.decode(chains.encode(RECORD)) == RECORD
    assert chains.decode_head(chains.encode_head(Head(5, (1, 2)))) == Head(5, (1, 2))
    with pytest.raises(Damaged):
        chains.decode(chains.encode_head(Head(5, (1, 2))))


def test_a_listing_is_sorted_out() -> None:
    segment = Segment(1, 1, 5, BEGIN, BEGIN, "00" * 32)
    paths = [
        "chain.json",
        "copies/1750000000050/manifest.json",
        "copies/1750000000050/000000.jsonl.zst",
        "copies/1750000000010/manifest.json",
        "copies/1750000000070/000000.jsonl.zst",  # under way, or garbage
        "copies/17500000000/manifest.json",
        segment.path,
        segment._replace(lane=4).path,
    ]
    assert chains.copies_among(paths) == (BEGIN + 10, BEGIN + 50)
    assert chains.lanes_among(paths) == ((), (segment,), (), ())


@pytest.mark.parametrize(
    ("time", "copy"),
    [(10, 10), (49, 10), (50, 50), (100, 50), (9, 10), (0, 10)],
)
def test_the_newest_copy_before_a_time_else_the_oldest(time: int, copy: int) -> None:
    assert chains.plan(chain(), BEGIN + time) == BEGIN + copy


@pytest.mark.parametrize("time", [-1, 101])
def test_times_out_of_the_window(time: int) -> None:
    with pytest.raises(NotCovered):
        chains.plan(chain(), BEGIN + time)


def test_a_chain_without_a_copy_covers_nothing_unless_it_began_empty() -> None:
    assert chain(copies=()).latest is None
    with pytest.raises(NotCovered):
        chains.plan(chain(copies=()), BEGIN + 1)
    empty = chain(copies=(), record=RECORD)
    assert chains.plan(empty, BEGIN + 1) is None
    assert chains.plan(replace(empty, copies=(BEGIN + 10,)), BEGIN + 1) is None
    assert chains.plan(replace(empty, copies=(BEGIN + 10,)), BEGIN + 11) == BEGIN + 10


def test_a_chain_without_a_head_covers_nothing() -> None:
    assert chain(head=None).latest is None
    assert chain(head=Head(BEGIN - 1, ())).latest is None
    assert chain().latest == BEGIN + 100


def test_is_read_and_found() -> None:
    async def running() -> None:
        location = Location.open(f"memory://{uuid4()}")
        with pytest.raises(Missing):
            await chains.read(location, PREFIX)
        assert await chains.find(location, "123456789012", "eu-west-1", "Music") == []
        await location.put(f"{PREFIX}/chain.json", chains.encode(RECORD))
        await location.put(f"{PREFIX}/copies/{BEGIN - 1}/manifest.json", b"of a chain that was broken off")
        await location.put(f"{PREFIX}/copies/{BEGIN}/manifest.json", b"")
        found = await chains.read(location, PREFIX)
        assert found == Chain(PREFIX, RECORD, None, (BEGIN,), ((),) * LANES)
        await location.put(f"{PREFIX}x/chain.json", chains.encode(RECORD))
        assert sorted(await chains.find(location, "123456789012", "eu-west-1", "Music")) == [PREFIX, f"{PREFIX}x"]
        assert await chains.find(location, "123456789012", "eu-west-1", "Musi") == []

    asyncio.run(running())


def test_paths() -> None:
    assert chains.prefix_of(TABLE) == PREFIX
    assert chains.copy_path(PREFIX, BEGIN) == f"{PREFIX}/copies/1750000000000"
