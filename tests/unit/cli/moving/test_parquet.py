"""Parquet files, read back by pyarrow."""

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stator.cli.moving import parquet as module
from stator.cli.moving.columns import Columns
from stator.cli.moving.parquet import Parquet
from stator.cli.moving.rows import Row


def read(items: list[dict[str, Any]], *, events: bool = False) -> pa.Table:
    columns = Columns(["k"])
    for item in items:
        columns.see(item)
    file = io.BytesIO()
    writer = Parquet(file, columns.types, events=events)
    for number, item in enumerate(items):
        writer.write(Row(item, "INSERT", 1.5, number), 100)
    writer.close()
    return pq.read_table(io.BytesIO(file.getvalue()))


def test_types_and_values() -> None:
    table = read(
        [
            {"k": {"S": "a"}, "i": {"N": "7"}, "d": {"N": "1.5"}, "big": {"N": "9" * 38}, "b": {"B": "AP8="}},
            {"k": {"S": "b"}, "i": {"N": "1E+2"}, "d": {"N": "20.125"}, "mix": {"S": "x"}, "t": {"BOOL": True}},
            {"k": {"S": "c"}, "ns": {"NS": ["1", "2.5"]}, "mix": {"N": "1.0"}, "m": {"M": {"x": {"L": []}}}},
            {"k": {"S": "d"}, "bs": {"BS": ["YQ=="]}, "i": {"NULL": True}, "huge": {"N": "1e100"}},
        ]
    )
    assert {field.name: str(field.type) for field in table.schema} == {
        "k": "string",
        "b": "binary",
        "big": "decimal128(38, 0)",
        "bs": "list<element: binary>",
        "d": "decimal128(38, 3)",
        "huge": "string",
        "i": "int64",
        "m": "string",
        "mix": "string",
        "ns": "list<element: decimal128(38, 1)>",
        "t": "bool",
    }
    rows = table.to_pydict()
    assert rows["i"] == [7, 100, None, None]
    assert rows["d"] == [Decimal("1.5"), Decimal("20.125"), None, None]
    assert rows["big"][0] == Decimal("9" * 38)
    assert rows["b"][0] == b"\x00\xff"
    assert rows["mix"] == [None, "x", "1", None]
    assert rows["ns"][2] == [1, Decimal("2.5")]
    assert rows["m"][2] == '{"x":[]}'
    assert rows["bs"][3] == [b"a"]


def test_events_are_columns() -> None:
    rows = read([{"k": {"S": "a"}, "_time": {"S": "mine"}}], events=True).to_pydict()
    assert (rows["_event"], rows["_order"], rows["_time_"]) == (["INSERT"], [0], ["mine"])
    assert rows["_time"][0].isoformat() == "1970-01-01T00:00:01.500000+00:00"


def test_many_rows_come_in_groups(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "ROWS_MAX", 10)
    monkeypatch.setattr(module, "GROUP_BYTES", 500)
    table = read([{"k": {"S": f"{number:04}"}} for number in range(1000)])
    assert table.to_pydict()["k"] == [f"{number:04}" for number in range(1000)]
