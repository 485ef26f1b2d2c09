"""The formats of an export by their names."""

import importlib.util
from collections.abc import Mapping
from typing import BinaryIO

from stator.cli.complaint import Complaint
from stator.cli.moving.columns import ColumnType
from stator.cli.moving.rows import Csv, JsonLines, MakeWriter, RowWriter


def check_format(name: str) -> None:
    """Raises Complaint when what it needs is not installed."""
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise Complaint(
            "Parquet needs pyarrow, which is not installed: pip install 'stator[parquet]'. Or choose --format csv."
        )


def has_columns(name: str) -> bool:
    return name != "jsonl"


def writer_of(name: str, types: Mapping[str, ColumnType], *, events: bool) -> MakeWriter:
    """What begins a file; `events` adds the columns of an incremental export."""

    def make(file: BinaryIO) -> RowWriter:
        if name == "jsonl":
            return JsonLines(file, events=events)
        if name == "csv":
            return Csv(file, types, events=events)
        from stator.cli.moving.parquet import Parquet

        return Parquet(file, types, events=events)

    return make
