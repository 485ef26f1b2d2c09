import asyncio
from collections.abc import Sequence
from itertools import chain

import pytest

from stator.storage.failure import SpaceGone
from stator.storage.store import Append, Change, Key, Row, Store, Usage
from tests.storage.engines import Engine, delete, every, put, write

A = Key(0, b"p", b"a")
B = Key(0, b"p", b"b")


class Refused(Exception):
    pass


def _increment(rows: Sequence[Row | None]) -> Change:
    count = int(rows[0].value) + 1 if rows[0] else 1
    return Change(puts=[put(A, b"%d" % count)], result=count)


def test_rows_come_in_the_order_asked(engine: Engine) -> None:
    async def test(store: Store) -> None:
        await write(store, put(A, b"1"), put(B, b"2"))
        missing = Key(0, b"p", b"c")
        seen = await store.transact([B, missing, A, B], lambda rows: Change(result=list(rows)))
        assert [row and row.value for row in seen] == [b"2", None, b"1", b"2"]
        assert await store.get([B, missing, A, B]) == seen
        assert seen[2][:2] == (b"p", b"a")

    engine.run(test)


def test_deletes_come_before_puts_and_the_last_put_stays(engine: Engine) -> None:
    async def test(store: Store) -> None:
        await write(store, put(A, b"old"))
        await store.transact([A], lambda _: Change(puts=[put(A, b"1"), put(B, b"2"), put(A, b"333")], deletes=[A, B]))
        assert [row.value for row in await every(store, 0)] == [b"333", b"2"]
        assert await store.usage(0) == Usage(2, 4)
        await store.transact([], lambda _: Change(deletes=[A, A, Key(0, b"q", b"")]))
        assert await store.usage(0) == Usage(1, 1)

    engine.run(test)


def test_a_decide_that_raises_writes_nothing_and_harms_nobody(engine: Engine) -> None:
    def refuse(rows: Sequence[Row | None]) -> Change:
        raise Refused

    async def test(store: Store) -> None:
        answers = await asyncio.gather(
            *(store.transact([A], refuse if number % 3 == 0 else _increment) for number in range(30)),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers[::3]] == [Refused] * 10
        assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(1, 21))

    engine.run(test)


def test_a_member_whose_rows_cannot_be_stored_fails_alone(engine: Engine) -> None:
    async def test(store: Store) -> None:
        bad = Change(puts=[put(B), put(A, "text", 1)], appends=[Append(1, 0, b"bad")])  # type: ignore[arg-type]
        answers = await asyncio.gather(
            store.transact([A], _increment),
            store.transact([A], lambda _: bad),
            store.transact([A], _increment),
            return_exceptions=True,
        )
        assert (answers[0], answers[2]) == (1, 2)
        assert isinstance(answers[1], Exception)
        assert [row.value for row in await every(store, 0)] == [b"2"]
        assert await store.usage(0) == Usage(1, 1)
        assert await store.changes(1, 0, 0, 10) == []

    engine.run(test)


def test_exactly_one_of_those_who_expect_absence_wins(engine: Engine) -> None:
    def claim(key: Key, other: Key) -> object:
        def decide(rows: Sequence[Row | None]) -> Change:
            if any(rows):
                raise Refused
            return Change(puts=[put(key)])

        return decide

    async def test(store: Store) -> None:
        for number in range(40):
            left, right = Key(0, b"%d" % number, b"l"), Key(0, b"%d" % number, b"r")
            answers = await asyncio.gather(
                store.transact([left, right], claim(left, right)),  # type: ignore[arg-type]
                store.transact([right, left], claim(right, left)),  # type: ignore[arg-type]
                return_exceptions=True,
            )
            assert [type(answer) for answer in answers if answer is not None] == [Refused]
        assert len(await every(store, 0)) == 40

    engine.run(test)


def test_a_hot_counter_counts_every_time(engine: Engine) -> None:
    async def test(store: Store) -> None:
        async def client() -> list[int]:
            return [await store.transact([A], _increment) for _ in range(25)]

        answers = await asyncio.gather(*(client() for _ in range(8)))
        assert sorted(chain.from_iterable(answers)) == list(range(1, 201))

    engine.run(test)


def test_versions_grow_and_never_repeat(engine: Engine) -> None:
    versions: list[int] = []

    async def test(store: Store) -> None:
        for _ in range(5):
            for _ in range(3):
                await write(store, put(A))
                row = (await store.get([A]))[0]
                assert row is not None
                versions.append(row.version)
            await delete(store, A)

    for _ in range(3 if engine.durable else 1):
        engine.run(test)
    assert versions == sorted(set(versions))


def test_an_answer_that_saw_unwritten_rows_waits_for_their_commit(engine: Engine) -> None:
    """Whoever is told of a row can read it, also when it heard so by a failed condition."""

    def refuse(rows: Sequence[Row | None]) -> Change:
        if rows[0] is not None:
            raise Refused
        return Change(result="absent")

    async def test(store: Store) -> None:
        async def after_refusal() -> int:
            try:
                await store.transact([A], refuse)
            except Refused:
                return len(await every(store, 0))
            return -1

        async def after_result() -> int:
            assert await store.transact([A], lambda rows: Change(result=rows[0])) is not None
            return len(await every(store, 0))

        writing = asyncio.ensure_future(write(store, put(A)))
        assert list(await asyncio.gather(after_refusal(), after_result())) == [1, 1]
        await writing

    engine.run(test)


def test_usage_is_exact(engine: Engine) -> None:
    async def test(store: Store) -> None:
        space = await store.create_space()
        keys = [Key(space, b"%d" % (number % 7), b"%d" % number) for number in range(50)]
        await asyncio.gather(*(write(store, put(key, b"v", number)) for number, key in enumerate(keys)))
        await asyncio.gather(*(write(store, put(key, b"w", 1000 + number)) for number, key in enumerate(keys[:10])))
        await delete(store, *keys[40:])
        rows = await every(store, space)
        assert (
            await store.usage(space) == Usage(40, sum(row.size for row in rows)) == Usage(40, sum(range(40)) + 10_000)
        )
        mine = [row.size for row in rows if row.partition == b"3"]
        assert await store.measure(space, b"3") == Usage(len(mine), sum(mine))
        assert await store.measure(space, b"none") == await store.usage(space + 1) == Usage(0, 0)

    engine.run(test)


def test_huge_values(engine: Engine) -> None:
    value = bytes(range(256)) * 1600

    async def test(store: Store) -> None:
        keys = [Key(0, b"%d" % number, b"") for number in range(30)]
        await asyncio.gather(*(write(store, put(key, value)) for key in keys))
        assert {row.value for row in await store.get(keys) if row} == {value}

    engine.run(test)


def test_spaces_are_apart_and_a_dropped_one_is_empty(engine: Engine) -> None:
    async def test(store: Store) -> None:
        first, second = await asyncio.gather(store.create_space(), store.create_space())
        assert len({0, first, second}) == 3
        key = Key(first, b"p", b"")
        await write(store, put(key), put(key._replace(space=second)))
        await store.drop_space(first)
        await store.drop_space(first)
        assert await store.get([key]) == [None]
        assert await every(store, first) == []
        assert await store.usage(first) == Usage(0, 0)
        assert await store.transact([key], lambda rows: Change(deletes=[key], result=rows[0])) is None
        with pytest.raises(SpaceGone):
            await write(store, put(A), put(key))
        assert await store.get([A]) == [None]
        assert len(await every(store, second)) == 1
        assert await store.create_space() not in {0, first, second}

    engine.run(test)


def test_writes_go_on_while_a_space_is_dropped(engine: Engine) -> None:
    async def test(store: Store) -> None:
        space = await store.create_space()
        await write(store, *(put(Key(space, b"%d" % number, b"")) for number in range(3_000)))

        async def into_dropped() -> int:
            for number in range(1_000):
                try:
                    await write(store, put(Key(space, b"x%d" % number, b"")))
                except SpaceGone:
                    return number
                await asyncio.sleep(0)
            return -1

        counting = asyncio.gather(*(store.transact([A], _increment) for _ in range(100)))
        ended, _ = await asyncio.gather(into_dropped(), store.drop_space(space))
        assert ended >= 0
        assert len(await counting) == 100
        assert await every(store, space) == []

    engine.run(test)


def test_a_cancelled_write_does_not_disturb_the_others(engine: Engine) -> None:
    async def test(store: Store) -> None:
        tasks = [asyncio.ensure_future(store.transact([A], _increment)) for _ in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        row = (await store.get([A]))[0]
        assert row is not None
        assert int(row.value) >= len([answer for answer in answers if isinstance(answer, int)]) >= 5

    engine.run(test)
