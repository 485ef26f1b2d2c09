"""Writes on their way to a store."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.errors import (
    ConditionalCheckFailedException,
    InternalServerError,
    ResourceNotFoundException,
    ThrottlingException,
)
from stator.items.commit import Writer
from stator.items.decide import NO_GUARD, DeleteWrite, Guard
from stator.items.keys import item_key
from stator.items.read import Reader, Span, Stretch
from stator.journal.record import LANES, Entry, decode
from stator.storage.failure import SpaceGone, StoreBusy, StoreClosed, StoreFailure
from stator.storage.store import Key, Record
from stator.values.attribute import Item
from tests.unit.items.conftest import Make, Running, index, item, put, table


class Never:
    def holds(self, item: Item) -> bool:
        return False


def test_what_is_committed_can_be_read(running: Running, make_table: Make) -> None:
    of = make_table("pk:S", "", index("G", "g:S"))
    one = item(pk="a", g="g")
    outcome = running.run(running.writer.commit(put(of, one)))
    assert outcome.after_item == one
    row = running.run(running.reader.row(item_key(of, one), consistent=True))
    assert row is not None
    assert orjson.loads(row.value) == one
    assert [orjson.loads(row.value) for row in running.rows(of.indexes[0].space)] == [one]


def test_several_writes_each_have_their_outcome(running: Running, make_table: Make) -> None:
    of = make_table()
    running.run(running.writer.commit(put(of, item(pk="gone", v=1))))
    writes = [
        put(of, item(pk="a")),
        DeleteWrite(of, item_key(of, item(pk="gone")), NO_GUARD),
        put(of, item(pk="b", v=2)),
    ]
    outcomes = running.run(running.writer.commit_all(writes))
    assert [(outcome.before_item, outcome.after_item) for outcome in outcomes] == [
        (None, item(pk="a")),
        (None, None),
        (None, item(pk="b", v=2)),
    ]
    assert [outcome.before for outcome in outcomes] == [None, orjson.dumps(item(pk="gone", v=1)), None]
    assert sorted(orjson.loads(row.value)["pk"]["S"] for row in running.rows(of.space)) == ["a", "b"]


def test_one_refusal_keeps_all_from_happening(running: Running, make_table: Make) -> None:
    of = make_table()
    writes = [put(of, item(pk="a")), put(of, item(pk="b"), guard=Guard(Never()))]
    with pytest.raises(ConditionalCheckFailedException):
        running.run(running.writer.commit_all(writes))
    assert running.rows(of.space) == []


def test_all_writes_of_a_commit_have_one_time(running: Running, make_table: Make) -> None:
    """A clock that moves with every look; a cut of the journal between two times must leave each commit whole."""
    of = replace(make_table(), journal_readers=("archive",))
    ticks = count(1_000)
    writer = Writer(running.store, clock=lambda: float(next(ticks)))
    commits = 0
    for start in range(0, 60, 6):
        writes = [put(of, item(pk=f"{number}", v=start)) for number in range(start, start + 6)]
        how = (writer.commit_all, writer.transact, writer.commit_timed)[start % 3]
        running.run(how(writes))
        commits += 1

    async def records() -> list[Record]:
        return [each for lane in range(LANES) for each in await running.store.changes(of.space, lane, 0, 1000)]

    by_time: dict[float, set[int]] = {}
    for record in running.run(records()):
        entry = decode(record)
        assert isinstance(entry, Entry)
        assert entry.new_image is not None
        by_time.setdefault(entry.time, set()).add(int(entry.new_image["v"]["N"]))
    assert len(by_time) == commits
    assert all(len(commits_of_time) == 1 for commits_of_time in by_time.values())


def test_no_time_is_asked_for_without_a_journal(running: Running, make_table: Make) -> None:
    def clock() -> float:
        raise AssertionError("the clock was read")

    writer = Writer(running.store, clock=clock)
    of = make_table()
    running.run(writer.commit_all([put(of, item(pk="a")), put(of, item(pk="b"))]))
    assert len(running.rows(of.space)) == 2


class Faulty:
    """A store that fails at whatever it is asked."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def transact(self, keys: Sequence[Key], decide: Any) -> Any:
        raise self.fault

    async def get(self, keys: Sequence[Key], consistent: bool = True) -> Any:
        raise self.fault

    async def range(self, *arguments: Any, **more: Any) -> Any:
        raise self.fault

    async def scan(self, *arguments: Any, **more: Any) -> Any:
        raise self.fault

    async def measure(self, *arguments: Any) -> Any:
        raise self.fault


_TABLE = table("pk:S", "", index("L", "pk:S", "l:S", local=True))
_KEY = item_key(_TABLE, item(pk="a"))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (StoreBusy("full"), ThrottlingException),
        (StoreFailure("disk"), InternalServerError),
        (StoreClosed("stopping"), InternalServerError),
        (SpaceGone(7), ResourceNotFoundException),
    ],
)
def test_faults_of_the_store_become_answers_of_writes(
    running: Running, fault: Exception, told: type[Exception]
) -> None:
    writer = Writer(Faulty(fault))  # type: ignore[arg-type]
    one = put(_TABLE, item(pk="a"))
    with pytest.raises(told):
        running.run(writer.commit(one))
    with pytest.raises(told):
        running.run(writer.commit_all([one]))
    with pytest.raises(told):
        running.run(writer.transact([one]))


def test_a_write_to_a_table_whose_space_is_gone_is_told_that_there_is_none(running: Running, make_table: Make) -> None:
    of = make_table()
    running.run(running.store.drop_space(of.space))
    with pytest.raises(ResourceNotFoundException):
        running.run(running.writer.commit(put(of, item(pk="a"))))


def test_a_write_to_a_closed_store_may_be_tried_again(running: Running) -> None:
    running.run(running.store.close())
    with pytest.raises(InternalServerError):
        running.run(running.writer.commit(put(_TABLE, item(pk="a"))))


def test_faults_of_the_store_become_answers_of_reads(running: Running) -> None:
    reader = Reader(Faulty(StoreFailure("disk")))  # type: ignore[arg-type]
    places: list[Span | Stretch] = [Span(1, b"p", None, None), Stretch(1, b"", None, None)]
    for awaitable in (
        reader.row(_KEY, consistent=False),
        reader.rows([_KEY], consistent=False),
        *(reader.page(place, rows_max=1, bytes_max=1, consistent=False) for place in places),
        reader.collection_bytes(_TABLE, item(pk="a")),
    ):
        with pytest.raises(InternalServerError):
            running.run(awaitable)
