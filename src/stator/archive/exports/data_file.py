"""The data files of an export: gzip of one JSON or Ion line for each item or change."""

import zlib
from base64 import b32encode, b64decode, b64encode
from collections.abc import Iterable
from hashlib import md5, sha256
from typing import Any, NamedTuple, Self

import orjson

from stator.archive import ion
from stator.values.attribute import Item

DYNAMODB_JSON, ION = "DYNAMODB_JSON", "ION"
SUFFIXES = {DYNAMODB_JSON: "json.gz", ION: "ion.gz"}

# The fastest level takes a third of the default's time and a fifth more room.
_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS


class DataFile(NamedTuple):
    """One line of manifest-files.json. `etag` is that of an object which was put in one piece."""

    items: int
    md5: str  # base64
    etag: str
    key: str

    @classmethod
    def of(cls, items: int, md5: str, key: str) -> Self:
        return cls(items, md5, b64decode(md5).hex(), key)


def name_of(export_id: str, number: int, format: str) -> str:
    """The same for each attempt, so that one after a crash writes over what the one before left unfinished."""
    digest = sha256(f"{export_id}/{number}".encode()).digest()[:16]
    return f"{b32encode(digest).decode().rstrip('=').lower()}.{SUFFIXES[format]}"


class Writer:
    """Gathers the lines of one file. Not thread-safe, but made to be used from a worker thread."""

    def __init__(self) -> None:
        self.items = 0
        self.plain_bytes = 0
        self.packed_bytes = 0
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._parts: list[bytes] = []

    def add(self, lines: list[bytes]) -> None:
        """Lines without their ends."""
        if not lines:
            return
        text = b"\n".join((*lines, b""))
        part = self._packer.compress(text)
        self.items += len(lines)
        self.plain_bytes += len(text)
        self.packed_bytes += len(part)
        if part:
            self._parts.append(part)

    def finish(self, key: str) -> tuple[DataFile, bytes]:
        """The file's line in the manifest, and its bytes."""
        body = b"".join((*self._parts, self._packer.flush()))
        digest = md5(body, usedforsecurity=False)
        return DataFile.of(self.items, b64encode(digest.digest()).decode(), key), body


def item_lines(values: Iterable[bytes], format: str) -> list[bytes]:
    """The lines of items that are shown whole, from their stored JSON."""
    if format == DYNAMODB_JSON:
        return [b'{"Item":%b}' % value for value in values]
    return [ion.render_line({"Item": orjson.loads(value)}) for value in values]


def item_line(item: Item, format: str) -> bytes:
    """The line of an item of which a part is shown."""
    return ion.render_line({"Item": item}) if format == ION else orjson.dumps({"Item": item})


def change_line(change: dict[str, Any], format: str) -> bytes:
    """`change`: Metadata, Keys and images, in that order."""
    return ion.render_line(change) if format == ION else orjson.dumps(change)
