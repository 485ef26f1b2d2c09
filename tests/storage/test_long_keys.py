"""Keys as long as items can have them, and longer than an index of PostgreSQL takes: order and identity stay."""

from itertools import product

import pytest

from stator.storage.store import Bound, Change, Key, Row, Store, Usage
from tests.storage.engines import Engine, delete, every, place, put, write

# Alike for longer than is in any index, equal to what is in it, and just a byte less and more.
LONG = b"x" * 1_200
ENDS = [b"", b"\x00", b"a", b"a" * 1_500, b"b", b"\xff" * 900]
NAMES = sorted([b"", b"w", LONG[:-1], *(LONG + end for end in ENDS), b"x" * 1_199 + b"\xff", b"y", b"\xff" * 2_100])
SIZE = 10


async def _fill(store: Store, space: int) -> None:
    keys = [Key(space, partition, sort) for partition, sort in product(NAMES, NAMES)]
    for start in range(0, len(keys), 40):  # some are read first and others are not
        some = list(reversed(keys[start : start + 40]))
        change = Change(puts=[put(key, b"v%d" % number, SIZE) for number, key in enumerate(some)])
        await store.transact(some if start % 80 else [], lambda _, change=change: change)  # type: ignore[misc]


def test_rows_are_found_replaced_and_deleted(engine: Engine) -> None:
    async def test(store: Store) -> None:
        await _fill(store, 0)
        keys = [Key(0, partition, sort) for partition, sort in product(NAMES, NAMES)]
        assert all(row is not None and row[:2] == key[1:] for key, row in zip(keys, await store.get(keys), strict=True))
        absent = Key(0, LONG + b"ab", LONG)
        assert await store.get([absent, keys[-1], absent]) == [None, (await store.get([keys[-1]]))[0], None]
        for key in keys[::7]:
            await write(store, put(key, b"blind", SIZE))
            await store.transact([key], lambda rows, key=key: Change(puts=[put(key, b"seen", SIZE)]))  # type: ignore[misc]
        await delete(store, *keys[1::7])
        found: list[Row | None] = await store.transact(keys, lambda rows: Change(result=list(rows)))
        for number, row in enumerate(found):
            assert (row is None) == (number % 7 == 1)
            assert row is None or number % 7 or row.value == b"seen"
        left = len(keys) - len(keys[1::7])
        assert await store.usage(0) == Usage(left, left * SIZE)
        for partition in NAMES[::3]:
            rows = [row for row in found if row is not None and row.partition == partition]
            assert await store.measure(0, partition) == Usage(len(rows), len(rows) * SIZE)

    engine.run(test)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("partition", [b"w", LONG, LONG + b"a"])
def test_ranges_are_in_order(engine: Engine, partition: bytes, reverse: bool) -> None:
    bounds = [None, *(Bound(name, inclusive) for name in (LONG, LONG + b"a", b"x") for inclusive in (True, False))]

    async def test(store: Store) -> None:
        await _fill(store, 0)
        for lower, upper in product(bounds, bounds):
            inside = [
                sort
                for sort in NAMES
                if (lower is None or (sort, lower.inclusive) > (lower.sort, False))
                and (upper is None or (sort, not upper.inclusive) < (upper.sort, True))
            ]
            page = await store.range(0, partition, lower, upper, reverse=reverse, rows_max=100, bytes_max=10_000)
            assert [row.sort for row in page.rows] == sorted(inside, reverse=reverse)
            assert {row.partition for row in page.rows} <= {partition}

    engine.run(test)


@pytest.mark.parametrize("rows_max", [1, 5, 1_000])
def test_pages_of_a_scan_join(engine: Engine, rows_max: int) -> None:
    async def test(store: Store) -> None:
        space = await store.create_space()
        await _fill(store, space)
        whole = await every(store, space)
        assert [place(row) for row in whole] == list(product(NAMES, NAMES))
        for lower, upper in ((b"", None), (LONG, LONG + b"b"), (b"w", LONG)):
            wanted = [row for row in whole if lower <= row.partition and (upper is None or row.partition < upper)]
            joined: list[Row] = []
            more = True
            while more:
                after = place(joined[-1]) if joined else None
                page = await store.scan(space, after, lower=lower, upper=upper, rows_max=rows_max, bytes_max=10_000)
                joined += page.rows
                more = page.more
            assert joined == wanted

    engine.run(test)
