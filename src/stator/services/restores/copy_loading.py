"""Fill a table that is being restored with the items of a full copy, and its indexes with their entries.

Items lie in a copy in the order of their own keys, so they are put as they come. Their entries lie in the order of the
index: put as they come, nearly each would fall on a page of its own, to be written whole. So they are gathered until
there are many, and put in order. After a crash the chunks since then are done again, which does no harm.

A table whose journal is read from the first moment on, because the whole instance is backed up, has its items put as
any write puts them: the journal must have them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from heapq import merge
from typing import NamedTuple

import orjson
from msgspec.structs import replace

from stator.archive import full_copy
from stator.archive.full_copy import FullCopy
from stator.archive.places.location import Location
from stator.items.indexes import entry_key, projected
from stator.items.keys import item_key
from stator.items.load import Loaded, load
from stator.model.table import Table
from stator.services.parts import JobParts
from stator.services.restores.planting import Plant, Planter
from stator.services.traffic import Traffic
from stator.values.attribute import Item
from stator.values.size import item_bytes

PIECE_LINES = 1_000  # parsed at a time: what a sort of them holds up the loop for is short
PIECE_BYTES = 1024 * 1024
ENTRIES_BYTES = 48 * 1024 * 1024  # of entries that wait, with what Python needs for each
_ENTRY_OVERHEAD_BYTES = 250

Save = Callable[[int], Awaitable[object]]
"""Told that so many chunks are done."""


class Piece(NamedTuple):
    """Some of the items of a chunk, ready to be put."""

    rows: list[Plant]  # of the items
    entries: list[Plant]  # of all indexes, in order
    loaded: list[Loaded]  # the items, where the journal is to have them; then `rows` is empty
    bytes: int  # that the entries take


class CopyLoading:
    """The loading of one table."""

    def __init__(self, parts: JobParts, location: Location, table: Table) -> None:
        self._parts = parts
        self._location = location
        self._table = table
        self._bare = replace(table, indexes=())
        self._planter = Planter(parts.store, Traffic(parts.replies))
        self._entries: list[list[Plant]] = []
        self._bytes = 0

    async def run(self, path: str, copy: FullCopy, done: int, save: Save) -> None:
        """Load the chunks after the first `done`. Raises what `full_copy.items` raises, or a StoreError."""
        async for number, lines in full_copy.items(self._location, path, copy, done):
            for some in _pieces(lines):
                piece = await asyncio.to_thread(_parse, self._table, some)
                if piece.loaded:
                    await load(self._parts.writer, self._bare, piece.loaded)
                else:
                    await self._planter.plant(piece.rows)
                if piece.entries:
                    self._entries.append(piece.entries)
                    self._bytes += piece.bytes
            if self._bytes >= ENTRIES_BYTES or number + 1 == len(copy.chunks) or not self._table.indexes:
                await self._flush()
                await save(number + 1)

    async def _flush(self) -> None:
        entries, self._entries, self._bytes = self._entries, [], 0
        # Merged as it is used up: sorting all at once would hold up the loop.
        await self._planter.plant(merge(*map(_drained, entries)))


def _drained(entries: list[Plant]) -> Iterator[Plant]:
    """Entries in order, each let go of as it is used: to let go of all at once would hold up the loop."""
    entries.reverse()
    while entries:
        yield entries.pop()


def _pieces(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    piece: list[bytes] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if len(piece) >= PIECE_LINES or size >= PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _parse(table: Table, lines: Sequence[bytes]) -> Piece:
    """Runs in a thread."""
    piece = Piece([], [], [], 0)
    size = 0
    for line in lines:
        item: Item = orjson.loads(line)
        key, item_size = item_key(table, item), item_bytes(item)
        if table.journaled:
            piece.loaded.append(Loaded(key, item, item_size))
        else:
            piece.rows.append((*key, item_size, line))
        for index in table.indexes:
            content = projected(table, index, item)
            if content is not None:
                whole = content is item
                # What orjson makes keeps 4 KB of memory however short it is; a copy keeps its own bytes.
                value = line if whole else bytes(memoryview(orjson.dumps(content)))
                place = entry_key(table, index, item)
                piece.entries.append((*place, item_size if whole else item_bytes(content), value))
                size += len(place.partition) + len(place.sort) + len(value) + _ENTRY_OVERHEAD_BYTES
    piece.entries.sort()
    return piece._replace(bytes=size)
