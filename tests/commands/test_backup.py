"""`stator backup` against a server, and `stator rollback` without one."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stator.doctor import doctor
from tests.commands.process import Start, run, url_of
from tests.crash.server_process import PlainClient

Answer = Callable[..., str]


class House:
    """A server with one table, and the archive beside its data."""

    def __init__(self, start: Start, path: Path) -> None:
        self.path = path
        self.archive = path / "data-archive"
        self.server = start("serve", "--port", "0", "--data-dir", path / "data", "--archive-segment-seconds", "0.2")
        self.url = url_of(self.server)
        self.client = PlainClient(int(self.url.rpartition(":")[2]))
        self.ask(
            "CreateTable",
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )

    def ask(self, operation: str, **request: Any) -> Any:
        reply = self.client.call(operation, request)
        assert reply.status == 200, reply
        return reply.body

    def put(self, *keys: str) -> None:
        for key in keys:
            self.ask("PutItem", TableName="things", Item={"pk": {"S": key}})

    def backup(self, *flags: str) -> str:
        """The id of a new one."""
        done = run("backup", "create", "--url", self.url, *flags)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def stop(self) -> None:
        self.client.close()
        self.server.terminate()
        assert self.server.wait(30) == 0

    def roll_back(self, to: str, name: str = "back") -> str:
        done = run("rollback", "--to", to, "--data-dir", self.path / name, "--archive", self.archive)
        assert done.returncode == 0, done.stderr
        assert doctor(self.path / name) == []
        return done.stdout

    def refusal(self, to: str, *flags: str | Path) -> str:
        wanted = flags or ("--data-dir", self.path / "refused", "--archive", self.archive)
        done = run("rollback", "--to", to, *wanted)
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr
        assert not (self.path / "refused").exists()
        return done.stderr


@pytest.fixture
def house(start: Start, tmp_path: Path) -> House:
    return House(start, tmp_path)


def keys_in(start: Start, directory: Path) -> set[str]:
    server = start("serve", "--port", "0", "--data-dir", directory)
    client = PlainClient(int(url_of(server).rpartition(":")[2]))
    items = client.call("Scan", {"TableName": "things"}).body["Items"]
    client.close()
    server.terminate()
    assert server.wait(30) == 0
    return {item["pk"]["S"] for item in items}


def next_second() -> str:
    """A second that lies between what was done before and what comes after."""
    time.sleep(1.001 - time.time() % 1)
    second = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))
    time.sleep(0.002)
    return second


def test_backups_are_made_shown_and_deleted(house: House) -> None:
    listed = run("backup", "list", "--url", house.url)
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "`stator backup create` makes one" in listed.stderr
    house.put("a", "b")
    done = run("backup", "create", "--url", house.url, "--comment", "before the release", "--keep")
    assert re.fullmatch(r"\d{13}\n", done.stdout), done
    assert done.stderr == "1 table, 2 items, 0.0 kB\n"
    second = house.backup()
    for place in (("--url", house.url), ("--archive", str(house.archive))):
        listed = run("backup", "list", *place)
        first_line, second_line = listed.stdout.splitlines()
        assert re.fullmatch(
            r"\d{13}  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  available, kept  1 table  2 items  0.0 kB  before the release",
            first_line,
        )
        assert second_line.startswith(f"{second}  ")
    assert run("backup", "delete", done.stdout.strip(), "--url", house.url).returncode == 0
    assert run("backup", "list", "--url", house.url).stdout.startswith(second)
    again = run("backup", "delete", done.stdout.strip(), "--url", house.url)
    assert (again.returncode, again.stderr) == (1, f"stator: Backup not found: {done.stdout}")
    wrong = run("backup", "delete", "../x", "--url", house.url)
    assert (wrong.returncode, "See `stator backup list`" in wrong.stderr) == (1, True)
    wordy = run("backup", "create", "--url", house.url, "--comment", "x" * 257)
    assert (wordy.returncode, wordy.stderr) == (1, "stator: a comment has up to 256 characters, not 257. Shorten it.\n")
    nowhere = run("backup", "list", "--archive", str(house.path / "none"))
    assert (nowhere.returncode, "is no archive. Name that of the server with --archive." in nowhere.stderr) == (1, True)
    house.stop()


def test_nobody_needs_to_wait(house: House) -> None:
    backup_id = house.backup("--no-wait")
    until = time.monotonic() + 20
    while "available" not in run("backup", "list", "--url", house.url).stdout:
        assert time.monotonic() < until
    assert house.roll_back(backup_id).startswith(f"{house.path / 'back'}: 1 table as of 20")
    house.stop()


def test_a_second_between_two_backups(house: House, start: Start) -> None:
    house.put("0")
    house.backup()
    house.put("1")
    first = next_second()
    house.put("2")
    house.ask("DeleteItem", TableName="things", Key={"pk": {"S": "0"}})
    second = next_second()
    house.put("3")
    house.backup()
    house.stop()
    house.roll_back(first, "first")
    house.roll_back(second, "second")
    assert keys_in(start, house.path / "first") == {"0", "1"}
    assert keys_in(start, house.path / "second") == {"1", "2"}


def test_what_cannot_be_rolled_back_to(house: House, tmp_path: Path) -> None:
    archive = ("--archive", house.archive)
    (tmp_path / "strange").mkdir()
    told = house.refusal("2026-01-01", "--data-dir", tmp_path / "refused", "--archive", tmp_path / "strange")
    assert "is no archive of Stator" in told
    assert "name that of the server" in house.refusal("2026-01-01", "--data-dir", tmp_path / "refused", *archive)
    backup_id = house.backup()
    assert "the first backup is of" in house.refusal("2026-01-01")
    assert "make a manual backup first: stator backup create" in house.refusal(str(time.time() + 5))
    assert "there is no backup 1234567890123" in house.refusal("1234567890123")
    other = ("--instance", "nobody", "--data-dir", tmp_path / "refused", *archive)
    assert "there is no backup of instance nobody" in house.refusal("2026-01-01", *other)
    assert "yesterday is no time" in house.refusal("yesterday")
    assert "say which archive with --archive" in house.refusal(backup_id, "--data-dir", tmp_path / "refused")
    assert "is not empty" in house.refusal(backup_id, "--data-dir", tmp_path / "data", *archive)
    house.stop()


def test_one_that_was_interrupted_begins_anew(house: House, start: Start) -> None:
    house.put("a")
    backup_id = house.backup()
    house.stop()
    left = house.path / "back" / ".rollback"
    left.mkdir(parents=True)
    (left / "stator.db").write_bytes(b"")
    (left / "stator.db-wal").write_bytes(b"half")
    house.roll_back(backup_id)
    assert not left.exists()
    assert keys_in(start, house.path / "back") == {"a"}


def test_damage_makes_no_directory(house: House) -> None:
    house.put("a")
    backup_id = house.backup()
    house.stop()
    (chunk,) = house.archive.glob(f"instance/{backup_id}/*/*.jsonl.zst")
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"\0")
    done = run("rollback", "--to", backup_id, "--data-dir", house.path / "back", "--archive", house.archive)
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert [each.name for each in (house.path / "back").iterdir()] == [".rollback"]
