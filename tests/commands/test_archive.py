"""`stator archive`: what is in an archive, with and without a server beside it."""

import shutil
import time
import urllib.request
from pathlib import Path
from unittest.mock import patch

import pytest

from stator.cli.main import main
from tests.commands.process import Start, run, url_of
from tests.crash.server_process import PlainClient
from tests.crash.works import TABLE, BackupWork, ExportWork, Place, asked
from tests.running import wait_until


@pytest.fixture
def archive(start: Start, tmp_path: Path) -> Path:
    """Of a server that made a backup and keeps the changes of a table. The server is stopped."""
    data = tmp_path / "data"
    server = start("serve", "--port", "0", "--data-dir", data, "--archive-segment-seconds", "0.1")
    client = PlainClient(int(url_of(server).rpartition(":")[2]))
    key = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    types = [{"AttributeName": "pk", "AttributeType": "S"}]
    asked(client, "CreateTable", TableName=TABLE, AttributeDefinitions=types, **key)
    place = Place(data, 0)
    ExportWork().prepare(place, client)
    for number in range(20):
        asked(client, "PutItem", TableName=TABLE, Item={"pk": {"S": f"{number}"}})
    backup = BackupWork()
    arn = backup.wish(place, client, 1)
    deadline = time.monotonic() + 20
    folder = Path(f"{data}-archive")
    while backup.state(client, arn) is None or not list(folder.glob("chains/**/segments/**/*.zst")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    client.close()
    server.terminate()
    server.wait(20)
    return folder


def test_what_is_there_is_listed_and_verified(archive: Path) -> None:
    listed = run("archive", "list", "--archive", archive)
    assert (listed.returncode, listed.stderr) == (0, "")
    backup, chain = listed.stdout.splitlines()
    assert ":table/things/backup/" in backup
    assert "user backup number-1 of " in backup
    assert ": 20 items, " in backup
    assert chain.startswith("chains/000000000007/eu-west-1/things/")
    assert "  changes of table 000000000007/eu-west-1/things from 20" in chain
    verified = run("archive", "verify", "--data-dir", str(archive).removesuffix("-archive"))
    assert (verified.returncode, verified.stderr) == (0, f"{archive} is whole\n")
    assert all(line.startswith("WHOLE  ") for line in verified.stdout.splitlines())


def test_damage_is_told(archive: Path) -> None:
    chunk = next(archive.glob("backups/**/*.zst"))
    chunk.write_bytes(chunk.read_bytes()[:-1])
    segment = next(archive.glob("chains/**/segments/**/*.zst"))
    segment.write_bytes(b"")
    done = run("archive", "verify", "--archive", archive)
    assert done.returncode == 1
    faults = [line for line in done.stdout.splitlines() if line.startswith("FAULT  ")]
    assert len(faults) == 2
    assert done.stderr == "Faults: 2. What is whole can be restored; see docs/backups.md.\n"


def test_one_without_its_mark_is_looked_at_all_the_same(archive: Path) -> None:
    (archive / "stator-archive.json").unlink()
    done = run("archive", "verify", "--archive", archive)
    assert done.returncode == 1
    assert done.stdout.startswith("FAULT  stator-archive.json  ")
    assert "WHOLE  backups/" in done.stdout


def test_what_is_no_archive(tmp_path: Path) -> None:
    listed = run("archive", "list", "--archive", tmp_path / "none")
    assert listed.returncode == 1
    assert listed.stderr == f"stator: {tmp_path}/none is no archive. Name the one to look at with --archive.\n"
    verified = run("archive", "verify", "--archive", tmp_path / "none")
    assert (verified.returncode, verified.stdout, verified.stderr) == (1, "", listed.stderr)
    for setting in ("--archive=ftp://x", "--buckets=ftp://{bucket}"):
        wrong = run("serve", "--port", "0", "--data-dir", tmp_path / "data", setting)
        assert (wrong.returncode, "is no place for an archive" in wrong.stderr) == (2, True)
    wrong = run("archive", "verify", "--archive", "ftp://x")
    assert (wrong.returncode, "is no place for an archive" in wrong.stderr) == (1, True)


def test_what_a_lost_data_directory_left_is_shown_and_removed_if_wanted(archive: Path) -> None:
    assert main(["archive", "prune", "--archive", str(archive)]) == 0
    (record,) = archive.glob("chains/**/chain.json")
    with patch("time.time", lambda: 1e10):
        assert main(["archive", "prune", "--archive", str(archive)]) == 0
        assert record.exists()
        assert main(["archive", "prune", "--archive", str(archive), "--delete"]) == 0
    assert list(archive.glob("chains/**/*.*")) == []
    assert list(archive.glob("backups/**/manifest.json"))
    assert run("archive", "prune", "--data-dir", archive / "none").returncode == 1


def test_nobody_asked_to_take_over(archive: Path) -> None:
    done = run("archive", "take-over", "0123456789abcdef", "--archive", archive)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nobody asked as 0123456789abcdef" in done.stderr


def test_a_copy_is_refused_until_it_is_decided_for(archive: Path, start: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(data, tmp_path / "copy")
    flags = ["--archive", archive, "--archive-segment-seconds", "0.1", "--port", "0"]
    (writer,) = archive.glob("chains/**/writer.json")
    first = writer.read_bytes()
    original = start("serve", "--data-dir", data, *flags)
    url_of(original)
    wait_until(lambda: writer.read_bytes() != first)
    original.terminate()
    original.wait(20)
    held = writer.read_bytes()
    copy = start("serve", "--data-dir", tmp_path / "copy", *flags)
    url = url_of(copy)
    wait_until(lambda: bool(list(archive.glob("chains/**/asked/*"))))
    (asking,) = archive.glob("chains/**/asked/*")
    assert writer.read_bytes() == held
    with urllib.request.urlopen(f"{url}/metrics") as reply:
        assert b'stator_archive_foreign{account="000000000007",region="eu-west-1",table="things"} 1' in reply.read()
    done = run("archive", "take-over", asking.name, "--archive", archive)
    assert (done.returncode, done.stdout.strip()) == (0, str(writer.parent.relative_to(archive)))
    granted = writer.read_bytes()
    wait_until(lambda: writer.read_bytes() != granted)
    assert run("archive", "verify", "--archive", archive).returncode == 0
