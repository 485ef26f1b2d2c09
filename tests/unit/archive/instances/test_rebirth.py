from msgspec.structs import replace

from stator.archive.instances.instance import InstanceBackup, TableCopy
from stator.archive.instances.rebirth import Past, count_spaces, reborn, tables_at, watched
from stator.model.table import (
    Build,
    Destination,
    Index,
    KeyAttribute,
    KeySchema,
    Projection,
    Recovery,
    Status,
    Stream,
    Table,
    TimeToLive,
)
from stator.tables import lifecycle
from stator.tables.history import Edition
from stator.tables.journaling import ARCHIVE

NOW = 1_750_000_000.0
KEYS = KeySchema((KeyAttribute("k", "S"),))
INDEX = Index("by-g", False, KeySchema((KeyAttribute("g", "S"),)), Projection("ALL"), 11)


def table(name: str, id: str = "first", **members: object) -> Table:
    made = Table("123456789012", "eu-west-1", name, id, NOW, {"k": "S"}, KEYS, 10, journal_readers=(ARCHIVE,))
    return replace(made, **members)


def backup(*tables: Table) -> InstanceBackup:
    copies = tuple(TableCopy(each, f"instance/1/{each.id}", 1, 1, 1) for each in tables)
    return InstanceBackup("1" * 13, "a" * 32, "", False, NOW - 1, NOW, NOW + 1, 10, copies)


def names(past: Past) -> list[str]:
    return [f"{each.name}/{each.id}" for each in past.tables]


A, B = table("a"), table("b")
DELETED = lifecycle.delete(A, NOW + 20.0)
AGAIN = table("a", "second", tags={"new": "yes"})


def test_tables_are_what_the_last_change_until_then_made_of_them() -> None:
    editions = [
        Edition(10, NOW + 1, table("a", tags={"x": "is in the backup already"})),
        Edition(11, NOW + 10, table("c")),
        Edition(12, NOW + 20, DELETED),
        Edition(13, NOW + 30, AGAIN),
        Edition(14, NOW + 40, replace(B, tags={"t": "1"})),
    ]
    for after, expected in (
        (0, ["a/first", "b/first"]),
        (9.999, ["a/first", "b/first"]),
        (10, ["a/first", "b/first", "c/first"]),
        (20, ["b/first", "c/first"]),
        (30, ["a/second", "b/first", "c/first"]),
    ):
        past = tables_at(backup(A, B), editions, NOW + after)
        assert names(past) == expected, after
        assert all(not each.tags or each.id == "second" for each in past.tables)
    assert tables_at(backup(A, B), editions, NOW + 40).tables[1].tags == {"t": "1"}


def test_a_table_on_its_way_out_is_gone_and_one_on_its_way_in_is_there() -> None:
    making = lifecycle.create(table("new"), NOW + 60)
    going = lifecycle.delete(table("old"), NOW + 60)
    assert names(tables_at(backup(making, going), (), NOW + 1)) == ["new/first"]


def test_a_table_is_what_writes_saw() -> None:
    """Indexes that were added or deleted count from the change on, not from when they were complete."""
    plain = table("a")
    indexed = table("a", indexes=(replace(INDEX, build=Build.ALLOTTED),))
    adding = lifecycle.update(plain, lifecycle.await_filling(indexed), NOW + 60)
    (found,) = tables_at(backup(adding), (), NOW + 1).tables
    assert [each.name for each in found.indexes] == ["by-g"]
    deleting = lifecycle.update(table("a", indexes=(INDEX,)), plain, NOW + 60)
    (found,) = tables_at(backup(deleting), (), NOW + 1).tables
    assert found.indexes == ()


def test_a_table_that_a_job_was_making_is_left_out_and_told() -> None:
    held = table("restored", status=Status.CREATING, settles_at=None)
    past = tables_at(backup(held, A), [Edition(11, NOW + 5, replace(held, status=Status.ACTIVE))], NOW + 1)
    assert (names(past), [each.name for each in past.left_out]) == (["a/first"], ["restored"])
    past = tables_at(backup(held, A), [Edition(11, NOW + 5, replace(held, status=Status.ACTIVE))], NOW + 5)
    assert (names(past), past.left_out) == (["a/first", "restored/first"], [])


def test_a_table_is_born_again_with_spaces_of_its_own() -> None:
    past = table(
        "a",
        indexes=(replace(INDEX, build=Build.FILLING), replace(INDEX, name="local", local=True, space=12)),
        time_to_live=TimeToLive("t", True, NOW, 13, filled=False),
        destinations=(Destination("arn", "ACTIVE", NOW),),
        stream=Stream("KEYS_ONLY", "then"),
        latest_stream_label="then",
        tags={"kept": "yes"},
        deletion_protection=True,
        status=Status.UPDATING,
        settles_at=NOW,
        becomes=A,
    )
    assert count_spaces(past) == 3
    made = reborn(past, [1, 2, 3])
    assert made.spaces == (1, 2, 3)
    assert all(index.build is None for index in made.indexes)
    assert made.time_to_live == TimeToLive("t", True, NOW)
    assert (made.status, made.settles_at, made.becomes, made.journaled) == (Status.ACTIVE, None, None, False)
    assert made.destinations == ()
    assert made.id != past.id
    assert (made.tags, made.deletion_protection, made.created) == (past.tags, True, past.created)


def test_a_stream_begins_anew() -> None:
    past = table("a", stream=Stream("OLD_IMAGE", "then"), latest_stream_label="then")
    made = watched(reborn(past, [1]), past, NOW + 0.5)
    assert made.stream == Stream("OLD_IMAGE", "2025-06-15T15:06:40.500")
    assert made.latest_stream_label == made.stream.label
    assert watched(reborn(A, [1]), A, NOW).stream is None


def test_recovery_to_a_point_in_time_begins_anew() -> None:
    past = table("a", recovery=Recovery(NOW - 1000, 7))
    made = reborn(past, [1])
    assert (made.recovery, made.journaled) == (None, False)
    made = watched(made, past, NOW)
    assert made.recovery == Recovery(NOW, 7)
    assert made.journal_readers == (ARCHIVE,)
