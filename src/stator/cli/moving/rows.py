"""Rows of an export: in a spool until their columns are known, and in files of text."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import orjson

from stator.cli.complaint import Complaint
from stator.cli.moving.columns import ColumnType
from stator.cli.moving.plain import plain
from stator.values.attribute import AttributeValue, Item

EVENT, TIME, ORDER = "_event", "_time", "_order"


class Row(NamedTuple):
    """An item, or what became of it. Rows of a key are to be applied by `order`, the highest last."""

    item: Item
    event: str = ""  # SNAPSHOT, INSERT, MODIFY, REMOVE; empty in an export that is not incremental
    time: float = 0.0  # seconds since the epoch
    order: int = 0


class RowWriter(Protocol):
    """Writes one file. `size` is about what it will have."""

    @property
    def size(self) -> int: ...
    def write(self, row: Row, weight: int) -> None:
        """`weight` is about the bytes of the row's JSON."""
        ...

    def close(self) -> None: ...


MakeWriter = Callable[[BinaryIO], RowWriter]


class Spool:
    """Rows on disk, without a name: nothing is left behind however the process ends."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  `close` closes it
        except OSError as error:
            raise Complaint(f"cannot write to {folder}: {error.strerror}. Name another place with --to.") from error
        self.rows = 0

    def add(self, rows: Iterable[Row]) -> int:
        """Returns the bytes written."""
        lines = [orjson.dumps(tuple(row), option=orjson.OPT_APPEND_NEWLINE) for row in rows]
        text = b"".join(lines)
        self._file.write(text)
        self.rows += len(lines)
        return len(text)

    def read(self) -> Iterator[tuple[Row, int]]:
        """Every row with its weight."""
        self._file.seek(0)
        for line in self._file:
            yield Row(*orjson.loads(line)), len(line)

    def close(self) -> None:
        self._file.close()


class JsonLines:
    """One JSON object a line, in nobody's types: numbers with all digits, binaries as base64, sets as lists."""

    def __init__(self, file: BinaryIO, *, events: bool) -> None:
        self._file = file
        self._events = events
        self.size = 0

    def write(self, row: Row, weight: int) -> None:
        members: dict[str, Any] = {}
        if self._events:
            members = {EVENT: row.event, TIME: iso_time(row.time), ORDER: row.order}
        for name, value in row.item.items():
            members[column_name(name, events=self._events)] = plain(value)
        self.size += self._file.write(orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        pass


class Csv:
    """RFC 4180, UTF-8, with a header. What is missing is empty, an empty string is `""`, what is nested is JSON."""

    def __init__(self, file: BinaryIO, types: Mapping[str, ColumnType], *, events: bool) -> None:
        self._file = file
        self._names = list(types)
        self._events = events
        head = [EVENT, TIME, ORDER] if events else []
        self.size = self._line([*head, *(column_name(name, events=events) for name in self._names)])

    def write(self, row: Row, weight: int) -> None:
        item = row.item
        cells: list[str | None] = [row.event, iso_time(row.time), str(row.order)] if self._events else []
        cells += [_cell(item[name]) if name in item else None for name in self._names]
        self.size += self._line(cells)

    def close(self) -> None:
        pass

    def _line(self, cells: Iterable[str | None]) -> int:
        return self._file.write(",".join(map(_quoted, cells)).encode() + b"\r\n")


def column_name(name: str, *, events: bool) -> str:
    """What an attribute is called as a column: among events, their three names are taken."""
    return f"{name}_" if events and name.rstrip("_") in (EVENT, TIME, ORDER) else name


def iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def json_text(value: AttributeValue) -> str:
    return orjson.dumps(plain(value)).decode()


def _cell(value: AttributeValue) -> str | None:
    if "S" in value:
        return str(value["S"])
    if "NULL" in value:
        return None
    if "B" in value:
        return str(value["B"])
    return json_text(value)


def _quoted(cell: str | None) -> str:
    if cell is None:
        return ""
    if cell == "" or any(mark in cell for mark in '",\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
