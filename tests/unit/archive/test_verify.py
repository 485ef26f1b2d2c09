import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
import pytest

from stator.archive import chunk, full_copy, mark
from stator.archive.full_copy import MANIFEST, FullCopy
from stator.archive.places.location import Location, Unreachable
from stator.archive.verify import State, verify
from stator.items.keys import item_key
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Put
from stator.values.parse import parse_item

COPY = "backups/123456789012/eu-west-1/Music/1"
CHUNK = f"{COPY}/000000.jsonl.zst"


def table_in(space: int) -> Table:
    keys = KeySchema((KeyAttribute("p", "S"),), (KeyAttribute("s", "N"),))
    return Table("123456789012", "eu-west-1", "Music", "id", 1.0, {"p": "S", "s": "N"}, keys, space)


async def copied(place: Location, path: str, count: int) -> FullCopy:
    """A copy of a table of `count` items."""
    store = SqliteStore.open(None)
    try:
        table = table_in(await store.create_space())
        puts = []
        for number in range(count):
            item, size = parse_item({"p": {"S": str(number % 9)}, "s": {"N": str(number)}, "f": {"SS": ["b", "a"]}})
            puts.append(Put(item_key(table, item), size, orjson.dumps(item)))
        await store.transact([], lambda _: Change(puts=puts))
        snapshot = await store.snapshot()
        copy = await full_copy.write(place, path, snapshot, table, moment=1_795_000_000.25)
        await snapshot.close()
        return copy
    finally:
        await store.close()


def run(test: Callable[[Location], Awaitable[Any]]) -> None:
    async def running() -> None:
        place = Location.open(f"memory://{uuid4()}")
        await mark.inscribe(place, 1.0)
        await test(place)

    asyncio.run(running())


async def told(place: Location, state: State) -> list[str]:
    return [f"{finding.path}: {finding.text}" async for finding in verify(place) if finding.state is state]


async def faults(place: Location) -> list[str]:
    return await told(place, State.FAULT)


async def rewrite(place: Location, copy: FullCopy, lines: list[bytes]) -> None:
    """Damage with right checksums: what a wrong program would write."""
    body = chunk.pack(lines)
    record = chunk.describe("000000.jsonl.zst", lines, body)
    await place.put(CHUNK, body)
    changed = FullCopy(copy.table, copy.moment, copy.lanes, copy.items, copy.bytes, (record,))
    await place.put(f"{COPY}/{MANIFEST}", full_copy.encode(changed))


def test_a_whole_archive_says_what_it_can_restore() -> None:
    async def test(place: Location) -> None:
        copy = await copied(place, COPY, 40)
        await copied(place, "chains/a/copies/2", 0)
        assert await faults(place) == await told(place, State.SPARE) == []
        assert await told(place, State.WHOLE) == [
            "stator-archive.json: an archive of Stator",
            f"{COPY}: table Music as of 2026-11-18T11:06:40.250Z: 40 items, {copy.bytes} bytes",
            "chains/a/copies/2: table Music as of 2026-11-18T11:06:40.250Z: 0 items, 0 bytes",
        ]

    run(test)


def test_every_damaged_byte_is_a_fault() -> None:
    async def test(place: Location) -> None:
        await copied(place, COPY, 20)
        for path in (mark.NAME, CHUNK, f"{COPY}/{MANIFEST}"):
            body = await place.get(path)
            for at in range(len(body)):
                await place.put(path, body[:at] + bytes((body[at] ^ 4,)) + body[at + 1 :])
                found = await faults(place)
                assert len(found) == 1, (path, at)
                assert path in found[0]
            await place.put(path, body)
        assert await faults(place) == []

    run(test)


def test_a_missing_chunk_is_a_fault() -> None:
    async def test(place: Location) -> None:
        await copied(place, COPY, 20)
        await place.delete(CHUNK)
        (fault,) = await faults(place)
        assert fault.startswith(f"{COPY}: there is no ")

    run(test)


def test_what_belongs_to_nothing_is_spare() -> None:
    async def test(place: Location) -> None:
        await copied(place, COPY, 20)
        await place.put(f"{COPY}/000001.jsonl.zst", b"x")
        await place.put("backups/other/000000.jsonl.zst", b"x")
        await place.put("holiday.jpg", b"x")
        assert await faults(place) == []
        assert sorted(await told(place, State.SPARE)) == [
            f"{COPY}: objects that its manifest does not name: 1",
            "backups/other: objects that belong to nothing: 1",
            f"{place.url}: objects that belong to nothing: 1",
        ]

    run(test)


def test_a_place_without_a_mark_is_no_archive() -> None:
    async def test(place: Location) -> None:
        await place.delete(mark.NAME)
        (fault,) = await faults(place)
        assert "is no archive of Stator" in fault

    run(test)


def first_changed(change: Callable[[Any], Any]) -> Callable[[list[bytes]], list[bytes]]:
    def changed(lines: list[bytes]) -> list[bytes]:
        item = orjson.loads(lines[0])
        change(item)
        return [orjson.dumps(item), *lines[1:]]

    return changed


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        (lambda lines: [b"{", *lines[1:]], ["line 1 is no item", "its chunks have 20 items of"]),
        (lambda lines: [b"[]", *lines[1:]], ["line 1 is no item", "its chunks have 20 items of"]),
        (lambda lines: [*lines[:-1], lines[0]], ["line 20 has a key that comes before the last"]),
        (lambda lines: [lines[1], lines[0], *lines[2:]], ["line 2 has a key that comes before the last"]),
        (lambda lines: lines[:-1], ["its chunks have 19 items of"]),
        (first_changed(lambda item: item.pop("s")), ["line 1 is no item", "its chunks have"]),
        (first_changed(lambda item: item.update(p={"N": "1"})), ["line 1 is no item", "its chunks have"]),
        (first_changed(lambda item: item.update(f={"S": "longer than it was"})), ["its chunks have 20 items of"]),
    ],
)
def test_items_that_no_restore_could_use_are_faults(change: Any, texts: list[str]) -> None:
    async def test(place: Location) -> None:
        copy = await copied(place, COPY, 20)
        ((_, lines),) = [found async for found in full_copy.items(place, COPY, copy)]
        await rewrite(place, copy, change(lines))
        found = await faults(place)
        assert len(found) == len(texts)
        assert all(text in fault for text, fault in zip(texts, found, strict=True)), found

    run(test)


def test_complaints_of_one_chunk_are_few() -> None:
    async def test(place: Location) -> None:
        copy = await copied(place, COPY, 20)
        await rewrite(place, copy, [b"{}"] * 20)
        assert len(await faults(place)) == 6

    run(test)


def test_a_copy_that_a_server_removes_meanwhile_is_no_fault() -> None:
    class Vanishing(Location):
        async def get(self, path: str) -> bytes:
            if path == CHUNK:
                await full_copy.remove(self, COPY)
            return await super().get(path)

    async def test(place: Location) -> None:
        await copied(place, COPY, 20)
        assert await faults(Vanishing(place._backend, place.url, "")) == []

    run(test)


def test_an_archive_that_cannot_be_reached_is_not_told_to_be_whole() -> None:
    class Gone(Location):
        async def list(self, prefix: str = "") -> Any:
            raise Unreachable("no answer")

    async def test(place: Location) -> None:
        with pytest.raises(Unreachable):
            await faults(Gone(place._backend, place.url, ""))

    run(test)
