"""`TABLE.json`, one item a line, and beside it `TABLE.schema.json`: what it takes to make the table again."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from stator.cli.complaint import Complaint
from stator.cli.moving.definition import Definition
from stator.cli.moving.plain import item_of
from stator.cli.moving.source import Page, Position
from stator.values.attribute import Item

FORMAT = 1
PAGE_BYTES = 500_000
LINE_BYTES_MAX = 16_000_000
_BLOCK_BYTES = 1 << 20


class Schema(Struct, frozen=True):
    """`sha256` is that of the file of items; `checksum` that of the items, as `Digest` counts it."""

    table: str
    source: str  # URL and region
    taken: str  # ISO time
    items: int
    checksum: str
    sha256: str
    definition: Definition

    def encode(self) -> bytes:
        members = {
            "format": FORMAT,
            "table": self.table,
            "source": self.source,
            "taken": self.taken,
            "items": self.items,
            "checksum": self.checksum,
            "sha256": self.sha256,
        }
        return orjson.dumps(members | self.definition.to_json(), option=orjson.OPT_INDENT_2) + b"\n"


def schema_path(path: Path) -> Path:
    """`backups/music.json` -> `backups/music.schema.json`."""
    return path.with_name(path.name.removesuffix(".json") + ".schema.json")


def read_schema(path: Path) -> Schema | None:
    """Of the file of items at `path`; None when there is none beside it, as with files of other programs."""
    beside = schema_path(path)
    try:
        body = orjson.loads(beside.read_bytes())
        if body["format"] != FORMAT:
            raise Complaint(f"{beside} has format {body['format']}, newer than this Stator reads. Update Stator.")
        definition = Definition.from_json(body)
        if not definition.keys:
            raise ValueError("a table without keys")
        return Schema(
            table=str(body["table"]),
            source=str(body["source"]),
            taken=str(body["taken"]),
            items=int(body["items"]),
            checksum=str(body["checksum"]),
            sha256=str(body["sha256"]),
            definition=definition,
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Complaint(f"cannot read {beside}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Complaint(f"{beside} is damaged: {error}. Without it, restore into a table that exists.") from error


def hash_of(path: Path, advance: Callable[[int], None]) -> str:
    """The SHA-256 of a file; `advance` is told the bytes read."""
    hashed = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            hashed.update(block)
            advance(len(block))
    return hashed.hexdigest()


class FileSource:
    """A file of items as a source: a segment is a stretch of the file, its position a place between two lines.

    Lines are items in DynamoDB's JSON, bare or as the member `Item` (as in Amazon's exports), or plain JSON.
    """

    def __init__(self, path: Path, segments: int, keys: dict[str, str]) -> None:
        self._path = path
        self._keys = keys
        self._size = path.stat().st_size
        self.segments = segments

    def pages(self, segment: int, position: Position) -> Iterator[Page]:
        begin, end = (self._size * each // self.segments for each in (segment, segment + 1))
        with self._path.open("rb") as file:
            if position is None:
                file.seek(max(begin - 1, 0))
                if begin:  # the line that begins before is the segment's before
                    self._line(file)
            else:
                file.seek(position)
            at = file.tell()
            while True:
                items: list[Item] = []
                start = at
                while at < end and at - start < PAGE_BYTES:
                    line = self._line(file)
                    if line.strip():
                        items.append(self._parse(line, at))
                    at += len(line)
                yield Page(items, at if at < end else None)
                if at >= end:
                    return

    def _line(self, file: Any) -> bytes:
        line: bytes = file.readline(LINE_BYTES_MAX)
        if len(line) == LINE_BYTES_MAX:
            raise Complaint(f"{self._path} is no file of items: a line is longer than an item can be.")
        return line

    def _parse(self, line: bytes, start: int) -> Item:
        try:
            item = item_of(line)
        except ValueError as error:
            raise Complaint(f"{self._path}, the line that begins at byte {start}: {error}.") from error
        for name, kind in self._keys.items():
            if kind not in item.get(name, {}):
                raise Complaint(
                    f"{self._path}, the line that begins at byte {start}: key {name} of type {kind} is missing."
                )
        return item
