"""What becomes of reads and writes when PostgreSQL, the way to it, or somebody else in it is in the way."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
import uvloop

from stator.storage.failure import FormatTooNew, NotADataDirectory, StoreBusy, StoreClosed, StoreError, StoreFailure
from stator.storage.postgres import desks
from stator.storage.postgres.engine import Limits, PostgresStore
from stator.storage.postgres.fault import LinkLost, OutcomeUnknown, SqlError
from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.location import BadLocation, Location
from stator.storage.postgres.pool import run
from stator.storage.store import Append, Change, Key, Row, Store
from tests import postgres
from tests.storage.engines import every, put, write

SECONDS_MAX = 60.0
A, B = Key(0, b"p", b"a"), Key(0, b"p", b"b")
APPLICATION = "application_name = 'stator'"


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """One of these tests' own: they stop it."""
    if postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    made = postgres.Cluster("deadlock_timeout=100ms")
    yield made
    made.remove()


@pytest.fixture
def url(cluster: postgres.Cluster) -> Iterator[str]:
    made = cluster.new_database()
    yield made
    cluster.drop_database(made)


@asynccontextmanager
async def opened(url: str, **limits: Any) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(Location.parse(url, read_write=True), limits=Limits(**limits))
    try:
        yield store
    finally:
        await store.close()


async def _value(store: Store, key: Key) -> bytes | None:
    row = (await store.get([key]))[0]
    return row and row.value


def _backends(url: str, what: str) -> str:
    """A query that does something to each connection of stores to this database."""
    name = url.rpartition("/")[2]
    return f"SELECT {what}(pid) FROM pg_stat_activity WHERE datname = '{name}' AND {APPLICATION}"


async def _until(cluster: postgres.Cluster, condition: str) -> None:
    """Wait until a condition on rows of pg_stat_activity holds for one of them."""
    end = time.monotonic() + SECONDS_MAX
    while not cluster.execute(f"SELECT 1 FROM pg_stat_activity WHERE {APPLICATION} AND {condition}"):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def _increment(key: Key) -> Any:
    def decide(rows: Sequence[Row | None]) -> Change:
        count = int(rows[0].value) + 1 if rows[0] else 1
        return Change(puts=[put(key, b"%d" % count)], appends=[Append(1, 0, b"r")], result=count)

    return decide


def test_lost_connections_are_replaced(cluster: postgres.Cluster, url: str) -> None:
    async def test() -> None:
        async with opened(url) as store:
            for number in range(5):
                await store.transact([A], _increment(A))
                cluster.execute(_backends(url, "pg_terminate_backend"))
                reads = await asyncio.gather(*(_value(store, A) for _ in range(20)))
                assert set(reads) == {b"%d" % (number + 1)}

    asyncio.run(test())


@pytest.mark.parametrize("asked", [True, False])
def test_a_link_that_the_server_resets_is_lost_at_once(cluster: postgres.Cluster, url: str, asked: bool) -> None:
    """On uvloop, as in a server: it tells of a socket with an error once and then looks at it no more."""

    async def test() -> None:
        location = Location.parse(url, read_write=True)
        lost: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        link = Link(await location.connect(), lost.set_result)
        cluster.execute(f"SELECT pg_terminate_backend({link.slot}, 60000)")
        if asked:  # what is written now is refused, after the server's last words
            with pytest.raises((SqlError, LinkLost)):
                await asyncio.wait_for(run(link, [Statement(b"SELECT 1")]), SECONDS_MAX)
        else:
            os.write(link._socket, b"X")
        assert await asyncio.wait_for(lost, SECONDS_MAX) is link
        assert link.closed

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_a_restart_under_load_costs_errors_and_nothing_else(
    cluster: postgres.Cluster, url: str, how: signal.Signals
) -> None:
    clients = 6
    acknowledged = dict.fromkeys(range(clients), 0)
    reading_failed: list[BaseException] = []
    attempts = dict.fromkeys(range(clients), 0)

    async def test() -> None:
        ending = False

        async def client(store: Store, number: int) -> None:
            key = Key(0, b"client", b"%d" % number)
            while not ending:
                attempts[number] += 1
                try:
                    count = await store.transact([key], _increment(key))
                except StoreError:
                    await asyncio.sleep(0.01)
                else:
                    assert count > acknowledged[number]
                    acknowledged[number] = count

        async def reader(store: Store) -> None:
            while not ending:
                try:
                    await store.get([Key(0, b"client", b"0")])
                except StoreError as error:
                    reading_failed.append(error)

        async def progress(enough: int) -> None:
            end = time.monotonic() + SECONDS_MAX
            reached = {number: count + enough for number, count in acknowledged.items()}
            while any(acknowledged[number] < count for number, count in reached.items()):
                assert time.monotonic() < end
                await asyncio.sleep(0.01)

        async with opened(url) as store:
            tasks = [asyncio.ensure_future(client(store, number)) for number in range(clients)]
            tasks.append(asyncio.ensure_future(reader(store)))
            for _ in range(2):
                await progress(20)
                await asyncio.to_thread(_restart, cluster, how)
            await progress(20)
            ending = True
            await asyncio.gather(*tasks)
            rows = await every(store, 0)
            assert len(rows) == clients
            for row in rows:
                assert acknowledged[int(row.sort)] <= int(row.value) <= attempts[int(row.sort)]
            assert (await store.usage(0)).rows == clients
            assert await store.last(1, 0) == sum(int(row.value) for row in rows)

    asyncio.run(test())


def _restart(cluster: postgres.Cluster, how: signal.Signals) -> None:
    if how == signal.SIGKILL:
        cluster.kill()
    else:
        cluster.stop(how)
    cluster.start()


def test_nobody_waits_for_ever_for_a_server_that_is_down(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        own = postgres.Cluster()
        try:
            async with opened(own.url()) as store:
                await write(store, put(A))
                own.stop(signal.SIGQUIT)
                monkeypatch.setattr(desks, "WAIT_SECONDS", 0.3)
                for wanted in (store.get([A]), every(store, 0), write(store, put(A)), store.create_space()):
                    with pytest.raises(StoreFailure, match="PostgreSQL"):
                        await wanted
                with pytest.raises(StoreFailure, match=f"127.0.0.1:{own.port}/postgres: .*refused"):
                    await store.snapshot()
        finally:
            own.remove()

    asyncio.run(test())


def test_a_deadlock_is_tried_again(cluster: postgres.Cluster, url: str) -> None:
    async def hurt(store: Store) -> bool:
        """Whether the store was the one whom PostgreSQL let fail: who waits first, as a rule, looks first."""
        with psycopg.connect(url) as other:
            other.execute("UPDATE stator.s0 SET value = 'x' WHERE sort = 'b'")
            both = Change(puts=[put(A, b"2"), put(B, b"2")])
            writing = asyncio.ensure_future(store.transact([A, B], lambda _: both))
            await _until(cluster, "wait_event_type = 'Lock'")
            try:
                await asyncio.to_thread(other.execute, "UPDATE stator.s0 SET value = 'x' WHERE sort = 'a'")
            except psycopg.errors.DeadlockDetected:
                other.rollback()
                await writing
                return False
            other.commit()
        await writing
        return True

    async def test() -> None:
        async with opened(url, lock_seconds=SECONDS_MAX) as store:
            await write(store, put(A, b"1"), put(B, b"1"))
            end = time.monotonic() + SECONDS_MAX
            while not await hurt(store):
                assert time.monotonic() < end
            assert [await _value(store, key) for key in (A, B)] == [b"2", b"2"]

    asyncio.run(test())


def test_a_database_may_have_another_isolation_level_for_others(cluster: postgres.Cluster, url: str) -> None:
    name = url.rpartition("/")[2].partition("?")[0]
    postgres.execute(url, f'ALTER DATABASE "{name}" SET default_transaction_isolation TO serializable')

    async def test() -> None:
        async with opened(url) as store:
            (shown,) = await store._do(lambda link: run(link, [Statement(b"SHOW transaction_isolation")], once=True))
            assert shown.get_value(0, 0) == b"read committed"

    asyncio.run(test())


def test_a_row_that_stays_locked_is_given_up(url: str) -> None:
    async def test() -> None:
        async with opened(url, lock_seconds=0.02) as store:
            await write(store, put(A, b"1"))
            with psycopg.connect(url) as other:
                other.execute("SELECT 1 FROM stator.s0 WHERE sort = 'a' FOR UPDATE")
                with pytest.raises(StoreBusy):
                    await store.transact([A], _increment(A))
                await store.transact([B], _increment(B))
            assert await store.transact([A], _increment(A)) == 2
            assert await _value(store, B) == b"1"

    asyncio.run(test())


@pytest.mark.parametrize("what", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_that_no_standby_confirms_is_not_acknowledged(cluster: postgres.Cluster, url: str, what: str) -> None:
    """PostgreSQL calls it a success with a warning when somebody ends the wait."""

    async def test() -> None:
        async with opened(url) as store:
            await write(store, put(A, b"1"))
            with _no_standby(cluster):
                writing = asyncio.ensure_future(store.transact([A], _increment(A)))
                await _until(cluster, "wait_event = 'SyncRep'")
                cluster.execute(_backends(url, what))
                with pytest.raises(OutcomeUnknown):
                    await writing
            assert await _value(store, A) == b"2"  # as it happens
            assert await store.transact([A], _increment(A)) == 3

    asyncio.run(test())


def test_a_commit_that_takes_too_long_is_told_as_unknown_and_never_cancelled(
    cluster: postgres.Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "COMMIT_SECONDS", 0.05)

    async def test() -> None:
        async with opened(url, connections=2) as store:
            await write(store, put(A, b"1"))
            with _no_standby(cluster):
                writing = [asyncio.ensure_future(store.transact([A], _increment(A))) for _ in range(3)]
                answers = await asyncio.gather(*writing, return_exceptions=True)
                assert {type(answer) for answer in answers} == {OutcomeUnknown}
            assert await store.transact([B], _increment(B)) == 1
            value = await _value(store, A)
            assert value is not None
            assert 2 <= int(value) <= 4

    asyncio.run(test())


class _no_standby:  # noqa: N801  reads as what it is
    """Meanwhile every commit waits for a standby that is not there."""

    def __init__(self, cluster: postgres.Cluster) -> None:
        self._cluster = cluster

    def __enter__(self) -> None:
        self._set("nobody")

    def __exit__(self, *_: object) -> None:
        self._set("")

    def _set(self, names: str) -> None:
        self._cluster.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self._cluster.execute("SELECT pg_reload_conf()")
        end = time.monotonic() + SECONDS_MAX
        while self._cluster.execute("SHOW synchronous_standby_names") != [(names,)]:
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.1)  # connections there are see it with their next statement


def test_too_many_that_wait_are_turned_away(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "WAITING_MAX", 3)

    async def test() -> None:
        async with opened(url, connections=2) as store:
            answers = await asyncio.gather(
                *(store.transact([A], _increment(A)) for _ in range(20)), return_exceptions=True
            )
            busy = [answer for answer in answers if isinstance(answer, StoreBusy)]
            assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(1, 21 - len(busy)))
            assert busy
            reads = await asyncio.gather(*(store.get([A]) for _ in range(20)), return_exceptions=True)
            assert any(isinstance(answer, StoreBusy) for answer in reads)

    asyncio.run(test())


def test_a_slow_read_ends_at_its_limit_and_harms_nobody(cluster: postgres.Cluster, url: str) -> None:
    async def test() -> None:
        async with opened(url, statement_seconds=0.2, lock_seconds=SECONDS_MAX) as store:
            space = await store.create_space()
            key = Key(space, b"p", b"")
            await write(store, put(key), put(A, b"1"))
            with psycopg.connect(url) as other:
                other.execute(f"LOCK TABLE stator.s{space} IN ACCESS EXCLUSIVE MODE")
                answers = await asyncio.gather(
                    store.get([key]), store.get([A]), store.get([A, key]), return_exceptions=True
                )
            assert isinstance(answers[0], StoreFailure)
            assert isinstance(answers[2], StoreFailure)
            assert not isinstance(answers[1], BaseException)
            assert answers[1][0] is not None
            assert await _value(store, key) == b"v"

    asyncio.run(test())


def test_writes_that_wait_are_done_before_the_store_closes(url: str) -> None:
    async def test() -> None:
        async with opened(url) as store:
            writing = [asyncio.ensure_future(store.transact([A], _increment(A))) for _ in range(30)]
            await asyncio.sleep(0)
        assert sorted(await asyncio.gather(*writing)) == list(range(1, 31))
        for wanted in (store.get([A]), write(store, put(A)), store.create_space(), store.snapshot()):
            with pytest.raises(StoreClosed):
                await wanted

    asyncio.run(test())


def test_a_newer_format_is_refused(url: str, cluster: postgres.Cluster) -> None:
    async def test() -> None:
        async with opened(url):
            pass
        cluster.execute("UPDATE stator.format SET format = 99", url)
        with pytest.raises(FormatTooNew, match="has format 99; this version of Stator reads formats up to 1"):
            async with opened(url):
                pass

    asyncio.run(test())


def test_a_schema_of_somebody_else_is_refused(url: str, cluster: postgres.Cluster) -> None:
    cluster.execute("CREATE SCHEMA stator", url)

    async def test() -> None:
        with pytest.raises(NotADataDirectory, match="has a schema named stator that Stator did not make"):
            async with opened(url):
                pass

    asyncio.run(test())


def test_who_cannot_connect_hears_why_and_no_password(url: str) -> None:
    port = postgres.free_port()

    async def test() -> None:
        with pytest.raises(StoreFailure) as raised:
            async with opened(f"postgresql://user:secret@127.0.0.1:{port}/base"):
                pass
        assert f"127.0.0.1:{port}/base: " in str(raised.value)
        assert "refused" in str(raised.value)
        assert "secret" not in str(raised.value)
        with pytest.raises(StoreFailure, match='database "nothing" does not exist'):
            async with opened(url.rpartition("/")[0] + "/nothing"):
                pass

    asyncio.run(test())


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "postgresql://u:se:cr@et@h:x/d", "postgresql://h/d?secret=1"])
def test_what_is_no_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadLocation) as raised:
        Location.parse(url, read_write=True)
    assert "secret" not in str(raised.value)
    assert "cr@et" not in str(raised.value)
