"""News: which rows of space 0 were changed, commit by commit, so that routers with a copy of them can follow.

The row `generation` counts the commits that others are told of; each of them also leaves a row `news` of its number
that names the rows it changed. Its row lock puts these commits into one order, so numbers have no gaps and none appears
behind one that was read. The oldest news are forgotten; a router that missed some reads everything anew.
docs/formats.md has the values.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from msgspec.structs import replace

from stator.storage.routers.fence import Fence
from stator.storage.store import Bound, Change, Decide, Key, Put, Row, Store

FORMAT = 1
NEWS_KEPT = 1000
_PARTITION = bytes(8) + b"news"
GENERATION = Key(0, bytes(8) + b"generation", b"")
_BYTES_MAX = 8 * 1024 * 1024


class Count(NamedTuple):
    """How many commits others were told of, and how many times a router has joined."""

    generation: int = 0
    joins: int = 0


class News(NamedTuple):
    """`keys`: of the rows that were changed since. None where too much has happened, and all is to be read anew."""

    generation: int
    keys: Sequence[Key] | None


class Telling(Fence):
    """The store for those whose rows others have copies of: every change of a row in the `told` partitions, or in
    those that begin with one of them, is told."""

    def __init__(self, fence: Fence, told: Sequence[bytes]) -> None:
        super().__init__(fence, fence.monotonic)
        self._told = tuple(told)

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        def decide_and_tell(rows: Sequence[Row | None]) -> Change:
            change = decide(rows[:-1])
            touched = [*(put.key for put in change.puts), *change.deletes]
            told = [key for key in touched if key.space == 0 and key.partition.startswith(self._told)]
            if not told:
                return change
            count = count_of(rows[-1])
            generation = count.generation + 1
            puts = [*change.puts, put_count(count._replace(generation=generation)), _put_news(generation, told)]
            return replace(change, puts=puts, deletes=[*change.deletes, _key(max(0, generation - NEWS_KEPT))])

        return await self._store.transact([*keys, GENERATION], decide_and_tell)


async def read_news(store: Store, after: int) -> News:
    """What was told past a generation."""
    page = await store.range(
        0,
        _PARTITION,
        Bound(_sort(after), inclusive=False),
        None,
        reverse=False,
        rows_max=NEWS_KEPT + 1,
        bytes_max=_BYTES_MAX,
    )
    if not page.rows:
        return News(after, ())
    first, last = (int.from_bytes(page.rows[place].sort, "big") for place in (0, -1))
    if first != after + 1 or page.more:  # whoever looks is to know all there is
        return News((await read_count(store)).generation, None)
    keys: dict[Key, None] = {}
    for row in page.rows:
        for partition, sort in orjson.loads(row.value)[1]:
            keys[Key(0, bytes.fromhex(partition), bytes.fromhex(sort))] = None
    return News(last, list(keys))


async def read_count(store: Store) -> Count:
    (row,) = await store.get([GENERATION])
    return count_of(row)


def count_of(row: Row | None) -> Count:
    """Raises ValueError for a row of a newer version."""
    if row is None:
        return Count()
    stored = orjson.loads(row.value)
    if stored[0] != FORMAT:
        raise ValueError(f"generation of format {stored[0]}; this version reads format {FORMAT}")
    return Count(stored[1], stored[2])


def put_count(count: Count) -> Put:
    value = orjson.dumps([FORMAT, count.generation, count.joins])
    return Put(GENERATION, len(value), value)


def _put_news(generation: int, keys: Sequence[Key]) -> Put:
    value = orjson.dumps([FORMAT, [[key.partition.hex(), key.sort.hex()] for key in keys]])
    return Put(_key(generation), len(value), value)


def _key(generation: int) -> Key:
    return Key(0, _PARTITION, _sort(generation))


def _sort(generation: int) -> bytes:
    return generation.to_bytes(8, "big")
