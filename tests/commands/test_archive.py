"""`stator archive`: what is in an archive, with and without a server beside it."""

import time
from pathlib import Path

import pytest

from tests.commands.process import Start, run, url_of
from tests.crash.server_process import PlainClient
from tests.crash.works import TABLE, BackupWork, ExportWork, Place, asked


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
