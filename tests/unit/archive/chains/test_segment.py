from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.archive.chains import segment
from stator.archive.chains.segment import Segment
from stator.archive.places.location import Damaged
from stator.journal.record import boundary
from stator.storage.store import Record
from tests.unit.archive.histories import BEGIN, History

CHECKSUM = "0f" * 32


def made(lane: int, first: int, last: int) -> Segment:
    return Segment(lane, first, last, BEGIN, BEGIN + 1, CHECKSUM)


def records(count: int) -> list[Record]:
    history = History()
    for number in range(count):
        history.write("2a", str(number), later=number % 3)
    return history.lanes[2]


def test_packs_and_unpacks() -> None:
    found = records(20)
    own, body = segment.pack(found[3:])
    assert own == Segment(2, 4, 20, BEGIN + 3, BEGIN + 19, own.sha256)
    assert [each._replace(journal=7) for each in segment.unpack(own, body, "a")] == found[3:]


def test_a_name_tells_all() -> None:
    own, _ = segment.pack(records(3))
    assert segment.parse(own.path) == own
    assert own.path == (
        f"segments/2/0000000000000001-0000000000000003-1750000000000-1750000000003-{own.sha256}.jsonl.zst"
    )


@pytest.mark.parametrize(
    "path",
    [
        "head.json",
        made(1, 1, 2).path + ".part",
        "a/" + made(1, 1, 2).path,
        made(1, 3, 2).path,
        made(1, 0, 2).path,
        made(1, 1, 2).path.replace(CHECKSUM, CHECKSUM[1:]),
        made(1, 1, 2).path.replace("segments/1", "segments/x"),
    ],
)
def test_other_names_are_none(path: str) -> None:
    assert segment.parse(path) is None


def test_the_time_of_a_boundary_and_of_a_change() -> None:
    assert segment.milliseconds(boundary(7, 1, time=1.2345, label="x", generation=None).record) == 1234
    assert segment.milliseconds(records(1)[0].record) == BEGIN


def test_every_other_byte_is_damage() -> None:
    own, body = segment.pack(records(3))
    for place in range(len(body)):
        with pytest.raises(Damaged, match="here/x is damaged"):
            segment.unpack(own, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], "here/x")


def test_a_name_that_does_not_fit_is_damage() -> None:
    own, body = segment.pack(records(3))
    with pytest.raises(Damaged, match="has 3 records and should have 4"):
        segment.unpack(own._replace(last=4), body, "x")


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9))))
def test_those_in_order_have_what_all_have(pieces: list[tuple[int, int]]) -> None:
    segments = [made(0, first, first + more) for first, more in pieces]
    chosen = segment.in_order(segments)
    all_sequences = {sequence for each in segments for sequence in range(each.first, each.last + 1)}
    assert {sequence for each in chosen for sequence in range(each.first, each.last + 1)} == all_sequences
    for one, next_one in pairwise(chosen):
        assert one.first < next_one.first
        assert one.last < next_one.last
