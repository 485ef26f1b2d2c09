"""`stator copy`: between servers of this build, and to and from moto's DynamoDB."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stator.cli.main import main
from tests.commands.endpoints import Moto, Stator, connect, create, fill, item, items_of
from tests.commands.process import STATOR, Start, run, url_of

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    """The URL of a server."""
    server = Stator()
    yield server.url
    server.close()


@pytest.fixture(params=["stator", "moto"])
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of another, empty server."""
    server = Stator() if request.param == "stator" else Moto()
    yield server.url
    if isinstance(server, Moto):
        forget(server.url)
    server.close()


@pytest.fixture
def other() -> Iterator[str]:
    server = Stator()
    yield server.url
    server.close()


@pytest.fixture
def tables(source: str) -> Iterator[Any]:
    """A client of the source."""
    client = connect(source)
    yield client
    forget(source)
    client.close()


def forget(url: str) -> None:
    client = connect(url)
    for table in client.list_tables()["TableNames"]:
        client.delete_table(TableName=table)
    client.close()


def both(one: str, other: str, table: str) -> tuple[list[Any], list[Any]]:
    """The items of both sides."""
    found = []
    for url in (one, other):
        client = connect(url)
        found.append(items_of(client, table))
        client.close()
    return found[0], found[1]


def test_all_tables(source: str, target: str, tables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    index = {
        "IndexName": "by-d",
        "KeySchema": [{"AttributeName": "d", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["t"]},
        "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8000},
    }
    create(
        tables,
        "music",
        BillingMode="PROVISIONED",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in ("kS", "nN", "dN")],
        ProvisionedThroughput={"ReadCapacityUnits": 8000, "WriteCapacityUnits": 8000},
        GlobalSecondaryIndexes=[index],
    )
    create(tables, "films")
    fill(tables, "music", range(300))
    fill(tables, "films", range(7))
    tables.update_time_to_live(TableName="films", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
    assert main(["copy", "--from", source, "--to", target, "--all"]) == 0
    films, music = capsys.readouterr().out.splitlines()
    assert films.startswith("films: 7 items, ")
    assert music.startswith("music: 300 items, ")
    assert music.endswith(", verified")
    for table in ("music", "films"):
        here, there = both(source, target, table)
        assert here == there
    copies = connect(target)
    told = copies.describe_table(TableName="music")["Table"]
    units = told["ProvisionedThroughput"]
    assert (units["ReadCapacityUnits"], units["WriteCapacityUnits"]) == (8000, 8000)
    (made,) = told["GlobalSecondaryIndexes"]
    assert made["Projection"] == index["Projection"]
    assert made["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    ttl = copies.describe_time_to_live(TableName="films")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "e")
    copies.close()
    assert not list(Path().iterdir())  # no state is left


def test_from_a_server_that_knows_no_segments(tables: Any, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Moto answers each segment with the whole table; no item is to be moved twice."""
    moto = Moto()
    other = connect(moto.url)
    create(other, "music")
    fill(other, "music", range(60))
    assert main(["copy", "--from", moto.url, "--to", source, "--table", "music", "--as", "copied"]) == 0
    assert capsys.readouterr().out.startswith("copied: 60 items, ")
    assert items_of(tables, "copied") == items_of(other, "music")
    other.delete_table(TableName="music")
    other.close()
    moto.close()


def test_one_that_holds_items(source: str, other: str, tables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(tables, "music")
    fill(tables, "music", range(5))
    arguments = ["copy", "--from", source, "--to", other, "--table", "music"]
    assert main(arguments) == 0
    fill(tables, "music", range(3, 9))
    capsys.readouterr()
    assert main(arguments) == 1
    assert "has items already. Add --merge" in capsys.readouterr().err
    client = connect(other)
    client.put_item(TableName="music", Item=item(1000))
    assert main([*arguments, "--merge"]) == 0
    assert "verified" not in capsys.readouterr().out
    assert items_of(client, "music") == [*items_of(tables, "music"), *items_of(client, "music")[-1:]]
    client.close()


def test_verifying_alone(source: str, other: str, tables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(tables, "music")
    fill(tables, "music", range(50))
    arguments = ["copy", "--from", source, "--to", other, "--table", "music"]
    main(arguments)
    capsys.readouterr()
    assert main([*arguments, "--verify-only"]) == 0
    assert "music: the same: 50 items, checksum " in capsys.readouterr().out
    client = connect(other)
    client.put_item(TableName="music", Item=item(7) | {"t": {"S": "another"}})
    assert main([*arguments, "--verify-only"]) == 1
    assert "music: DIFFERENT: 50 items" in capsys.readouterr().out
    client.close()


def test_a_writer_meanwhile_is_noticed(source: str, other: str, tables: Any, start: Start) -> None:
    create(tables, "music")
    fill(tables, "music", range(2000))
    client = connect(other)
    create(client, "music")
    process = start("copy", "--from", source, "--to", other, "--table", "music")
    number = 10_000
    while process.poll() is None and not client.scan(TableName="music", Limit=1)["Items"]:
        pass
    while process.poll() is None:
        client.put_item(TableName="music", Item=item(number))
        number += 1
    _, told = process.communicate()
    assert process.returncode == 1
    assert "does not hold what was moved: 2,000 items" in told
    client.close()


@pytest.mark.parametrize("kills", [1, 2])
def test_a_copy_that_is_killed_goes_on(source: str, other: str, tables: Any, start: Start, kills: int) -> None:
    create(tables, "music")
    create(tables, "films")
    many = Path("many.json")
    many.write_text(
        "".join(f'{{"k":"key {number % 97}","n":{number},"t":"{"x" * 400}"}}\n' for number in range(25_000))
    )
    assert main(["table", "restore", str(many), "--table", "music", "--url", source]) == 0
    fill(tables, "films", range(10))
    state = Path("copy.state").absolute()
    arguments = ("copy", "--from", source, "--to", other, "--all", "--segments", "2", "--state", state)
    for _ in range(kills):
        before = moved(state)
        process = start(*arguments)
        while process.poll() is None and moved(state) <= before:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        told = process.communicate()
        assert process.returncode == -signal.SIGKILL, told
    finished = run(*arguments)
    assert finished.returncode == 0, finished.stderr
    assert "films: copied before\n" in finished.stdout
    assert "music: 25,000 items" in finished.stdout
    assert ", verified" in finished.stdout
    here, there = both(source, other, "music")
    assert here == there
    assert not state.exists()


def moved(state: Path) -> int:
    """Items of the larger table that are known to be copied."""
    try:
        tables = json.loads(state.read_bytes())["tables"]
    except FileNotFoundError:
        return 0
    return sum(leg["items"] for leg in tables.get("music", {}).get("legs", ()))


def test_a_target_that_starts_anew_is_waited_for(source: str, tables: Any, start: Start, tmp_path: Path) -> None:
    create(tables, "music")
    fill(tables, "music", range(6000))
    serve = ("serve", "--data-dir", tmp_path / "data", "--port")
    server = start(*serve, "0")
    url = url_of(server)
    process = start("copy", "--from", source, "--to", url, "--table", "music", "--state", tmp_path / "state")
    while process.poll() is None and moved(tmp_path / "state") == 0:
        time.sleep(0.005)
    server.kill()
    server.communicate()
    assert process.poll() is None, "it was done before the server was killed"
    url_of(start(*serve, url.rpartition(":")[2]))
    told, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, complaint
    assert told.endswith(", verified\n")
    here, there = both(source, url, "music")
    assert here == there


def test_servers_that_check_signatures(source: str, tables: Any, start: Start, tmp_path: Path) -> None:
    create(tables, "music")
    fill(tables, "music", range(30))
    made = run("keys", "create", "--data-dir", tmp_path / "data").stdout
    keys = dict(line.split("=", 1) for line in made.split())
    (tmp_path / "credentials").write_text(
        f"[mine]\naws_access_key_id={keys['AWS_ACCESS_KEY_ID']}\naws_secret_access_key={keys['AWS_SECRET_ACCESS_KEY']}\n"
    )
    url = url_of(start("serve", "--data-dir", tmp_path / "data", "--port", "0"))
    arguments = ("copy", "--from", source, "--to", url, "--table", "music")
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    refused = run(*arguments, **files)
    assert refused.returncode == 1
    assert f"{url} does not let this access key in" in refused.stderr
    done = run(*arguments, "--to-profile", "mine", **files)
    assert done.stdout.endswith(", verified\n"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--to", "SOURCE", "--table", "abc"), "--from and --to are the same. Name another region"),
        (("--to", "http://127.0.0.1:1", "--table", "abc"), "no server can be reached at http://127.0.0.1:1"),
        (("--to", "SOURCE", "--to-region", "eu-west-1", "--all", "--as", "other"), "--as renames one table"),
        (("--to", "SOURCE", "--as", "other", "--table", "none"), "there is no table none"),
        (("--to", "aws", "--to-region", "eu-west-1", "--all"), "Amazon wants an access key"),
    ],
)
def test_mistakes(
    source: str, tables: Any, arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    create(tables, "abc")
    create(tables, "def")
    typed = [source if each == "SOURCE" else each for each in arguments]
    assert main(["copy", "--from", source, *typed]) == 1
    assert text in capsys.readouterr().err


def test_bars_are_for_terminals_alone(source: str, other: str, tables: Any) -> None:
    create(tables, "music")
    fill(tables, "music", range(50))
    arguments = [str(STATOR), "copy", "--from", source, "--to", other, "--table", "music"]
    leader, follower = pty.openpty()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        shown = b""
        try:
            while block := os.read(leader, 65536):
                shown += block
        except OSError:  # the other end is closed
            pass
        os.close(leader)
        assert process.wait(30) == 0
    assert b"music" in shown
    assert b"50/50 items" in shown
    quiet = run(*arguments[1:], "--verify-only")
    assert quiet.stderr == ""


def test_a_table_that_cannot_be_made(source: str, tables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    moto = Moto()
    other = connect(moto.url)
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"a{number}" for number in range(101)]}
    keys = [{"AttributeName": "k", "KeyType": "HASH"}]
    index = {"IndexName": "more-than-allowed", "KeySchema": keys, "Projection": projection}
    create(other, "music", GlobalSecondaryIndexes=[index])
    assert main(["copy", "--from", moto.url, "--to", source, "--table", "music"]) == 1
    assert f"{source} does not make table music: " in capsys.readouterr().err
    assert not list(Path().iterdir())
    other.delete_table(TableName="music")
    other.close()
    moto.close()
