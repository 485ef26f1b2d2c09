"""`stator export`: whole tables, and what changed since."""

import csv
import importlib.util
import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from stator.cli.main import main
from stator.cli.moving import incremental
from tests.commands.endpoints import Moto, Stator, connect, create, fill, item, items_of
from tests.commands.process import Start, run

pytestmark = pytest.mark.usefixtures("folder")

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_parquet(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music")
    fill(dynamodb, "music", range(300))
    assert main(["export", "music", "--format", "parquet", "--url", url]) == 0
    assert capsys.readouterr().out.startswith("music.parquet: 300 items, ")
    table = pq.read_table("music.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "k": "string",
        "n": "int64",
        "b": "binary",
        "d": "decimal128(38, 2)",
        "l": "string",
        "ns": "list<element: decimal128(38, 1)>",
        "ss": "list<element: string>",
        "t": "string",
    }
    rows = sorted(table.to_pylist(), key=lambda row: row["n"])
    for row, each in zip(rows, items_of(dynamodb, "music"), strict=True):
        assert row["k"] == each["k"]["S"]
        assert row["b"] == each["b"]["B"]
        assert str(row["d"]) == each["d"]["N"]
        assert sorted(row["ss"]) == each["ss"]["SS"]
        assert json.loads(row["l"]) == [None, {"deep": True}]


def test_csv_and_json_lines(url: str, dynamodb: Any, tmp_path: Path) -> None:
    create(dynamodb, "music")
    fill(dynamodb, "music", range(40))
    for name in ("csv", "jsonl"):
        assert main(["export", "music", "--format", name, "--to", f"deep/out.{name}", "--url", url]) == 0
    with Path("deep/out.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["n"]))
    assert [row["d"] for row in rows] == [f"{number}.25" for number in range(40)]
    assert {row["t"] for row in rows} == {"é\n"}
    lines = [json.loads(line) for line in Path("deep/out.jsonl").read_text().splitlines()]
    assert sorted(line["n"] for line in lines) == list(range(40))
    assert {type(line["ns"]) for line in lines} == {list}
    assert main(["export", "music", "--format", "csv", "--to", str(tmp_path), "--url", url]) == 0
    assert Path("music.csv").exists()


def test_an_empty_table(url: str, dynamodb: Any) -> None:
    create(dynamodb, "music")
    for name in ("csv", "jsonl", "parquet"):
        assert main(["export", "music", "--format", name, "--url", url]) == 0
    assert Path("music.csv").read_bytes() == b"k,n\r\n"
    assert Path("music.jsonl").read_bytes() == b""
    assert pq.read_table("music.parquet").num_rows == 0


def test_mistakes(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    create(dynamodb, "music")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyarrow" else find(name))
    assert main(["export", "music", "--format", "parquet", "--url", url]) == 1
    assert "pip install 'stator[parquet]'. Or choose --format csv." in capsys.readouterr().err
    assert main(["export", "music", "--format", "csv", "--anew", "--url", url]) == 1
    assert "--anew is for --incremental" in capsys.readouterr().err
    assert main(["export", "music", "--format", "csv", "--incremental", "--url", url]) == 1
    assert "has no stream, which tells what changed. Add --enable-stream" in capsys.readouterr().err


class Mirror:
    """What somebody knows who has all files of an incremental export: the state after applying them by `_order`."""

    def __init__(self, folder: str) -> None:
        rows = []
        for path in sorted(Path(folder).glob("*.jsonl")):
            rows += [json.loads(line) for line in path.read_text().splitlines()]
        self.items: dict[tuple[str, int], Any] = {}
        for row in sorted(rows, key=lambda row: row["_order"]):  # stable: of equal ones the later wins
            event = row.pop("_event")
            row.pop("_time"), row.pop("_order")
            key = (row["k"], row["n"])
            if event == "REMOVE":
                self.items.pop(key, None)
            else:
                self.items[key] = row
        self.rows = len(rows)


def plain(items: list[Any]) -> dict[tuple[str, int], Any]:
    return {
        (each["k"]["S"], int(each["n"]["N"])): {"k": each["k"]["S"], "n": int(each["n"]["N"]), "v": int(each["v"]["N"])}
        for each in items
    }


def change(dynamodb: Any, count: int, chance: random.Random) -> None:
    for _ in range(count):
        key = {"k": {"S": f"k{chance.randrange(5)}"}, "n": {"N": str(chance.randrange(12))}}
        if chance.random() < 0.3:
            dynamodb.delete_item(TableName="music", Key=key)
        else:
            dynamodb.put_item(TableName="music", Item=key | {"v": {"N": str(chance.randrange(10**9))}})


def export(url: str, *more: str) -> int:
    return main(["export", "music", "--format", "jsonl", "--incremental", "--to", "inc", "--url", url, *more])


@pytest.mark.parametrize("kind", ["stator", "short shards", "moto"])
def test_incremental(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """After each run, applying all files gives the table."""
    more = ("--stream-shard-seconds", "0.5") if kind == "short shards" else ()
    server = Moto() if kind == "moto" else Stator(*more)
    dynamodb = connect(server.url)
    chance = random.Random(7)
    create(dynamodb, "music")
    change(dynamodb, 40, chance)
    assert export(server.url, "--enable-stream") == 0
    assert Mirror("inc").items == plain(items_of(dynamodb, "music"))
    for _ in range(4):
        change(dynamodb, 60, chance)
        assert export(server.url) == 0
        assert Mirror("inc").items == plain(items_of(dynamodb, "music"))
    before = Mirror("inc").rows
    capsys.readouterr()
    assert export(server.url) == 0
    assert capsys.readouterr().out == "music: no changes\n"
    assert Mirror("inc").rows == before  # nothing is told twice
    dynamodb.delete_table(TableName="music")
    dynamodb.close()
    server.close()


def test_types_only_widen(url: str, dynamodb: Any) -> None:
    create(dynamodb, "music", StreamSpecification=STREAM)
    arguments = ["export", "music", "--format", "parquet", "--incremental", "--to", "inc", "--url", url]
    dynamodb.put_item(TableName="music", Item={"k": {"S": "a"}, "n": {"N": "1"}, "v": {"N": "1.25"}, "w": {"N": "1"}})
    main(arguments)
    dynamodb.put_item(TableName="music", Item={"k": {"S": "a"}, "n": {"N": "1"}, "v": {"N": "3"}, "w": {"N": "0.5"}})
    dynamodb.delete_item(TableName="music", Key={"k": {"S": "a"}, "n": {"N": "1"}})
    main(arguments)
    first, second = (pq.read_table(path) for path in sorted(Path("inc").glob("*.parquet")))
    assert [str(table.schema.field("v").type) for table in (first, second)] == ["decimal128(38, 2)"] * 2
    assert [str(table.schema.field("w").type) for table in (first, second)] == ["int64", "decimal128(38, 1)"]
    assert first.to_pydict()["_event"] == ["SNAPSHOT"]
    # What came shortly before the snapshot is told again: clocks may differ.
    assert second.to_pydict()["_event"] == ["INSERT", "MODIFY", "REMOVE"]
    assert second.to_pydict()["_order"] == [2, 3, 4]
    assert second.to_pydict()["k"] == ["a", "a", "a"]


def test_parts_are_rotated(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music", StreamSpecification=STREAM)
    fill(dynamodb, "music", range(100), width=25_000)
    assert export(url, "--part-megabytes", "1") == 0
    assert "100 items in inc/music-00000001.jsonl to music-00000003.jsonl" in capsys.readouterr().out
    sizes = [path.stat().st_size for path in sorted(Path("inc").glob("*.jsonl"))]
    assert len(sizes) == 3
    assert all(1_000_000 <= size < 1_100_000 for size in sizes[:2])


def test_a_run_that_is_killed_is_repeated(url: str, dynamodb: Any, start: Start) -> None:
    """Killed before the checkpoint, a run leaves files that the next one replaces."""
    create(dynamodb, "music", StreamSpecification=STREAM)
    chance = random.Random(3)
    change(dynamodb, 50, chance)
    arguments = ("export", "music", "--format", "jsonl", "--incremental", "--to", "inc", "--url", url)
    folder = Path("inc").absolute()
    for pause in (0.0, 0.02, 0.05, 0.1, 0.2, 0.3):
        process = start(*arguments)
        while process.poll() is None and not list(folder.glob("*.checkpoint.json")):
            time.sleep(0.001)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        change(dynamodb, 10, chance)
    (folder / "music-00009999.jsonl").write_text('{"_event": "INSERT", "_order": 99, "_time": "", "k": "x", "n": 1}\n')
    assert run(*arguments).returncode == 0
    assert not (folder / "music-00009999.jsonl").exists()
    assert Mirror("inc").items == plain(items_of(dynamodb, "music"))


def test_files_without_a_checkpoint_keep_theirs(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed between a file and the checkpoint: the same changes are written again, under the same number."""
    create(dynamodb, "music", StreamSpecification=STREAM)
    chance = random.Random(5)
    change(dynamodb, 20, chance)
    export(url)
    checkpoint = Path("inc/music.checkpoint.json")
    before = checkpoint.read_bytes()
    change(dynamodb, 20, chance)
    export(url)
    checkpoint.write_bytes(before)
    change(dynamodb, 20, chance)
    export(url)
    assert [path.name for path in sorted(Path("inc").glob("*.jsonl"))] == [
        "music-00000001.jsonl",
        "music-00000002.jsonl",
    ]
    assert Mirror("inc").items == plain(items_of(dynamodb, "music"))
    checkpoint.unlink()
    capsys.readouterr()
    assert export(url) == 1
    assert "has music-00000002.jsonl, but there is no checkpoint" in capsys.readouterr().err


def test_another_format_is_refused(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music", StreamSpecification=STREAM)
    fill(dynamodb, "music", range(5))
    export = ["export", "music", "--incremental", "--url", url, "--format"]
    assert main([*export, "csv"]) == 0
    before = sorted(path.name for path in Path("music").iterdir())
    capsys.readouterr()
    assert main([*export, "jsonl"]) == 1
    text = capsys.readouterr().err
    assert "the export in music is of --format csv. Go on with that one" in text
    assert sorted(path.name for path in Path("music").iterdir()) == before
    assert main([*export, "csv"]) == 0
    assert main([*export, "jsonl", "--anew"]) == 0
    assert main([*export, "jsonl"]) == 0
    assert main([*export, "csv"]) == 1
    checkpoint = Path("music/music.checkpoint.json")
    members = json.loads(checkpoint.read_bytes())
    del members["file_format"]  # as early versions wrote it
    checkpoint.write_text(json.dumps(members))
    assert main([*export, "jsonl"]) == 0


def test_a_gap_is_never_passed_over(
    url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    create(dynamodb, "music", StreamSpecification=STREAM)
    chance = random.Random(11)
    change(dynamodb, 20, chance)
    assert export(url) == 0
    dynamodb.update_table(TableName="music", StreamSpecification={"StreamEnabled": False})
    change(dynamodb, 20, chance)
    assert export(url) == 1
    assert "table music has not the stream that it had at the last export" in capsys.readouterr().err
    assert export(url, "--anew", "--enable-stream") == 0
    assert "20 items" not in capsys.readouterr().out
    for path in Path("inc").glob("*-00000001.jsonl"):
        path.unlink()  # what --anew takes the place of
    assert Mirror("inc").items == plain(items_of(dynamodb, "music"))
    change(dynamodb, 20, chance)
    assert export(url) == 0
    assert Mirror("inc").items == plain(items_of(dynamodb, "music"))
    monkeypatch.setattr(incremental, "RETENTION_SECONDS", -3600.0)
    assert export(url) == 1
    assert "some may be lost. Add --anew" in capsys.readouterr().err


def test_another_table_in_one_folder(url: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    create(dynamodb, "music", StreamSpecification=STREAM)
    create(dynamodb, "films", StreamSpecification=STREAM)
    dynamodb.put_item(TableName="films", Item=item(1))
    arguments = ["export", "films", "--format", "csv", "--incremental", "--to", "inc", "--url", url]
    assert export(url) == 0
    assert main(arguments) == 0
    assert main([*arguments, "--checkpoint", "inc/music.checkpoint.json"]) == 1
    assert "is of table music" in capsys.readouterr().err
    Path("inc/films.checkpoint.json").write_text("{}")
    assert main(arguments) == 1
    assert "is no checkpoint of an export" in capsys.readouterr().err
    old = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    create(dynamodb, "keys", StreamSpecification=old)
    assert main(["export", "keys", "--format", "csv", "--incremental", "--to", "inc", "--url", url]) == 1
    assert "has no new images (KEYS_ONLY)" in capsys.readouterr().err
