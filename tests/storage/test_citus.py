"""What only a distributed store does. The suite runs on it, too: see `conftest`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.storage.postgres.citus import BUCKETS, CitusLayout, bucket_of, bucket_of_shard
from stator.storage.store import Change, Key, Put, Row, Store
from tests import citus
from tests.storage.engines import Engine, put, write

TRANSFERS = 40


@given(st.lists(st.binary(max_size=12), max_size=20))
def test_the_order_of_buckets_is_that_of_partitions(partitions: list[bytes]) -> None:
    buckets = [bucket_of(partition) for partition in sorted(partitions)]
    assert buckets == sorted(buckets)
    assert all(0 <= bucket < BUCKETS for bucket in buckets)


def test_buckets_are_where_rows_have_always_been() -> None:
    assert [bucket_of(place) for place in (b"", bytes(8) + b"x", b"\x00\x40", b"\xff", b"\xff\xc0")] == [
        0,
        0,
        1,
        1020,
        1023,
    ]
    assert [bucket_of_shard(5, shard) for shard in range(3)] == [538, 652, 822]


def test_keys_of_one_bucket_go_together() -> None:
    layout = CitusLayout()
    near, far = [Key(1, b"\x00\x01", b""), Key(1, b"\x00\x02", b"")], Key(1, b"\x80", b"")
    assert not layout.spans(near)
    assert layout.spans([*near, far])
    assert [keys for _, keys in layout.grouped([far, *near])] == [near, [far]]


@pytest.mark.skipif(not citus.COORDINATOR, reason="STATOR_TEST_CITUS names no coordinator")
def test_rows_of_several_nodes_are_read_at_one_moment(tmp_path: Path) -> None:
    engine = Engine("citus", tmp_path)

    async def test(one: Store, two: Store) -> None:
        space = await one.create_space()
        keys = [Key(space, bytes([start]) + b"account", b"") for start in range(0, 250, 50)]
        new = [Key(space, bytes([start]) + b"new", b"") for start in range(0, 250, 50)]
        await write(one, *(put(key, b"\x40") for key in keys))

        def transfer(rows: Sequence[Row | None]) -> Change:
            values = [row.value[0] for row in rows if row is not None]
            return Change(puts=[Put(keys[0], 1, bytes([values[0] - 1])), Put(keys[4], 1, bytes([values[1] + 1]))])

        def appear(rows: Sequence[Row | None]) -> Change:
            there = any(rows)
            return Change(deletes=new) if there else Change(puts=[put(key) for key in new])

        async def work() -> None:
            for _ in range(TRANSFERS):
                await one.transact([keys[0], keys[4]], transfer)
                await one.transact(new, appear)

        working = asyncio.create_task(work())
        while not working.done():
            rows = await two.get(keys)
            assert sum(row.value[0] for row in rows if row is not None) == 5 * 0x40
            assert len({row is None for row in await two.get(new)}) == 1
        await working

    try:
        engine.run_two(test)
    finally:
        engine.remove()
