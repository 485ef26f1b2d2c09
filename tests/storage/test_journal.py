import asyncio
from itertools import chain

from stator.storage.store import Append, Change, Key, Record, Store
from tests.storage.engines import Engine, put, write


async def _append(store: Store, *appends: Append) -> None:
    await store.transact([], lambda _: Change(appends=appends))


def test_sequences_are_gapless_in_each_shard(engine: Engine) -> None:
    async def test(store: Store) -> None:
        await _append(store, Append(1, 0, b"a"), Append(1, 1, b"b"), Append(1, 0, b"c"), Append(2, 0, b"d"))
        await _append(store, Append(1, 0, b"e"))
        assert await store.changes(1, 0, 0, 10) == [Record(1, 0, 1, b"a"), Record(1, 0, 2, b"c"), Record(1, 0, 3, b"e")]
        assert await store.changes(1, 1, 0, 10) == [Record(1, 1, 1, b"b")]
        assert await store.changes(2, 0, 0, 10) == [Record(2, 0, 1, b"d")]
        assert await store.changes(1, 0, 1, 1) == [Record(1, 0, 2, b"c")]
        assert await store.changes(1, 0, 3, 10) == await store.changes(7, 7, 0, 10) == []

    engine.run(test)


def test_sequences_go_on_after_a_trim_and_a_restart(engine: Engine) -> None:
    async def fill(store: Store) -> None:
        await _append(store, *(Append(1, 0, b"%d" % number) for number in range(1, 1_001)), Append(1, 1, b"other"))
        await store.trim(1, 0, 501)
        assert [record.sequence for record in await store.changes(1, 0, 0, 2_000)] == list(range(501, 1_001))
        await store.trim(1, 0, 5_000)
        assert await store.changes(1, 0, 0, 10) == []
        await store.trim(1, 0, 5_000)
        assert len(await store.changes(1, 1, 0, 10)) == 1
        if not engine.durable:
            await go_on(store)

    async def go_on(store: Store) -> None:
        await _append(store, Append(1, 0, b"next"))
        assert await store.changes(1, 0, 0, 10) == [Record(1, 0, 1_001, b"next")]

    engine.run(fill)
    if engine.durable:
        engine.run(go_on)


def test_the_last_record_of_a_shard_is_known_also_when_it_is_trimmed(engine: Engine) -> None:
    async def test(store: Store) -> None:
        assert await store.last(1, 0) == 0
        await _append(store, Append(1, 0, b"a"), Append(1, 0, b"b"), Append(1, 1, b"c"), Append(2, 0, b"d"))
        assert [await store.last(1, 0), await store.last(1, 1), await store.last(2, 0)] == [2, 1, 1]
        await store.trim(1, 0, 3)
        assert [await store.last(1, 0), await store.last(1, 1), await store.last(1, 2)] == [2, 1, 0]
        await _append(store, Append(1, 0, b"e"))
        assert await store.last(1, 0) == 3

    engine.run(test)


def test_a_poller_misses_no_record_beside_slow_and_failing_writers(engine: Engine) -> None:
    async def test(store: Store) -> None:
        async def writer(number: int) -> list[bytes]:
            written = []
            for step in range(20):
                record = b"%d.%d" % (number, step)
                fails = step % 5 == number % 5
                appends = [Append(1, 0, record), Append(1, 1, record)]
                change = Change(puts=[put(Key(0, record, b""), "x" if fails else b"x", 1)], appends=appends)  # type: ignore[arg-type]
                try:
                    await store.transact([], lambda _, change=change: change)  # type: ignore[misc]
                except Exception:  # noqa: BLE001
                    assert fails
                else:
                    written.append(record)
            return written

        polled: list[Record] = []
        writing = asyncio.gather(*(writer(number) for number in range(6)))
        while True:
            last = writing.done()
            polled += await store.changes(1, 0, len(polled), 7)
            if last and not await store.changes(1, 0, len(polled), 1):
                break
            await asyncio.sleep(0)
        assert [record.sequence for record in polled] == list(range(1, len(polled) + 1))
        assert sorted(record.record for record in polled) == sorted(chain.from_iterable(await writing))

    engine.run(test)


def test_a_record_is_there_when_its_row_is(engine: Engine) -> None:
    async def test(store: Store) -> None:
        key = Key(0, b"p", b"")
        writing = asyncio.ensure_future(
            store.transact([key], lambda _: Change(puts=[put(key)], appends=[Append(1, 0, b"r")]))
        )
        while not writing.done():
            before = (await store.get([key]))[0]  # the reads of a store over a network are of different moments
            record = await store.changes(1, 0, 0, 1)
            after = (await store.get([key]))[0]
            assert record or not before
            assert after or not record
            await asyncio.sleep(0)
        await write(store)
        assert await store.changes(1, 0, 0, 1)

    engine.run(test)
