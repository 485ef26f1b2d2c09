import asyncio
from collections.abc import AsyncIterator
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as some

from stator.archive.chains import overlay
from stator.archive.chains.overlay import after, before, merged
from stator.storage.scratch import Entry, Scratch
from stator.storage.store import Position, Row

PLACES = some.tuples(some.integers(0, 30), some.integers(0, 3))
IMAGES = some.none() | some.binary(max_size=3)


def position(place: tuple[int, int]) -> Position:
    return Position(b"p%02d" % place[0], b"%d" % place[1] if place[1] else b"")


async def pages(rows: list[Row], sizes: list[int]) -> AsyncIterator[list[Row]]:
    for size in sizes:
        page, rows = rows[:size], rows[size:]
        yield page
    yield rows


@given(
    some.dictionaries(PLACES, some.binary(max_size=3)),
    some.lists(some.tuples(PLACES, IMAGES, IMAGES)),
    some.lists(some.integers(0, 5)),
    some.none() | PLACES,
    some.integers(1, 7),
    some.integers(1, 10),
)
def test_rows_are_merged_with_what_is_known_better(
    base: dict[tuple[int, int], bytes],
    changes: list[tuple[tuple[int, int], bytes | None, bytes | None]],
    sizes: list[int],
    start: tuple[int, int] | None,
    entries_max: int,
    bytes_max: int,
) -> None:
    first = None if start is None else position(start)
    there = {position(place): value for place, value in base.items()}
    expected_after: dict[Position, bytes | None] = dict(there)
    expected_before: dict[Position, bytes | None] = dict(there)
    told = set()
    for place, old, new in changes:
        expected_after[position(place)] = new
        if place not in told:
            expected_before[position(place)] = old
        told.add(place)

    async def run() -> None:
        scratch = await Scratch.open()
        await scratch.put(
            [Entry(*position(place), old, len(old or b""), new, len(new or b""), 7) for place, old, new in changes]
        )
        rows = [
            Row(*place, 5, len(value), value)
            for place, value in sorted(there.items())
            if first is None or place > first
        ]
        for image, expected in ((after, expected_after), (before, expected_before)):
            found = [page async for page in merged(pages(rows, sizes), scratch, first, image)]
            assert all(found)
            assert [(row[:2], row.size, row.value) for page in found for row in page] == [
                (place, len(value), value)
                for place, value in sorted(expected.items())
                if value is not None and (first is None or place > first)
            ]
        await scratch.close()

    with patch.object(overlay, "ENTRIES_MAX", entries_max), patch.object(overlay, "BYTES_MAX", bytes_max):
        asyncio.run(run())


def test_a_scratch_table_keeps_the_first_old_and_the_last_new() -> None:
    async def run() -> list[Entry]:
        scratch = await Scratch.open()
        assert await scratch.page(None, 10, 100) == ([], False)
        await scratch.put([Entry(b"p", b"", b"1", 1, b"22", 2, 3), Entry(b"p", b"", b"22", 2, None, 0, 4)])
        await scratch.put([Entry(b"p", b"", None, 0, b"333", 3, 5), Entry(b"a", b"s", None, 0, b"", 0, 6)])
        found, more = await scratch.page(None, 10, 100)
        assert not more
        assert await scratch.page(Position(b"a", b"s"), 1, 100) == (found[1:], True)
        assert await scratch.page(Position(b"a", b"s"), 2, 4) == (found[1:], True)
        assert await scratch.page(Position(b"a", b"s"), 2, 5) == (found[1:], False)
        await scratch.close()
        return found

    assert asyncio.run(run()) == [Entry(b"a", b"s", None, 0, b"", 0, 6), Entry(b"p", b"", b"1", 1, b"333", 3, 5)]
