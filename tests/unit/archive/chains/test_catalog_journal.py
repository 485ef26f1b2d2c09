import asyncio
import itertools
from collections.abc import Sequence

import pytest

from stator.archive.chains import catalog_journal
from stator.archive.places.failure import ArchiveError, Damaged
from stator.archive.places.location import Location
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.store import Record
from stator.tables import history

OWNER = "a" * 32
NOW = 1_750_000_000.0
_names = itertools.count()


def archive() -> Location:
    return Location.open(f"memory://catalog-{next(_names)}")


def records(sequences: Sequence[int]) -> list[Record]:
    """One a second; the table is called after the sequence."""
    keys = KeySchema((KeyAttribute("k", "S"),))
    tables = [Table("123456789012", "eu-west-1", f"t{each}", "id", NOW, {"k": "S"}, keys, 4) for each in sequences]
    return [
        Record(0, 0, each, history.append(table, NOW + each).record)
        for each, table in zip(sequences, tables, strict=True)
    ]


async def names(place: Location, *, after: int, until: int, at: float) -> list[str]:
    found = await catalog_journal.editions(place, OWNER, after=after, until=until, at=NOW + at)
    return [edition.table.name for edition in found]


def test_changes_are_read_from_a_sequence_to_a_time() -> None:
    async def run() -> None:
        place = archive()
        for sequences in ((1, 2, 3), (4,), (5, 6)):
            await catalog_journal.seal(place, OWNER, records(sequences))
        await catalog_journal.seal(place, "b" * 32, records([7]))
        assert await names(place, after=0, until=6, at=6) == ["t1", "t2", "t3", "t4", "t5", "t6"]
        assert await names(place, after=2, until=6, at=5) == ["t3", "t4", "t5"]
        assert await names(place, after=3, until=4, at=60) == ["t4"]
        assert await names(place, after=6, until=6, at=60) == []
        assert await names(place, after=0, until=6, at=0.5) == []

    asyncio.run(run())


def test_what_was_sealed_twice_counts_once() -> None:
    async def run() -> None:
        place = archive()
        for sequences in ((1, 2), (1, 2, 3), (2, 3, 4)):
            await catalog_journal.seal(place, OWNER, records(sequences))
        assert await names(place, after=0, until=4, at=60) == ["t1", "t2", "t3", "t4"]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("sealed", "after", "until", "missing"),
    [
        ([(1, 2), (4,)], 0, 4, "the changes 3 to 3"),
        ([(3,)], 0, 3, "the changes 1 to 2"),
        ([(1,)], 0, 3, "the changes 2 to 3"),
        ([], 0, 1, "the changes 1 to 1"),
    ],
)
def test_a_gap_is_never_passed_over(sealed: list[tuple[int, ...]], after: int, until: int, missing: str) -> None:
    async def run() -> None:
        place = archive()
        for sequences in sealed:
            await catalog_journal.seal(place, OWNER, records(sequences))
        with pytest.raises(ArchiveError, match=missing):
            await names(place, after=after, until=until, at=60)

    asyncio.run(run())


def test_a_time_that_is_reached_before_a_gap_needs_nothing_behind_it() -> None:
    async def run() -> None:
        place = archive()
        await catalog_journal.seal(place, OWNER, records((1, 2)))
        assert await names(place, after=0, until=9, at=1.5) == ["t1"]

    asyncio.run(run())


def test_damage_is_told() -> None:
    async def run() -> None:
        place = archive()
        made = await catalog_journal.seal(place, OWNER, records((1, 2)))
        await place.put(f"catalog/{OWNER}/{made.path}", b"something else")
        with pytest.raises(Damaged, match="do not match"):
            await names(place, after=0, until=2, at=60)

    asyncio.run(run())


def test_what_no_backup_needs_is_forgotten() -> None:
    async def run() -> None:
        place = archive()
        for sequences in ((1, 2), (3, 4), (5,)):
            await catalog_journal.seal(place, OWNER, records(sequences))
        assert await catalog_journal.forget(place, OWNER, 3) == 1
        assert [each.first for each in await catalog_journal.segments(place, OWNER)] == [3, 5]
        assert await names(place, after=3, until=5, at=60) == ["t4", "t5"]
        assert await catalog_journal.forget(place, OWNER, 9) == 1
        assert [each.first for each in await catalog_journal.segments(place, OWNER)] == [5]

    asyncio.run(run())
