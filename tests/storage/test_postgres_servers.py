"""Several servers on one database: their stores know nothing of each other."""

import asyncio
from collections.abc import Sequence
from itertools import chain

import pytest

from stator.storage.failure import SpaceGone
from stator.storage.store import Append, Change, Key, Position, Row, Store, Usage
from tests.storage.engines import Engine, delete, every, put, write

A = Key(0, b"p", b"a")
ROUNDS = 25


class Refused(Exception):
    pass


@pytest.fixture
def engine(postgres_engine: Engine) -> Engine:
    return postgres_engine


def _increment(rows: Sequence[Row | None]) -> Change:
    count = int(rows[0].value) + 1 if rows[0] else 1
    return Change(puts=[put(A, b"%d" % count)], result=count)


def test_servers_that_make_the_tables_at_once_all_find_them(engine: Engine) -> None:
    async def test() -> None:
        openings = [engine.open() for _ in range(4)]
        stores = await asyncio.gather(*(opening.__aenter__() for opening in openings))
        for number, store in enumerate(stores):
            await write(store, put(Key(0, b"p", b"%d" % number)))
        assert {len(await every(store, 0)) for store in stores} == {4}
        for opening in openings:
            await opening.__aexit__(None, None, None)

    engine.url  # noqa: B018  makes the database
    asyncio.run(test())


def test_exactly_one_of_those_who_expect_absence_wins(engine: Engine) -> None:
    def claim(key: Key, other: Key) -> object:
        def decide(rows: Sequence[Row | None]) -> Change:
            if any(rows):
                raise Refused
            return Change(puts=[put(key)])

        return decide

    async def test(one: Store, two: Store) -> None:
        space = await one.create_space()
        for number in range(ROUNDS):
            # The same key, two keys of one space, and two of different spaces.
            for left, right in (
                (Key(0, b"same", b"%d" % number), Key(0, b"same", b"%d" % number)),
                (Key(0, b"%d" % number, b"l"), Key(0, b"%d" % number, b"r")),
                (Key(0, b"%d" % number, b"x"), Key(space, b"%d" % number, b"y")),
            ):
                answers = await asyncio.gather(
                    one.transact([left, right], claim(left, right)),  # type: ignore[arg-type]
                    two.transact([right, left], claim(right, left)),  # type: ignore[arg-type]
                    return_exceptions=True,
                )
                assert [type(answer) for answer in answers if answer is not None] == [Refused]
        assert len(await every(one, 0)) + len(await every(two, space)) == 3 * ROUNDS
        total = [await store.usage(where) for store in (one, two) for where in (0, space)]
        assert total[:2] == total[2:]
        assert total[0].rows + total[1].rows == 3 * ROUNDS

    engine.run_two(test)


def test_what_was_checked_holds_until_the_commit(engine: Engine) -> None:
    """Each changes its own row where the other's is unchanged: without a lock of the other's both would."""

    def take(mine: Key, other: Key) -> object:
        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[1] is None or rows[1].value != b"free":
                raise Refused
            return Change(puts=[put(mine, b"taken")])

        return decide

    async def test(one: Store, two: Store) -> None:
        for number in range(ROUNDS):
            left, right = Key(0, b"%d" % number, b"l"), Key(0, b"%d" % number, b"r")
            await write(one, put(left, b"free"), put(right, b"free"))
            answers = await asyncio.gather(
                one.transact([left, right], take(left, right)),  # type: ignore[arg-type]
                two.transact([right, left], take(right, left)),  # type: ignore[arg-type]
                return_exceptions=True,
            )
            assert [type(answer) for answer in answers if answer is not None] == [Refused]

    engine.run_two(test)


def test_a_hot_counter_counts_every_time(engine: Engine) -> None:
    async def test(one: Store, two: Store) -> None:
        async def client(store: Store) -> list[int]:
            return [await store.transact([A], _increment) for _ in range(15)]

        answers = await asyncio.gather(*(client(store) for store in (one, two) for _ in range(4)))
        assert sorted(chain.from_iterable(answers)) == list(range(1, 121))

    engine.run_two(test)


def test_versions_grow_whoever_writes(engine: Engine) -> None:
    async def test(one: Store, two: Store) -> None:
        versions = []
        for _ in range(10):
            for store in (one, two):
                await write(store, put(A))
                row = (await store.get([A]))[0]
                assert row is not None
                versions.append(row.version)
            await delete(two, A)
        assert versions == sorted(set(versions))

    engine.run_two(test)


def test_sums_are_exact_whoever_writes_and_whatever_is_there(engine: Engine) -> None:
    """Rows that were read and rows that were not, written, overwritten and deleted by both at once."""

    async def test(one: Store, two: Store) -> None:
        space = await one.create_space()
        keys = [Key(space, b"%d" % (number % 3), b"%d" % number) for number in range(12)]

        async def client(store: Store, first: int) -> None:
            for step in range(20):
                key, other = keys[(first + step) % 12], keys[(first + 5 * step) % 12]
                change = Change(puts=[put(key, b"v", step)], deletes=[other])
                await store.transact([key] if step % 2 else [], lambda _, change=change: change)  # type: ignore[misc]

        await asyncio.gather(*(client(store, number) for number in range(4) for store in (one, two)))
        rows = await every(one, space)
        assert await two.usage(space) == Usage(len(rows), sum(row.size for row in rows))

    engine.run_two(test)


def test_a_poller_misses_no_record_beside_slow_committers(engine: Engine) -> None:
    async def test(one: Store, two: Store) -> None:
        async def writer(store: Store, name: bytes) -> list[bytes]:
            written = []
            for step in range(25):
                record = b"%b.%d" % (name, step)
                key = Key(0, record, b"")
                # A large row makes the commit slow: its number was given out long before it can be read.
                change = Change(
                    puts=[put(key, bytes(200_000) if step % 3 else b"")], appends=[Append(1, step % 2, record)] * 2
                )
                await store.transact([key], lambda _, change=change: change)  # type: ignore[misc]
                written += [record, record]
            return written

        writing = asyncio.gather(*(writer(store, b"%d.%d" % place) for place, store in _places(one, two)))
        polled: dict[int, list[bytes]] = {0: [], 1: []}
        while True:
            last = writing.done()
            found = 0
            for shard, records in polled.items():
                for record in await two.changes(1, shard, len(records), 10):
                    assert record.sequence == len(records) + 1
                    records.append(record.record)
                    found += 1
            if last and not found:
                break
        assert sorted(chain(*polled.values())) == sorted(chain(*await writing))

    engine.run_two(test)


def _places(one: Store, two: Store) -> list[tuple[tuple[int, int], Store]]:
    return [((number, writer), store) for number, store in enumerate((one, two)) for writer in range(3)]


def _timed(time: int, rest: bytes = b"") -> bytes:
    return b'{"t":%013d,%b}' % (time, rest)


def test_times_never_fall_within_a_shard(engine: Engine) -> None:
    async def append(store: Store, *appends: Append) -> None:
        await store.transact([], lambda _: Change(appends=appends))

    async def test(one: Store, two: Store) -> None:
        await append(one, Append(1, 0, _timed(5_000, b"a")), Append(1, 1, _timed(3_000)))
        await append(two, Append(1, 0, _timed(4_000, b"b")))
        await append(two, Append(1, 2, _timed(1_000)), Append(1, 2, b"no time: 1234567890123"), Append(1, 2, b"short"))
        await append(one, Append(1, 2, _timed(2_000)), Append(1, 0, _timed(6_000, b"c")))
        await append(one, Append(1, 2, _timed(10)))
        read = [[record.record for record in await one.changes(1, shard, 0, 10)] for shard in range(3)]
        assert read[0] == [_timed(5_000, b"a"), _timed(5_000, b"b"), _timed(6_000, b"c")]
        assert read[1] == [_timed(5_000)]  # all of one commit have one time
        assert read[2] == [_timed(1_000), b"no time: 1234567890123", b"short", _timed(6_000), _timed(6_000)]

    engine.run_two(test)


def test_spaces_of_one_server_are_those_of_all(engine: Engine) -> None:
    async def test(one: Store, two: Store) -> None:
        made = await asyncio.gather(*(store.create_space() for store in (one, two) for _ in range(3)))
        assert sorted(made) == await one.spaces() == await two.spaces()
        key = Key(made[0], b"p", b"")
        await write(two, put(key))
        assert (await one.get([key]))[0] is not None
        await asyncio.gather(one.drop_space(made[0]), two.drop_space(made[0]))
        for store in (one, two):
            assert await store.get([key, A]) == [None, None]
            page = await store.scan(made[0], Position(b"", b""), lower=b"", upper=None, rows_max=5, bytes_max=5)
            assert page.rows == []
            with pytest.raises(SpaceGone):
                await write(store, put(key), put(A))
            assert made[0] not in await store.spaces()
        assert await two.get([A]) == [None]

    engine.run_two(test)


def test_a_space_dropped_in_the_middle_refuses_its_own_writes_alone(engine: Engine) -> None:
    async def test(one: Store, two: Store) -> None:
        spaces = [await one.create_space() for _ in range(2)]

        async def client(space: int, number: int) -> int:
            for step in range(40):
                try:
                    await write(one, put(Key(space, b"%d" % number, b"%d" % step)))
                except SpaceGone:
                    return step
            return -1

        writing = [asyncio.ensure_future(client(space, number)) for space in spaces for number in range(3)]
        await asyncio.sleep(0)
        await two.drop_space(spaces[0])
        await asyncio.gather(*writing)
        with pytest.raises(SpaceGone):
            await write(one, put(Key(spaces[0], b"", b"")))
        assert {await task for task in writing[3:]} == {-1}
        assert (await two.usage(spaces[1])).rows == 120

    engine.run_two(test)
