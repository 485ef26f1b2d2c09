"""A copy of one table at one moment: chunks of items, and a manifest that is written last.

    <path>/000000.jsonl.zst     items as they are stored, one a line, in the order of their keys' hashes
    <path>/manifest.json        what the table was, where its journal stood, and the checksum of every chunk

Objects without a manifest are what is left of a copy that came to nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson
from msgspec import Struct, field

from stator.archive import chunk, document
from stator.archive.chunk import CHUNK_BYTES, ChunkRecord
from stator.archive.places.failure import Damaged
from stator.archive.places.location import Location
from stator.journal.record import LANES
from stator.model.table import Table
from stator.storage.store import Position, Snapshot
from stator.tables import definition

FORMAT = 1
KIND = "full copy"
MANIFEST = "manifest.json"

_PAGE_ROWS = 1_000
_PAGE_BYTES = 1 << 20


class FullCopy(Struct, frozen=True):
    table: Table  # as it was
    moment: float  # seconds since the epoch: the copy has every change committed until then
    lanes: tuple[int, ...]  # the last sequence of each lane of the table's journal that the copy has
    items: int
    bytes: int  # of the items, as DynamoDB counts them
    chunks: tuple[ChunkRecord, ...]
    extra: dict[str, Any] = field(default_factory=dict)  # JSON of whoever asked for the copy


def encode(copy: FullCopy) -> bytes:
    content = {
        "table": orjson.Fragment(definition.encode(copy.table)),
        "moment": copy.moment,
        "lanes": copy.lanes,
        "items": copy.items,
        "bytes": copy.bytes,
        "chunks": [list(each) for each in copy.chunks],
        "extra": copy.extra,
    }
    return document.encode(KIND, FORMAT, content)


def decode(body: bytes, path: str = MANIFEST) -> FullCopy:
    """Raises Damaged, or ArchiveError for a format of a newer version. `path` is for messages."""
    return document.read(KIND, FORMAT, body, path, _made_of)


def _made_of(content: dict[str, Any]) -> FullCopy:
    return FullCopy(
        table=definition.decode(orjson.dumps(content["table"])),
        moment=content["moment"],
        lanes=tuple(content["lanes"]),
        items=content["items"],
        bytes=content["bytes"],
        chunks=tuple(ChunkRecord(*each) for each in content["chunks"]),
        extra=content["extra"],
    )


async def write(
    location: Location,
    path: str,
    snapshot: Snapshot,
    table: Table,
    *,
    moment: float,
    extra: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FullCopy:
    """Copy the items that `snapshot` has of `table` to `path`, which is emptied first. The snapshot stays open.

    `progress` hears after each chunk how many items, and bytes as DynamoDB counts them, are copied. Memory is bounded
    by a few chunks, whatever the table holds. Raises Unreachable, or a StoreError; nothing of it counts then.
    """
    await remove(location, path)
    chunks: list[ChunkRecord] = []
    items = size = 0
    async for lines, page_size in _chunks(snapshot, table.space):
        record = await _store(location, path, len(chunks), lines)
        chunks.append(record)
        items += record.lines
        size += page_size
        if progress is not None:
            progress(items, size)
    lanes = [await snapshot.last(table.space, lane) for lane in range(LANES)]
    copy = FullCopy(table, moment, tuple(lanes), items, size, tuple(chunks), dict(extra or {}))
    await location.settle([f"{path}/{each.path}" for each in chunks])
    await location.put(f"{path}/{MANIFEST}", encode(copy))
    return copy


async def read(location: Location, path: str) -> FullCopy:
    """What the manifest at `path` says. Raises Missing, Damaged or Unreachable."""
    name = f"{path}/{MANIFEST}"
    return decode(await location.get(name), f"{location.url}/{name}")


async def items(
    location: Location, path: str, copy: FullCopy, start_chunk: int = 0
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """(number of a chunk, its items as they were stored), from `start_chunk` on. Nothing is handed out that is not
    what was written: raises Missing, Damaged or Unreachable instead."""
    for number in range(start_chunk, len(copy.chunks)):
        yield number, await read_chunk(location, path, copy.chunks[number])


async def read_chunk(location: Location, path: str, record: ChunkRecord) -> list[bytes]:
    """The items of one chunk of the copy at `path`. Raises Missing, Damaged or Unreachable."""
    name = f"{path}/{record.path}"
    body = await location.get(name)
    lines = await asyncio.to_thread(chunk.unpack, body, record.sha256, f"{location.url}/{name}")
    if len(lines) != record.lines:
        raise Damaged(f"{location.url}/{name} has {len(lines)} items and should have {record.lines}")
    return lines


async def remove(location: Location, path: str) -> None:
    """Forget a copy. Its manifest goes first: what is left after a crash is no copy but garbage."""
    await location.delete(f"{path}/{MANIFEST}")
    for found in await location.list(f"{path}/"):
        await location.delete(found.path)


async def _chunks(snapshot: Snapshot, space: int) -> AsyncIterator[tuple[list[bytes], int]]:
    """(items, their bytes as DynamoDB counts them) for one chunk after the other, none of them empty."""
    lines: list[bytes] = []
    size = held = 0
    after: Position | None = None
    more = True
    while more:
        rows, more = await snapshot.scan(space, after, _PAGE_ROWS, _PAGE_BYTES)
        for row in rows:
            lines.append(row.value)
            held += len(row.value)
            size += row.size
        if rows:
            after = Position(rows[-1].partition, rows[-1].sort)
        if lines and (held >= CHUNK_BYTES or not more):
            yield lines, size
            lines, size, held = [], 0, 0


async def _store(location: Location, path: str, number: int, lines: list[bytes]) -> ChunkRecord:
    name = f"{number:06}.jsonl.zst"

    def make() -> tuple[bytes, ChunkRecord]:
        body = chunk.pack(lines)
        return body, chunk.describe(name, lines, body)

    body, record = await asyncio.to_thread(make)
    await location.put(f"{path}/{name}", body, lasting=False)
    return record
