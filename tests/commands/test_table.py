"""`stator table`: to a file and back."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from stator.cli.main import main
from tests.commands.endpoints import create, fill, items_of
from tests.commands.process import Start, run

pytestmark = pytest.mark.usefixtures("folder")

INDEX = {
    "IndexName": "by-t",
    "KeySchema": [{"AttributeName": "t", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


def create_all(dynamodb: Any, table: str) -> None:
    create(
        dynamodb,
        table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in ("kS", "nN", "tS")],
        LocalSecondaryIndexes=[
            {
                "IndexName": "local",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "t", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        GlobalSecondaryIndexes=[INDEX],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        DeletionProtectionEnabled=True,
        Tags=[{"Key": "of", "Value": "whom"}],
    )
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})


def test_there_and_back(url: str, dynamodb: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_all(dynamodb, "music")
    fill(dynamodb, "music", range(200))
    assert main(["table", "backup", "music", "--url", url]) == 0
    assert capsys.readouterr().out.startswith("backups/music.json: 200 items, ")
    lines = (tmp_path / "backups" / "music.json").read_text().splitlines()
    assert len(lines) == 200
    assert {"k", "n", "t"} <= set(json.loads(lines[0]))

    assert main(["table", "restore", "backups/music.json", "--table", "again", "--url", url]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("again: 200 items, ")
    assert told.out.endswith(", verified\n")
    assert told.err == ""
    assert items_of(dynamodb, "again") == items_of(dynamodb, "music")
    table = dynamodb.describe_table(TableName="again")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["LocalSecondaryIndexes"][0]["IndexName"] == "local"
    assert {name: table["GlobalSecondaryIndexes"][0][name] for name in INDEX} == INDEX
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["DeletionProtectionEnabled"] is True
    assert dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [{"Key": "of", "Value": "whom"}]
    ttl = dynamodb.describe_time_to_live(TableName="again")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == ["music.json", "music.schema.json"]


def test_into_a_table_that_is_there(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music")
    fill(dynamodb, "music", range(10))
    main(["table", "backup", "music", "--to", "elsewhere/deep", "--url", url])
    create(dynamodb, "other")
    fill(dynamodb, "other", range(8, 20))
    capsys.readouterr()
    assert main(["table", "restore", "elsewhere/deep/music.json", "--table", "other", "--url", url]) == 0
    assert "verified" not in capsys.readouterr().out  # it holds more than what was moved
    assert [int(each["n"]["N"]) for each in items_of(dynamodb, "other")] == list(range(20))


def test_an_empty_table(url: str, dynamodb: Any) -> None:
    create(dynamodb, "music")
    assert main(["table", "backup", "music", "--url", url]) == 0
    assert Path("backups/music.json").read_bytes() == b""
    assert main(["table", "restore", "backups/music.json", "--table", "again", "--url", url]) == 0
    assert items_of(dynamodb, "again") == []


def test_lines_of_other_programs(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Plain JSON, as Cumulus writes it."""
    Path("cumulus.json").write_text('{"k": "a", "n": 1, "tags": ["x", 2.50]}\n{"k": "b", "n": 2}\n')
    assert main(["table", "restore", "cumulus.json", "--table", "music", "--url", url]) == 1
    told = capsys.readouterr().err
    assert "there is no table music" in told
    assert "There is no cumulus.schema.json" in told
    create(dynamodb, "music")
    assert main(["table", "restore", "cumulus.json", "--table", "music", "--url", url]) == 0
    assert items_of(dynamodb, "music") == [
        {"k": {"S": "a"}, "n": {"N": "1"}, "tags": {"L": [{"S": "x"}, {"N": "2.5"}]}},
        {"k": {"S": "b"}, "n": {"N": "2"}},
    ]


def test_an_edited_file_is_restored_only_on_demand(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music")
    fill(dynamodb, "music", range(10))
    main(["table", "backup", "music", "--url", url])
    path = Path("backups/music.json")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    capsys.readouterr()
    assert main(["table", "restore", str(path), "--table", "again", "--url", url]) == 1
    assert "is damaged or was edited. Add --edited" in capsys.readouterr().err
    assert "again" not in dynamodb.list_tables()["TableNames"]
    assert main(["table", "restore", str(path), "--table", "again", "--edited", "--url", url]) == 0
    assert len(items_of(dynamodb, "again")) == 9


def test_what_cannot_be_done(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music")
    fill(dynamodb, "music", range(3))
    assert main(["table", "backup", "misuc", "--url", url]) == 1
    assert f"there is no table misuc at {url} (region us-east-1). It has music." in capsys.readouterr().err
    assert main(["table", "restore", "none.json", "--table", "x", "--url", url]) == 1
    assert "cannot read none.json: No such file" in capsys.readouterr().err
    main(["table", "backup", "music", "--url", url])
    keys = {
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    }
    create(dynamodb, "other", **keys)
    assert main(["table", "restore", "backups/music.json", "--table", "other", "--url", url]) == 1
    assert "has the key k (S), but the items have k (S) and n (N)" in capsys.readouterr().err
    Path("file").touch()
    assert main(["table", "backup", "music", "--to", "file/x", "--url", url]) == 1
    assert "file/x" in capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_restore_that_was_stopped_goes_on(url: str, dynamodb: Any, start: Start, how: signal.Signals) -> None:
    create(dynamodb, "music")
    numbers = range(20_000)
    path = Path("many.json")
    path.write_text("".join(f'{{"k":"key {number % 97}","n":{number},"t":"{"x" * 400}"}}\n' for number in numbers))
    arguments = ("table", "restore", str(path.absolute()), "--table", "music", "--url", url, "--segments", "3")
    state = Path("many.json.music.state")
    process = start(*arguments)
    while not (state.exists() and sum(leg["items"] for leg in legs(state)) > 0):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.kill(process.pid, how)
    _, told = process.communicate(timeout=30)
    if how is signal.SIGKILL:
        assert process.returncode == -how
    else:
        assert process.returncode == 130
        assert "stopped; " in told
        assert "The same command goes on from there" in told
    before = sum(leg["items"] for leg in legs(state))
    assert 0 < before < len(numbers)
    asked = run(*arguments)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("music: 20,000 items, ")
    assert [int(each["n"]["N"]) for each in items_of(dynamodb, "music")] == list(numbers)
    assert not state.exists()


def legs(state: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(state.read_bytes())["tables"]["music"]["legs"]
    return found


def test_a_backup_that_was_stopped_leaves_the_old_one(url: str, dynamodb: Any, start: Start) -> None:
    create(dynamodb, "music")
    fill(dynamodb, "music", range(4000), width=4000)
    folder = Path("backups")
    folder.mkdir()
    (folder / "music.json").write_text("old")
    process = start("table", "backup", "music", "--url", url, "--to", folder.absolute(), "--segments", "1")
    part = folder / "music.json.part"
    while not (part.exists() and part.stat().st_size):
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told.endswith("music.json is as it was before.\n")) == (130, True)
    assert (folder / "music.json").read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["music.json"]
