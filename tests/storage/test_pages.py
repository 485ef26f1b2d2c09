import pytest

from stator.storage.store import Bound, Key, Page, Position, Store
from tests.storage.engines import Engine, every, place, put, write

SORTS = [b"", b"\x00", b"a", b"a\x00", b"b", b"b\xff", b"c", b"\xff\xff"]
SIZE = 10


async def _fill(store: Store) -> None:
    keys = [Key(0, partition, sort) for partition in (b"k", b"m", b"l") for sort in reversed(SORTS)]
    await write(store, *(put(key, b"v", SIZE) for key in keys))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("upper", [None, Bound(b"b", True), Bound(b"b", False), Bound(b"", False), Bound(b"zz", True)])
@pytest.mark.parametrize("lower", [None, Bound(b"a", True), Bound(b"a", False), Bound(b"\xff\xff\xff", True)])
def test_a_range_holds_what_is_between_its_bounds(
    engine: Engine, lower: Bound | None, upper: Bound | None, reverse: bool
) -> None:
    def inside(sort: bytes) -> bool:
        above = lower is None or sort > lower.sort or (lower.inclusive and sort == lower.sort)
        below = upper is None or sort < upper.sort or (upper.inclusive and sort == upper.sort)
        return above and below

    async def test(store: Store) -> None:
        await _fill(store)
        page = await store.range(0, b"l", lower, upper, reverse=reverse, rows_max=100, bytes_max=10_000)
        assert [row.sort for row in page.rows] == sorted(filter(inside, SORTS), reverse=reverse)
        assert {row.partition for row in page.rows} <= {b"l"}
        assert not page.more

    engine.run(test)


@pytest.mark.parametrize(
    ("rows_max", "bytes_max", "count", "more"),
    [
        (3, 10_000, 3, True),
        (8, 10_000, 8, True),
        (9, 10_000, 8, False),
        (100, 3 * SIZE, 3, True),
        (100, 3 * SIZE - 1, 3, True),
        (100, 3 * SIZE + 1, 4, True),
        (100, 1, 1, True),
        (100, 8 * SIZE, 8, True),
        (100, 8 * SIZE + 1, 8, False),
    ],
)
def test_a_page_ends_at_its_limits(engine: Engine, rows_max: int, bytes_max: int, count: int, more: bool) -> None:
    async def test(store: Store) -> None:
        await _fill(store)
        ranged = await store.range(0, b"l", None, None, reverse=False, rows_max=rows_max, bytes_max=bytes_max)
        scanned = await store.scan(0, None, lower=b"l", upper=b"m", rows_max=rows_max, bytes_max=bytes_max)
        assert ranged == scanned
        assert (len(ranged.rows), ranged.more) == (count, more)

    engine.run(test)


@pytest.mark.parametrize("rows_max", [1, 2, 5, 24])
def test_pages_of_a_scan_join_without_gap_or_repeat(engine: Engine, rows_max: int) -> None:
    async def test(store: Store) -> None:
        await _fill(store)
        whole = await every(store, 0)
        assert [place(row) for row in whole] == sorted((p, s) for p in (b"k", b"l", b"m") for s in SORTS)
        joined, after = [], None
        while True:
            page = await store.scan(0, after, lower=b"", upper=None, rows_max=rows_max, bytes_max=10_000)
            joined += page.rows
            if not page.more:
                break
            after = place(page.rows[-1]) if page.rows else after
            if not page.rows:
                break
        assert joined == whole

    engine.run(test)


@pytest.mark.parametrize(
    ("after", "lower", "upper", "first", "count"),
    [
        (None, b"l", None, (b"l", b""), 16),
        (None, b"", b"l", (b"k", b""), 8),
        (None, b"k\x00", b"l\x00", (b"l", b""), 8),
        (Position(b"l", b"b"), b"l", b"m", (b"l", b"b\xff"), 3),
        (Position(b"l", b"bb"), b"", None, (b"l", b"b\xff"), 11),
        (Position(b"k", b"b"), b"l", b"m", (b"l", b""), 8),
        (Position(b"l", b"\xff\xff"), b"l", b"m", None, 0),
        (Position(b"m", b""), b"k", b"m", None, 0),
    ],
)
def test_a_scan_starts_after_a_position_and_keeps_to_its_segment(
    engine: Engine,
    after: Position | None,
    lower: bytes,
    upper: bytes | None,
    first: tuple[bytes, bytes] | None,
    count: int,
) -> None:
    async def test(store: Store) -> None:
        await _fill(store)
        page = await store.scan(0, after, lower=lower, upper=upper, rows_max=100, bytes_max=10_000)
        assert len(page.rows) == count
        assert (place(page.rows[0]) if page.rows else None) == first

    engine.run(test)


def test_nothing_is_found_where_nothing_is(engine: Engine) -> None:
    async def test(store: Store) -> None:
        await _fill(store)
        nothing = Page([], False)
        assert await store.range(0, b"x", None, None, reverse=True, rows_max=5, bytes_max=5) == nothing
        assert await store.range(9, b"l", None, None, reverse=True, rows_max=5, bytes_max=5) == nothing
        assert await store.scan(9, None, lower=b"", upper=None, rows_max=5, bytes_max=5) == nothing

    engine.run(test)
