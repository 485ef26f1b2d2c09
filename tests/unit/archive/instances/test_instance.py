import asyncio
import itertools

import pytest

from stator.archive.instances import instance
from stator.archive.instances.instance import PERIOD_SECONDS, InstanceBackup, NotCovered, TableCopy
from stator.archive.places.failure import ArchiveError, Damaged, Missing
from stator.archive.places.location import Location
from stator.model.table import KeyAttribute, KeySchema, Table

NOW = 1_750_000_000.0
DAY = 86_400.0
_names = itertools.count()


def table(name: str = "things", id: str = "t-1") -> Table:
    return Table("123456789012", "eu-west-1", name, id, NOW, {"k": "S"}, KeySchema((KeyAttribute("k", "S"),)), 4)


def backup(moment: float, *, kept: bool = False, owner: str = "a" * 32) -> InstanceBackup:
    copies = (TableCopy(table(), "instance/x/t-1", 3, 40, 25), TableCopy(table("b", "t-2"), "instance/x/t-2", 1, 2, 9))
    return InstanceBackup(instance.id_of(moment - 1), owner, "before", kept, moment - 1, moment, moment + 5, 7, copies)


def archive() -> Location:
    return Location.open(f"memory://instance-{next(_names)}")


def test_a_manifest_is_read_as_it_was_written() -> None:
    one = backup(NOW, kept=True)
    assert instance.decode(instance.encode(one)) == one
    assert (one.items, one.bytes, one.stored) == (4, 42, 34)


def test_a_manifest_that_lacks_a_member_is_damaged() -> None:
    from stator.archive import document

    with pytest.raises(Damaged, match="x cannot be understood"):
        instance.decode(document.encode(instance.KIND, 1, {"id": "1", "tables": []}), "x")
    with pytest.raises(ArchiveError, match="use a newer one"):
        instance.decode(document.encode(instance.KIND, 2, {}))


def test_backups_are_listed_by_moment_and_by_instance() -> None:
    async def run() -> None:
        place = archive()
        assert await instance.read_all(place) == []
        late, early, other = backup(NOW), backup(NOW - DAY), backup(NOW - 9, owner="b" * 32)
        for each in (late, early, other):
            await instance.write(place, each)
        await place.put("instance/notes.json", b"what people leave lying about")
        assert await instance.read_all(place, "a" * 32) == [early, late]
        assert await instance.read_all(place) == [early, other, late]

    asyncio.run(run())


def test_what_has_no_manifest_is_unfinished_and_can_be_removed() -> None:
    async def run() -> None:
        place = archive()
        whole, half = backup(NOW), backup(NOW + 10)
        await instance.write(place, whole)
        for each in (whole, half):
            await place.put(f"{instance.copy_path(each.id, table())}/000000.jsonl.zst", b"x")
        assert await instance.unfinished(place) == [half.id]
        await instance.remove(place, half.id)
        assert await instance.unfinished(place) == []
        assert await instance.read(place, whole.id) == whole
        await instance.remove(place, whole.id)
        assert await place.list() == []
        with pytest.raises(Missing):
            await instance.read(place, whole.id)

    asyncio.run(run())


def test_a_time_between_two_backups_is_reached_from_the_one_before() -> None:
    backups = [backup(NOW - 3 * DAY), backup(NOW - 2 * DAY), backup(NOW - DAY)]
    for at, expected in (
        (NOW - 3 * DAY, 0),
        (NOW - 3 * DAY + 1, 0),
        (NOW - 2 * DAY - 1, 0),
        (NOW - 2 * DAY, 1),
        (NOW - DAY - 1, 1),
        (NOW - DAY, 2),
    ):
        assert instance.cover(backups, at, NOW) is backups[expected], at


@pytest.mark.parametrize(
    ("moments", "at", "told"),
    [
        ([], NOW, "there is no backup of the instance; make a manual backup first: stator backup create"),
        (
            [NOW - 60],
            NOW - 59,
            "make a manual backup first: stator backup create. As things are, no second lies between two backups yet; --to",
        ),
        ([NOW - 60.9, NOW - 60.1], NOW - 59, "As things are, no second lies between two backups yet; --to"),
        ([NOW - 60.9, NOW - 59.9], NOW - 59, "As things are, times from 2025-06-15T15:05:40Z to 2025-06-15T15:05:40Z"),
        (
            [NOW - 60, NOW - 30],
            NOW - 61,
            "lie between two backups; times from 2025-06-15T15:05:40Z to 2025-06-15T15:06:10Z",
        ),
        ([NOW - 9 * DAY, NOW - 60], NOW - 5 * DAY - 1, "more than 5 days ago; times from 2025-06-10T15:06:40Z to"),
        (
            [NOW - 9 * DAY],
            NOW,
            "no time of the past 5 days can be rolled back to; --to 1749222399000 is the last backup's own moment",
        ),
    ],
)
def test_a_refusal_says_what_to_do(moments: list[float], at: float, told: str) -> None:
    with pytest.raises(NotCovered) as refused:
        instance.cover([backup(moment) for moment in moments], at, NOW)
    assert told in str(refused.value)


def test_the_moment_of_a_backup_that_was_kept_is_reached_however_old() -> None:
    old = backup(NOW - 90 * DAY, kept=True)
    assert instance.cover([old, backup(NOW)], old.moment, NOW) is old


def test_what_leads_to_no_second_of_the_period_is_superfluous() -> None:
    kept = backup(NOW - 30 * DAY, kept=True)
    old, base, recent, last = (backup(NOW - days * DAY) for days in (9, 6, 2, 1))
    everything = [kept, old, base, recent, last]
    assert instance.superfluous(everything, NOW) == [old]
    assert instance.needed_since(everything, NOW) == base.moment
    # What is left still covers the whole period.
    left = [each for each in everything if each is not old]
    assert instance.cover(left, NOW - PERIOD_SECONDS, NOW) is base


def test_the_only_backup_is_never_superfluous() -> None:
    only = backup(NOW - 90 * DAY)
    assert instance.superfluous([only], NOW) == []
    assert instance.needed_since([only], NOW) == only.moment
    assert instance.needed_since([backup(NOW)], NOW) == NOW
    assert instance.needed_since([], NOW) is None


def test_times_are_shown_as_the_seconds_that_are_covered() -> None:
    assert instance.render_time(NOW + 0.25) == "2025-06-15T15:06:40Z"
    assert instance.render_time(NOW + 0.25, up=True) == "2025-06-15T15:06:41Z"
