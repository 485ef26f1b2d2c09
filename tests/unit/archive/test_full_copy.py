import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from msgspec.structs import replace

from stator.archive import document, full_copy
from stator.archive.chunk import CHUNK_BYTES
from stator.archive.full_copy import KIND, MANIFEST, FullCopy
from stator.archive.places.location import ArchiveError, Damaged, Location, Missing, Unreachable
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Stream, Table, Throughput
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Append, Change, Key, Put, Store

HASH = KeySchema((KeyAttribute("p", "S"),))
INDEX = Index("by-q", False, KeySchema((KeyAttribute("q", "N"),)), Projection("ALL"), 9)
MOMENT = 1_795_000_000.25


def item(number: int, filling: str = "") -> bytes:
    return orjson.dumps({"p": {"S": str(number)}, "q": {"N": str(number % 7)}, "f": {"S": filling}})


def put(space: int, number: int, value: bytes) -> Put:
    return Put(Key(space, b"%08d" % number, b""), len(value) - 20, value)


def table_in(space: int) -> Table:
    return Table(
        account="123456789012",
        region="eu-west-1",
        name="Music",
        id="6d1f2f0e-0000-4000-8000-000000000000",
        created=1_700_000_000.5,
        attribute_types={"p": "S", "q": "N"},
        keys=HASH,
        space=space,
        indexes=(INDEX,),
        throughput=Throughput(5, 6),
        stream=Stream("NEW_IMAGE", "label"),
        tags={"a": "b"},
    )


Test = Callable[[Store, Location, Table], Awaitable[None]]


def run(test: Test, url: str = "", data: Path | None = None) -> None:
    """With a store, an archive and a table in the store that has no items yet."""

    async def running() -> None:
        store = SqliteStore.open(data)
        try:
            await test(store, Location.open(url or f"memory://{uuid4()}"), table_in(await store.create_space()))
        finally:
            await store.close()

    asyncio.run(running())


async def write(store: Store, puts: list[Put], appends: list[Append] | None = None) -> None:
    await store.transact([], lambda _: Change(puts=puts, appends=appends or ()))


async def copied(store: Store, place: Location, table: Table, **options: Any) -> FullCopy:
    snapshot = await store.snapshot()
    try:
        return await full_copy.write(place, "copies/1", snapshot, table, moment=MOMENT, **options)
    finally:
        await snapshot.close()


async def items(place: Location, copy: FullCopy, start: int = 0) -> list[tuple[int, list[bytes]]]:
    return [found async for found in full_copy.items(place, "copies/1", copy, start)]


def test_a_copy_has_the_items_the_definition_and_where_the_journal_stood(tmp_path: Path) -> None:
    values = [item(number, "x" * 100) for number in range(2_500)]

    async def test(store: Store, place: Location, table: Table) -> None:
        space = table.space
        await write(store, [put(space, number, value) for number, value in enumerate(values)])
        await write(store, [put(0, 1, b"not of the table")])
        await write(store, [], [Append(space, 0, b"a"), Append(space, 3, b"b"), Append(space, 3, b"c")])
        heard: list[tuple[int, int]] = []
        copy = await copied(
            store, place, table, extra={"name": "ü"}, progress=lambda number, size: heard.append((number, size))
        )
        assert copy.table == table
        assert (copy.moment, copy.lanes, copy.extra) == (MOMENT, (1, 0, 0, 2), {"name": "ü"})
        assert (copy.items, copy.bytes) == heard[-1] == (2_500, sum(len(value) - 20 for value in values))
        read = await full_copy.read(place, "copies/1")
        assert read == copy
        assert [line for _, lines in await items(place, read) for line in lines] == values

    run(test, str(tmp_path / "archive"), tmp_path / "data")


def test_a_copy_is_of_one_moment_whatever_is_written_meanwhile(tmp_path: Path) -> None:
    async def test(store: Store, place: Location, table: Table) -> None:
        space = table.space
        await write(store, [put(space, number, item(number, "old" * 800)) for number in range(4_000)])
        snapshot = await store.snapshot()
        done = asyncio.Event()

        async def busy() -> None:
            number = 0
            while not done.is_set():
                number += 1
                await write(store, [put(space, number * 37 % 6_000, item(number, "new"))], [Append(space, 1, b"x")])

        writing = asyncio.ensure_future(busy())
        copy = await full_copy.write(place, "copies/1", snapshot, table, moment=MOMENT)
        done.set()
        await writing
        await snapshot.close()
        assert len(copy.chunks) == 3
        assert copy.lanes == (0, 0, 0, 0)
        lines = [line for _, found in await items(place, copy) for line in found]
        assert lines == [item(number, "old" * 800) for number in range(4_000)]

    run(test, str(tmp_path / "archive"), tmp_path / "data")


def test_a_table_without_items_has_no_chunks() -> None:
    async def test(store: Store, place: Location, table: Table) -> None:
        heard: list[int] = []
        copy = await copied(store, place, table, progress=lambda number, _: heard.append(number))
        assert (copy.chunks, copy.items, copy.bytes, heard) == ((), 0, 0, [])
        assert await items(place, await full_copy.read(place, "copies/1")) == []

    run(test)


def test_chunks_are_about_as_long_as_they_should_be_and_can_be_begun_at_any() -> None:
    count = 26_000

    async def test(store: Store, place: Location, table: Table) -> None:
        for first in range(0, count, 2_000):
            await write(
                store, [put(table.space, number, item(number, "y" * 900)) for number in range(first, first + 2_000)]
            )
        copy = await copied(store, place, table)
        assert len(copy.chunks) == 6
        assert all(CHUNK_BYTES <= chunk.bytes < CHUNK_BYTES * 1.5 for chunk in copy.chunks[:-1])
        assert sum(chunk.lines for chunk in copy.chunks) == copy.items == count
        every = await items(place, copy)
        assert [number for number, _ in every] == [0, 1, 2, 3, 4, 5]
        assert await items(place, copy, 4) == every[4:]
        assert await items(place, copy, 6) == []

    run(test)


def test_the_manifest_is_written_last_and_removed_first() -> None:
    done: list[str] = []

    class Watched(Location):
        async def put(self, path: str, body: bytes, *, if_absent: bool = False, lasting: bool = True) -> None:
            done.append(f"put {path}")
            await super().put(path, body, if_absent=if_absent, lasting=lasting)

        async def settle(self, paths: Sequence[str]) -> None:
            done.extend(f"settle {path}" for path in paths)
            await super().settle(paths)

        async def delete(self, path: str) -> None:
            if path in [found.path for found in await self.list()]:
                done.append(f"delete {path}")
            await super().delete(path)

    async def test(store: Store, place: Location, table: Table) -> None:
        watched = Watched(place._backend, place.url, "")
        await write(store, [put(table.space, number, item(number, "z" * 3_000)) for number in range(3_000)])
        copy = await copied(store, watched, table)
        chunks = [f"copies/1/{number:06}.jsonl.zst" for number in range(len(copy.chunks))]
        assert len(chunks) == 3
        settled = [f"settle {path}" for path in chunks]
        assert done == [*(f"put {path}" for path in chunks), *settled, f"put copies/1/{MANIFEST}"]
        done.clear()
        await place.put("copies/10/other", b"")
        await full_copy.remove(watched, "copies/1")
        assert done == [f"delete {path}" for path in (f"copies/1/{MANIFEST}", *chunks)]
        assert [found.path for found in await place.list()] == ["copies/10/other"]

    run(test)


def test_what_an_interrupted_copy_left_does_not_mix_with_the_next() -> None:
    async def test(store: Store, place: Location, table: Table) -> None:
        await write(store, [put(table.space, number, item(number)) for number in range(10)])
        await place.put("copies/1/000007.jsonl.zst", b"left")
        with pytest.raises(Missing):
            await full_copy.read(place, "copies/1")
        await copied(store, place, table)
        await copied(store, place, table)  # nor does one that was complete
        assert [found.path for found in await place.list()] == [
            "copies/1/000000.jsonl.zst",
            f"copies/1/{MANIFEST}",
        ]

    run(test)


def test_a_copy_that_cannot_be_put_is_none() -> None:
    class Full(Location):
        async def put(self, path: str, body: bytes, *, if_absent: bool = False, lasting: bool = True) -> None:
            if path.endswith("000001.jsonl.zst"):
                raise Unreachable("no room")
            await super().put(path, body, if_absent=if_absent, lasting=lasting)

    async def test(store: Store, place: Location, table: Table) -> None:
        await write(store, [put(table.space, number, item(number, "z" * 3_000)) for number in range(3_000)])
        with pytest.raises(Unreachable, match="no room"):
            await copied(store, Full(place._backend, place.url, ""), table)
        with pytest.raises(Missing):
            await full_copy.read(place, "copies/1")

    run(test)


def test_every_damaged_byte_is_found_before_an_item_is_handed_out() -> None:
    chance = random.Random(6)

    async def test(store: Store, place: Location, table: Table) -> None:
        await write(store, [put(table.space, number, item(number)) for number in range(60)])
        copy = await copied(store, place, table)
        for path, read in (
            (f"copies/1/{MANIFEST}", lambda: full_copy.read(place, "copies/1")),
            ("copies/1/000000.jsonl.zst", lambda: items(place, copy)),
        ):
            body = await place.get(path)
            for at in range(len(body)):
                flipped = body[at] ^ 1 << chance.randrange(8)
                await place.put(path, body[:at] + bytes((flipped,)) + body[at + 1 :])
                with pytest.raises(Damaged, match=path):
                    await read()
            for length in (0, 1, len(body) // 2, len(body) - 1):
                await place.put(path, body[:length])
                with pytest.raises(Damaged, match=path):
                    await read()
            await place.put(path, body)
        assert len(await items(place, await full_copy.read(place, "copies/1"))) == 1
        await place.delete("copies/1/000000.jsonl.zst")
        with pytest.raises(Missing, match="000000"):
            await items(place, copy)

    run(test)


def test_chunks_that_changed_places_are_found() -> None:
    async def test(store: Store, place: Location, table: Table) -> None:
        await write(store, [put(table.space, number, item(number, "z" * 3_000)) for number in range(3_000)])
        copy = await copied(store, place, table)
        first, second = copy.chunks[:2]
        one, other = [await place.get(f"copies/1/{chunk.path}") for chunk in (first, second)]
        await place.put(f"copies/1/{first.path}", other)
        await place.put(f"copies/1/{second.path}", one)
        with pytest.raises(Damaged, match="000000"):
            await items(place, copy)
        with pytest.raises(Damaged, match="000001"):
            await items(place, copy, 1)

    run(test)


def test_a_manifest_that_lies_about_its_chunks_is_believed_in_nothing() -> None:
    async def test(store: Store, place: Location, table: Table) -> None:
        await write(store, [put(table.space, number, item(number)) for number in range(5)])
        copy = await copied(store, place, table)
        record = copy.chunks[0]
        with pytest.raises(Damaged, match="has 5 items and should have 4"):
            await items(place, replace(copy, chunks=(record._replace(lines=4),)))
        with pytest.raises(ArchiveError, match="is no path"):
            await items(place, replace(copy, chunks=(record._replace(path="../../secret"),)))

    run(test)


def test_a_manifest_of_a_newer_version_is_not_half_understood() -> None:
    with pytest.raises(ArchiveError, match="the-path has format 2") as raised:
        full_copy.decode(document.encode(KIND, 2, {}), "the-path")
    assert not isinstance(raised.value, Damaged)
    for content in ({}, {"table": {"format": 1}}, {"table": {"format": 99}}):
        with pytest.raises(Damaged, match="the-path cannot be understood"):
            full_copy.decode(document.encode(KIND, 1, content), "the-path")


def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    """By what lives at once: a copy of 60 MB of items holds a few chunks."""
    import tracemalloc

    async def test(store: Store, place: Location, table: Table) -> None:
        for first in range(0, 20_000, 500):
            await write(
                store, [put(table.space, number, item(number, "m" * 3_000)) for number in range(first, first + 500)]
            )
        tracemalloc.start()
        copy = await copied(store, place, table)
        read = 0
        async for _, lines in full_copy.items(place, "copies/1", copy):
            read += len(lines)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read == 20_000
        assert peak < 8 * CHUNK_BYTES

    run(test, str(tmp_path / "archive"), tmp_path / "data")
