"""The backups of an archive, and the store's copy of what is known of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from stator.archive import backup as backups
from stator.archive import full_copy, mark
from stator.archive.backup import AVAILABLE, Backup, decode, encode, make, make_system
from stator.archive.backups import CHANGED, COMPARE_SECONDS, GARBAGE_SECONDS, Backups
from stator.archive.full_copy import FullCopy
from stator.archive.places.failure import Unreachable
from stator.archive.places.location import Found, Location
from stator.clock import ManualClock
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.sqlite.engine import SqliteStore

TABLE = Table(
    account="111111111111",
    region="eu-west-1",
    name="music",
    id="5f9c2f3e-0000-4000-8000-000000000001",
    created=1_700_000_000.25,
    attribute_types={"artist": "S"},
    keys=KeySchema((KeyAttribute("artist", "S"),)),
    space=1,
)
NOW = 1_750_000_000.0


class House:
    """An archive in a folder, a server's store in memory, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.location = Location.open(str(folder))
        self.clock = ManualClock(NOW)
        self.store = SqliteStore.open(None)
        self.backups = self.fresh()

    def fresh(self) -> Backups:
        """The same of a process that starts now."""
        return Backups(self.store, self.location, self.clock)

    async def write(self, backup: Backup) -> Backup:
        """Put a finished backup of no items where it belongs."""
        copy = FullCopy(backup.table, backup.created, (0, 0, 0, 0), 3, 99, (), backups.members(backup))
        await self.location.put(f"{backup.path}/manifest.json", full_copy.encode(copy))
        return replace(backup, status=AVAILABLE, items=3, bytes=99)


def run(folder: Path, test: Callable[[House], Awaitable[None]]) -> None:
    async def running() -> None:
        house = House(folder)
        try:
            await test(house)
        finally:
            await house.store.close()

    asyncio.run(running())


def test_a_backup_survives_being_stored() -> None:
    backup = make_system(TABLE, NOW, items=4, bytes=5)
    assert decode(encode(backup)) == backup
    assert backup.expires == NOW + 35 * 86_400
    assert backup.name == "music$DeletedTableBackup"


def test_ids_begin_with_the_time_and_do_not_repeat() -> None:
    made = [make(TABLE, "first", NOW + 0.1239) for _ in range(100)]
    assert {backup.id[:15] for backup in made} == {"01750000000123-"}
    assert {backup.created for backup in made} == {NOW + 0.123}
    assert len({backup.arn for backup in made}) == 100
    assert all(backups.is_id(backup.id) for backup in made)


def test_what_is_in_the_archive_is_found(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        mine = await house.write(make(TABLE, "mine", NOW))
        other = await house.write(make(replace(TABLE, account="222222222222"), "other", NOW))
        await house.backups.ready()
        assert house.backups.of("111111111111", "eu-west-1") == [mine]
        assert house.backups.of("222222222222", "eu-west-1") == [other]
        assert house.backups.of("111111111111", "eu-west-2") == []
        assert house.backups.find("111111111111", "eu-west-1", "music", mine.id) == mine
        assert house.backups.find("111111111111", "eu-west-1", "musics", mine.id) is None

    run(tmp_path, test)


def test_comparing_takes_up_what_came_and_drops_what_went(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        first = await house.write(make(TABLE, "first", NOW))
        assert await house.backups.sync() == 1
        second = await house.write(make(TABLE, "second", NOW + 1))
        await house.location.delete(f"{first.path}/manifest.json")
        assert await house.backups.sync() == 2  # one came and one went
        assert house.backups.of(TABLE.account, TABLE.region) == [second]
        assert await house.backups.sync() == 0

    run(tmp_path, test)


def test_removing_removes_the_objects(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        backup = await house.write(make(TABLE, "first", NOW))
        await house.location.put(f"{backup.path}/000000.jsonl.zst", b"lines")
        await house.backups.ready()
        await house.backups.remove(backup)
        assert house.backups.of(TABLE.account, TABLE.region) == []
        assert [found.path for found in await house.location.list()] == [CHANGED]
        await house.fresh().ready()
        assert house.backups.of(TABLE.account, TABLE.region) == []

    run(tmp_path, test)


def test_system_backups_go_when_their_time_is_over(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        system = await house.write(make_system(TABLE, NOW))
        user = await house.write(make(TABLE, "user", NOW))
        house.clock.advance(35 * 86_400 - 1)
        await house.backups.sync()
        assert len(house.backups.of(TABLE.account, TABLE.region)) == 2
        house.clock.advance(1)
        with house.backups.using(system):
            await house.backups.sync()
            assert len(house.backups.of(TABLE.account, TABLE.region)) == 2
        await house.backups.sync()
        assert house.backups.of(TABLE.account, TABLE.region) == [user]

    run(tmp_path, test)


def test_leavings_are_swept_once_they_are_old(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        await house.location.put(f"{make(TABLE, 'torn', NOW).path}/000000.jsonl.zst", b"lines")
        ((_, _, modified),) = await house.location.list()
        house.clock.advance(modified + GARBAGE_SECONDS - house.clock() - 1)
        await house.backups.sync()
        assert len(await house.location.list()) == 1
        house.clock.advance(2)
        await house.backups.sync()
        assert await house.location.list() == []

    run(tmp_path, test)


def test_a_damaged_manifest_is_complained_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(house: House) -> None:
        good = await house.write(make(TABLE, "good", NOW))
        bad = make(TABLE, "bad", NOW)
        await house.location.put(f"{bad.path}/manifest.json", b"{}")
        moved = make(TABLE, "moved", NOW)
        await house.location.put(f"{moved.path}/manifest.json", await house.location.get(f"{good.path}/manifest.json"))
        await house.backups.sync()
        await house.backups.sync()
        assert house.backups.of(TABLE.account, TABLE.region) == [good]
        assert len(await house.location.list()) == 3
        complaints = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert len(complaints) == 2
        assert any(bad.path in text for text in complaints)
        assert any(moved.path in text and good.path in text for text in complaints)

    run(tmp_path, test)


class Cut(Location):
    """A place that cannot be reached."""

    async def list(self, prefix: str = "") -> list[Found]:
        raise Unreachable("no way there")


def test_an_archive_out_of_reach_leaves_what_was_known(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        there = house.location
        house.location = Cut(there._backend, there.url, "")
        with pytest.raises(Unreachable):
            await house.fresh().ready()
        house.location = there
        backup = await house.write(make(TABLE, "first", NOW))
        await house.backups.ready()
        house.location = Cut(there._backend, there.url, "")
        later = house.fresh()
        await later.ready()
        assert later.of(TABLE.account, TABLE.region) == [backup]

    run(tmp_path, test)


def test_an_archive_that_is_not_mounted_is_not_believed(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        archive, away = tmp_path / "archive", tmp_path / "away"
        backup = await house.write(make(TABLE, "first", NOW))
        await house.backups.sync()
        archive.rename(away)
        archive.mkdir()
        with pytest.raises(Unreachable, match="is it mounted"):
            await house.backups.sync()
        assert house.backups.of(TABLE.account, TABLE.region) == [backup]
        await mark.inscribe(house.location, NOW)  # a new one in its place
        assert await house.backups.sync() == 1
        assert house.backups.of(TABLE.account, TABLE.region) == []

    run(tmp_path / "archive", test)


def test_everybody_waits_for_the_first_comparison(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        backup = await house.write(make(TABLE, "first", NOW))

        async def look() -> list[Backup]:
            await house.backups.ready()
            return house.backups.of(TABLE.account, TABLE.region)

        assert await asyncio.gather(*(look() for _ in range(5))) == [[backup]] * 5

    run(tmp_path, test)


def test_nothing_is_listed_where_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    whole = Location.list

    async def listing(self: Location, prefix: str = "") -> list[Found]:
        listed.append(prefix)
        return await whole(self, prefix)

    async def test(house: House) -> None:
        other = house.fresh()  # another process with the same archive
        await mark.inscribe(house.location, NOW)
        monkeypatch.setattr(Location, "list", listing)
        assert await house.backups.look() == 0
        assert listed == ["backups/"]
        for _ in range(5):
            house.clock.advance(60)
            assert await house.backups.look() == 0
        assert listed == ["backups/"]
        made = await house.write(make(TABLE, "made", NOW))
        await other.add(made)
        assert await house.backups.look() == 1
        assert house.backups.of(TABLE.account, TABLE.region) == [made]
        await other.remove(made)
        assert await house.backups.look() == 1
        assert house.backups.of(TABLE.account, TABLE.region) == []
        listed.clear()
        by_hand = await house.write(make(TABLE, "by hand", NOW))
        house.clock.advance(COMPARE_SECONDS - 1)
        assert await house.backups.look() == 0
        house.clock.advance(1)
        assert await house.backups.look() == 1
        assert house.backups.of(TABLE.account, TABLE.region) == [by_hand]
        assert listed == ["backups/"]

    run(tmp_path, test)


def test_expiry_waits_for_no_comparison(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        await house.write(make_system(TABLE, NOW))
        assert await house.backups.look() == 1
        for _ in range(35 * 100):
            house.clock.advance(864)
            if await house.backups.look():
                break
        assert house.clock() == NOW + 35 * 86_400

    run(tmp_path, test)


def test_a_change_that_cannot_be_told_is_one_nevertheless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise Unreachable("away")

    async def test(house: House) -> None:
        made = await house.write(make(TABLE, "made", NOW))
        with monkeypatch.context() as broken:
            broken.setattr(Location, "put", refuse)
            await house.backups.add(made)
        assert house.backups.of(TABLE.account, TABLE.region) == [made]
        assert "notice a change of backups later: away" in caplog.text

    run(tmp_path, test)
