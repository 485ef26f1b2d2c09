"""Rows as CSV and JSON lines, read back by Python's own readers."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from stator.cli.complaint import Complaint
from stator.cli.moving.columns import Columns
from stator.cli.moving.rows import Csv, JsonLines, Row, Spool

ITEMS: list[dict[str, Any]] = [
    {"k": {"S": "1"}, "a": {"S": 'said "no",\nand left'}, "n": {"N": "1.50"}},
    {"k": {"S": ""}, "a": {"NULL": True}, "m": {"M": {"x": {"N": "12345678901234567890123"}}}},
    {"k": {"S": "3"}, "b": {"B": "AP8="}, "_event": {"S": "mine"}, "s": {"SS": ["é", ","]}},
]


def types() -> Any:
    columns = Columns(["k"])
    for item in ITEMS:
        columns.see(item)
    return columns.types


def test_csv() -> None:
    file = io.BytesIO()
    writer = Csv(file, types(), events=False)
    for item in ITEMS:
        writer.write(Row(item), 0)
    assert writer.size == len(file.getvalue())
    read = list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))
    assert list(read[0]) == ["k", "_event", "a", "b", "m", "n", "s"]
    assert [row["a"] for row in read] == ['said "no",\nand left', "", ""]
    assert [row["n"] for row in read] == ["1.5", "", ""]
    assert [row["m"] for row in read] == ["", '{"x":12345678901234567890123}', ""]
    assert [row["s"] for row in read] == ["", "", '["é",","]']
    assert [row["_event"] for row in read] == ["", "", "mine"]
    assert b'\r\n"",' in file.getvalue()  # an empty string is not nothing


def test_events() -> None:
    file = io.BytesIO()
    writer = JsonLines(file, events=True)
    writer.write(Row(ITEMS[2], "REMOVE", 1_750_000_000.25, 7), 0)
    assert json.loads(file.getvalue()) == {
        "_event": "REMOVE",
        "_time": "2025-06-15T15:06:40.250Z",
        "_order": 7,
        "k": "3",
        "b": "AP8=",
        "_event_": "mine",
        "s": ["é", ","],
    }
    text = io.BytesIO()
    Csv(text, types(), events=True).write(Row(ITEMS[0], "INSERT", 0.0, 1), 0)
    assert text.getvalue().startswith(b"_event,_time,_order,k,_event_,a,")
    assert b"\r\nINSERT,1970-01-01T00:00:00.000Z,1,1,," in text.getvalue()


def test_a_spool_gives_back_what_it_got(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    rows = [Row(item, "MODIFY", 1.5, number) for number, item in enumerate(ITEMS)]
    size = spool.add(rows[:2]) + spool.add(rows[2:])
    read = list(spool.read())
    assert [row for row, _ in read] == rows
    assert sum(weight for _, weight in read) == size
    assert not list(tmp_path.iterdir())  # it has no name
    spool.close()


def test_a_spool_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Complaint, match="Name another place with --to"):
        Spool(tmp_path / "file" / "folder")
