"""What the PostgreSQL engine adds to its own statements: `python -m benchmarks.postgres`.

Starts a PostgreSQL of its own (Debian's package), or takes the database of `--url`, which must be empty. Two questions:

- One client: how long an operation takes, against the same statements sent by nothing but libpq, one blocking call for
  each round trip. At most 1.6 times is the bar.
- Sixteen clients: how many operations a second, against pgbench with the same statements in scripts. At least 0.7.

Every write has a value of its own. The rounds of an engine and of what it is compared with take turns.
"""

import argparse
import asyncio
import json
import os
import random
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import uvloop
from psycopg import pq
from rich.console import Console
from rich.table import Table

from stator.storage.postgres.binary import int8_array, unsigned
from stator.storage.postgres.engine import Limits, PostgresStore
from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.location import Location
from stator.storage.postgres.page import RangeQuery, Source
from stator.storage.postgres.sql import sql
from stator.storage.store import Change, Key, Put, Row
from tests import postgres

ROWS = 50_000
VALUE_BYTES = 400
RANGE_ROWS = 50
TRANSACTION_KEYS = 10
CLIENTS = 16
LATENCY_MAX, THROUGHPUT_MIN = 1.6, 0.7

_random = random.Random(7)
_FORMATS = [[1] * count for count in range(16)]


class Work(NamedTuple):
    """One kind of operation. `keys` are those that it reads or writes, a list for each call."""

    name: str
    call: Callable[[PostgresStore, int], Awaitable[Any]]


class Compared(NamedTuple):
    name: str
    engine: float
    bare: float


def _key(space: int, number: int) -> Key:
    name = b"%08d" % number
    return Key(space, name, b"")


def _value() -> bytes:
    return _random.randbytes(16) + b"x" * (VALUE_BYTES - 16)


def works(space: int, wide: int) -> list[Work]:
    def write(keys: Sequence[Key]) -> Callable[[Sequence[Row | None]], Change]:
        def decide(rows: Sequence[Row | None]) -> Change:
            assert all(rows)
            return Change(puts=[Put(key, VALUE_BYTES, _value()) for key in keys])

        return decide

    async def get(store: PostgresStore, number: int) -> None:
        assert (await store.get((_key(space, number),)))[0] is not None

    async def put(store: PostgresStore, number: int) -> None:
        keys = (_key(space, number),)
        await store.transact(keys, write(keys))

    async def query(store: PostgresStore, number: int) -> None:
        partition = b"%04d" % (number % (ROWS // RANGE_ROWS))
        limits: dict[str, Any] = {"reverse": False, "rows_max": RANGE_ROWS, "bytes_max": 1 << 20}
        assert len((await store.range(wide, partition, None, None, **limits)).rows) == RANGE_ROWS

    async def transaction(store: PostgresStore, number: int) -> None:
        keys = [_key(space, (number + step * CLIENTS) % ROWS) for step in range(TRANSACTION_KEYS)]
        await store.transact(keys, write(keys))

    return [
        Work("get", get),
        Work("range of 50", query),
        Work("conditional put", put),
        Work("transaction of 10", transaction),
    ]


async def _load(store: PostgresStore) -> tuple[int, int]:
    space, wide = await store.create_space(), await store.create_space()
    for start in range(0, ROWS, 1_000):
        numbers = range(start, start + 1_000)
        puts = [Put(_key(space, number), VALUE_BYTES, _value()) for number in numbers]
        places = [(b"%04d" % (number // RANGE_ROWS), b"%04d" % (number % RANGE_ROWS)) for number in numbers]
        puts += [Put(Key(wide, *place), VALUE_BYTES, _value()) for place in places]
        await store.transact([], lambda _, puts=puts: Change(puts=puts))  # type: ignore[misc]
    return space, wide


class Bare:
    """The round trips of one operation, as the engine sent them, through libpq alone.

    Versions are those that the first round trip has just read: else every guard after the first would fail.
    """

    def __init__(self, url: str, session: Sequence[Statement]) -> None:
        self._pg = pq.PGconn.connect(url.encode())
        self._names: dict[bytes, bytes] = {}
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        self._poll = select.poll()
        self._poll.register(self._pg.socket, select.POLLIN)
        self.trip(session)

    def trip(self, statements: Sequence[Statement]) -> list[Any]:
        """One round trip; the results of the statements in order."""
        pg, wanted = self._pg, []
        for text, parameters in statements:
            name = self._names.get(text)
            if name is None:
                name = self._names[text] = b"b%d" % len(self._names)
                pg.send_prepare(name, text)
                wanted.append(False)
            pg.send_query_prepared(name, parameters, _FORMATS[len(parameters)], 1)
            wanted.append(True)
        pg.pipeline_sync()
        while pg.flush():
            pass
        results: list[Any] = []
        while True:
            while pg.is_busy():
                self._poll.poll()
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return [result for result, mine in zip(results, wanted, strict=True) if mine]
            if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                raise RuntimeError(result.error_message.decode())
            results.append(result)

    def replay(self, trips: Sequence[Sequence[Statement]]) -> None:
        """Read, and if there is a second trip, write what was read."""
        first = self.trip(trips[0])
        if len(trips) == 1:
            return
        (result,) = first
        versions = [unsigned(result.get_value(at, result.nfields - 3), "big") for at in range(result.ntuples)]
        second = []
        for text, parameters in trips[1]:
            changed = list(parameters)
            if text.startswith(b"WITH u AS (UPDATE"):
                changed[3] = int8_array(versions)
            second.append(Statement(text, changed))
        self.trip(second)


@contextmanager
def _recording() -> Iterator[list[Sequence[Statement]]]:
    """What links send meanwhile."""
    trips: list[Sequence[Statement]] = []
    run = Link.run

    def recorded(self: Link, statements: Sequence[Statement], done: Any, *, once: bool = False) -> None:
        trips.append(statements)
        run(self, statements, done, once=once)

    Link.run = recorded  # type: ignore[method-assign]
    try:
        yield trips
    finally:
        Link.run = run  # type: ignore[method-assign]


async def _latency(store: PostgresStore, bare: Bare, work: Work, seconds: float) -> Compared:
    """Medians of both in microseconds; they take turns, so that both meet the same machine."""
    numbers = [_random.randrange(ROWS) for _ in range(64)]
    with _recording() as trips:
        tours = []
        for number in numbers:
            trips.clear()
            await work.call(store, number)
            tours.append(list(trips))
    for tour in tours:
        bare.replay(tour)
    engine: list[float] = []
    plain: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for number, tour in zip(numbers, tours, strict=True):
            began = time.perf_counter()
            await work.call(store, number)
            between = time.perf_counter()
            bare.replay(tour)
            plain.append(time.perf_counter() - between)
            engine.append(between - began)
    return Compared(work.name, statistics.median(engine) * 1e6, statistics.median(plain) * 1e6)


async def _throughput(store: PostgresStore, work: Work, seconds: float) -> float:
    """Operations a second of CLIENTS clients, each with rows of its own."""
    done = 0
    end = time.perf_counter() + seconds

    async def client(client: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await work.call(store, client + CLIENTS * _random.randrange(ROWS // CLIENTS))
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*map(client, range(CLIENTS)))
    return done / (time.perf_counter() - began)


def _script(work: str, space: int, wide: int) -> str:
    """What the engine sends for one such operation, in pgbench's words. Parameters are literals of the same types."""
    texts = sql(space)
    number = f"\\set n :client_id + {CLIENTS} * random(0, {ROWS // CLIENTS - 1})\n"
    name = "convert_to(lpad(:n::text, 8, '0'), 'UTF8')"
    value = f"convert_to(lpad(random()::text, {VALUE_BYTES}, 'x'), 'UTF8')"
    if work == "get":
        return number + _filled(texts.get, name, "''::bytea", "''::bytea") + ";\n"
    if work == "range of 50":
        query = RangeQuery(Source(wide), b"", (None, None), reverse=False, limits=(RANGE_ROWS, 1 << 20))
        partition = "convert_to(lpad(:n::text, 4, '0'), 'UTF8')"
        text = _filled(query.statement().text, partition, str(RANGE_ROWS), str(1 << 20))
        return f"\\set n random(0, {ROWS // RANGE_ROWS - 1})\n{text};\n"
    assert work == "conditional put"
    arrays = [f"ARRAY[{name}]", "ARRAY[''::bytea]", "ARRAY[''::bytea]", "ARRAY[:version::int8]"]
    arrays += [f"ARRAY[{VALUE_BYTES}]", f"ARRAY[{value}]", "1"]
    read = _filled(texts.get, name, "''::bytea", "''::bytea")
    return (
        f"{number}{read}\n\\gset\n\\startpipeline\nBEGIN;\n{_filled(texts.update, *arrays)};\nCOMMIT;\n\\endpipeline\n"
    )


def _filled(text: bytes, *arguments: str) -> str:
    return re.sub(r"\$(\d+)", lambda found: arguments[int(found[1]) - 1], text.decode())


def _pgbench(url: str, script: str, clients: int, seconds: float) -> float:
    """Transactions a second."""
    folder = postgres.binaries()
    found = shutil.which("pgbench") or (folder and str(folder / "pgbench"))
    assert found, "there is no pgbench"
    # The session of the engine's connections, so that the plans are the same.
    settings = " ".join(f"-c {setting}" for setting in (
        "plan_cache_mode=force_generic_plan", "enable_seqscan=off", "enable_bitmapscan=off", "enable_hashjoin=off",
        "enable_mergejoin=off", "jit=off",
    ))  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [found, "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, os.cpu_count() or 1))]
        command += ["-T", str(max(int(seconds), 1)), "-f", file.name, url]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"PGOPTIONS": settings}
        )
    told = re.search(r"tps = ([0-9.]+)", done.stdout)
    if told is None or "failed" in done.stderr:
        raise RuntimeError(done.stderr)
    return float(told[1])


def _median(values: Iterable[float]) -> float:
    return statistics.median(list(values))


async def _measure(url: str, seconds: float, rounds: int) -> tuple[list[Compared], list[Compared]]:
    location = Location.parse(url, read_write=True)
    store = await PostgresStore.open(location, limits=Limits())
    try:
        space, wide = await _load(store)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        kinds = works(space, wide)
        bare = Bare(url, store._readers._session)
        latencies = [await _latency(store, bare, work, seconds * rounds) for work in kinds]
        throughputs = []
        for work in kinds[:3]:
            script = _script(work.name, space, wide)
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(await _throughput(store, work, seconds))
                theirs.append(await asyncio.to_thread(_pgbench, url, script, CLIENTS, seconds))
            throughputs.append(Compared(work.name, _median(ours), _median(theirs)))
        return latencies, throughputs
    finally:
        await store.close()


def _tell(latencies: Sequence[Compared], throughputs: Sequence[Compared]) -> bool:
    """Whether both bars were met."""
    table = Table("one client", "engine µs", "libpq µs", "ratio", f"bar {LATENCY_MAX}")
    fine = True
    for name, engine, bare in latencies:
        met = engine / bare <= LATENCY_MAX
        fine &= met
        table.add_row(name, f"{engine:.0f}", f"{bare:.0f}", f"{engine / bare:.2f}", "met" if met else "missed")
    Console().print(table)
    table = Table(f"{CLIENTS} clients", "engine ops/s", "pgbench tps", "ratio", f"bar {THROUGHPUT_MIN}")
    for name, engine, bare in throughputs:
        met = engine / bare >= THROUGHPUT_MIN
        fine &= met
        table.add_row(name, f"{engine:.0f}", f"{bare:.0f}", f"{engine / bare:.2f}", "met" if met else "missed")
    Console().print(table)
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.postgres", description=__doc__)
    parser.add_argument("--url", help="an empty database; without it a server of the benchmark's own is started")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures into this file")
    chosen = parser.parse_args()
    cluster = None
    url = chosen.url
    if url is None:
        if postgres.binaries() is None:
            print("there is no PostgreSQL here; apt-get install postgresql", file=sys.stderr)
            return 2
        cluster = postgres.Cluster("shared_buffers=512MB", "max_wal_size=4GB")
        url = cluster.new_database()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            latencies, throughputs = runner.run(_measure(url, chosen.seconds, chosen.rounds))
    finally:
        if cluster is not None:
            cluster.remove()
    fine = _tell(latencies, throughputs)
    if chosen.json:
        figures = {"latency_us": latencies, "throughput": throughputs}
        chosen.json.write_text(
            json.dumps({kind: [each._asdict() for each in told] for kind, told in figures.items()}, indent=2)
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
