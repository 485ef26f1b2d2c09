"""Which backup a rollback begins with, and what is said where none will do."""

import asyncio
import itertools

import pytest

from stator.archive.chains import catalog_journal
from stator.archive.instances import instance
from stator.archive.instances.instance import InstanceBackup, NotCovered, TableCopy
from stator.archive.instances.rollback import Plan, plan
from stator.archive.places.failure import ArchiveError
from stator.archive.places.location import Location
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.store import Record
from stator.tables import history

NOW = 1_750_000_000.0
A, B = "a" * 32, "b" * 32
_names = itertools.count()


def table(name: str) -> Table:
    return Table(
        "123456789012", "eu-west-1", name, f"id-{name}", NOW, {"k": "S"}, KeySchema((KeyAttribute("k", "S"),)), 4
    )


def backup(moment: float, sequence: int, *names: str, owner: str = A) -> InstanceBackup:
    copies = tuple(TableCopy(table(name), f"instance/x/id-{name}", 0, 0, 0) for name in names)
    return InstanceBackup(instance.id_of(moment), owner, "", False, moment, moment, moment, sequence, copies)


def choose(to: float | str, *backups: InstanceBackup, owner: str | None = None, now: float = NOW + 100) -> Plan:
    async def run() -> Plan:
        place = Location.open(f"memory://rollback-{next(_names)}")
        for each in backups:
            await instance.write(place, each)
        records = [Record(0, 0, 1, history.append(table("later"), NOW + 10.5).record)]
        await catalog_journal.seal(place, A, records)
        return await plan(place, to, now, owner)

    return asyncio.run(run())


FIRST, SECOND = backup(NOW, 0, "things"), backup(NOW + 20, 1, "things", "later")


@pytest.mark.parametrize(
    ("to", "exact", "names"),
    [
        (NOW, True, ["things"]),
        (NOW + 10, False, ["things"]),
        (NOW + 10.5, False, ["later", "things"]),
        (NOW + 20, True, ["later", "things"]),
        (FIRST.id, True, ["things"]),
        (SECOND.id, True, ["later", "things"]),
    ],
)
def test_the_tables_of_a_time(to: float | str, exact: bool, names: list[str]) -> None:
    made = choose(to, FIRST, SECOND)
    assert (made.exact, sorted(each.name for each in made.tables)) == (exact, names)


def test_a_time_is_a_whole_millisecond() -> None:
    assert choose(NOW + 10.1239, FIRST, SECOND).at == NOW + 10.123
    assert choose(NOW + 10.123, FIRST, SECOND).at == NOW + 10.123


def test_where_several_instances_reach_a_time_one_is_to_be_chosen() -> None:
    others = backup(NOW - 5, 0, "other", owner=B), backup(NOW + 5, 0, "other", owner=B)
    assert choose(NOW + 10, FIRST, SECOND, *others).backup == FIRST
    assert choose(NOW - 1, FIRST, SECOND, *others).backup == others[0]
    with pytest.raises(ArchiveError, match=f"choose one with --instance {A} or {B}"):
        choose(NOW + 1, FIRST, SECOND, *others)
    assert choose(NOW + 1, FIRST, SECOND, *others, owner=B).backup == others[0]
    with pytest.raises(NotCovered) as refused:
        choose(NOW + 90, FIRST, SECOND, *others)
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [f"instance {A}", f"instance {B}"]


def test_what_there_is_not() -> None:
    with pytest.raises(NotCovered, match="make a manual backup first: stator backup create"):
        choose(NOW)
    with pytest.raises(NotCovered, match="there is no backup 1234567890123"):
        choose("1234567890123", FIRST)
    with pytest.raises(NotCovered, match="make a manual backup first"):
        choose(NOW + 30, FIRST, SECOND)


def test_a_change_of_tables_that_is_missing_is_no_table_that_never_was() -> None:
    with pytest.raises(ArchiveError, match="lacks the changes 2 to 3 of tables"):
        choose(NOW + 15, FIRST, backup(NOW + 20, 3, "things"))
