"""One request taken apart: microseconds of CPU for each stage, in this process and without a socket.

Each stage runs alone over prepared requests, on what the stages before it left; then all of them run together as a
connection runs them. CPU time of the whole process, so the thread that waits for the disk is in it. What the stages
leave unexplained is the glue between them, and caches that a stage alone keeps warm.

The stages take turns for many short rounds and each tells its best one: other programs of the machine slow a round
down by anything up to half, and nothing makes one faster than it is.
"""

import asyncio
import gc
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools
import orjson

from benchmarks import workload
from benchmarks.house import HOST, PORT, House, load, open_house
from benchmarks.signing import Key, Signer
from benchmarks.workload import Workload
from stator.api.call import Answer, Call
from stator.http.connection import Connection
from stator.http.corridor import conclude
from stator.http.crowd import Crowd
from stator.http.journey import Journey
from stator.http.request import Request
from stator.http.turn import Turn
from stator.items.keys import request_key

ITEMS = 1_000
KEY = Key("AKIDBENCHBENCHBENCH0", "bench/secret/bench/secret/bench/secret/0")
IN_FLIGHT = 32  # requests that wait together, as with that many connections
_ROUNDS = 21

Run = Callable[[], Awaitable[float]]
"""One round of a stage; returns the CPU time of one request in microseconds."""


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    cpu_us: float  # for one request


class Sink(asyncio.Transport):
    """A transport that goes nowhere, and counts replies."""

    def __init__(self) -> None:
        super().__init__()
        self.replies = 0
        self.last = b""

    def write(self, data: Any) -> None:
        self.replies += 1
        self.last = data

    def is_closing(self) -> bool:
        return False


class Hall:
    """A connection whose requests are kept instead of run."""

    def __init__(self, house: House, crowd: Crowd[Connection]) -> None:
        self._turn = Turn(house.front, lambda _: None)
        self._connection = Connection(house.front, crowd, self._turn)
        self._connection.connection_made(Sink())
        self.requests: list[Request] = []

    def receive(self, data: bytes) -> None:
        self._connection.data_received(data)
        self.requests += [request for request, _ in self._turn._waiting]
        self._turn._waiting.clear()
        self._connection._running = None


class _Deaf:
    """Callbacks of a parser that nobody listens to, but that cost what being called costs."""

    def on_header(self, name: bytes, value: bytes) -> None: ...

    def on_body(self, body: bytes) -> None: ...

    def on_url(self, url: bytes) -> None: ...


def _timed(function: Callable[[Any], object], arguments: Sequence[Any]) -> Run:
    """A stage that is one plain function over the same arguments each round."""

    async def run() -> float:
        start = time.process_time_ns()
        for argument in arguments:
            function(argument)
        return (time.process_time_ns() - start) / 1000 / len(arguments)

    return run


class Corridor:
    """The stages of one workload."""

    def __init__(self, house: House, asked: Workload, requests_count: int) -> None:
        self._house = house
        self._front = house.front
        self._asked = asked
        self._count = requests_count
        self._next_number = 0
        self._crowd: Crowd[Connection] = Crowd(1_000, 0.0)
        self._operation = house.front.operations[f"DynamoDB_20120810.{asked.operation}".encode()]
        self._behind: list[float] = []

    async def stages(self) -> list[Stage]:
        """Measure. The stages stand in the order of a request."""
        runs = await self._runs()
        best: dict[str, float] = {}
        for _ in range(_ROUNDS):
            for name, run in runs.items():
                gc.collect()
                taken = await run()
                best[name] = min(taken, best.get(name, taken))
        found = [Stage(name, taken) for name, taken in best.items()]
        behind = min(self._behind)
        if behind > 1:
            at = 1 + next(at for at, stage in enumerate(found) if stage.name == "operation")
            found.insert(at, Stage("store: decide, write, commit, resume", behind))
        return found

    async def _runs(self) -> dict[str, Run]:
        raw = self.requests()
        requests = self._parse(raw)
        answers = [await self._house.call(self._asked.operation, request.body) for request in requests]
        parsed = [orjson.loads(request.body) for request in requests]
        front, now = self._front, self._front.clock()
        runs = {
            "http parser alone": _timed(lambda data: httptools.HttpRequestParser(_Deaf()).feed_data(data), raw),
            "connection: bytes to request": _timed(self._parse_one(), raw),
            "json": _timed(orjson.loads, [request.body for request in requests]),
            "signature": _timed(lambda asked: front.verifier.check(asked.headers, b"", asked.body, now), requests),
            "shape check": _timed(self._operation.shape.check, parsed),
            "operation": self._handle,
        }
        if self._asked.name == "GetItem":
            runs["  of it store.get"] = self._store_get()
        for request, answer in zip(requests, answers, strict=True):
            request.answer = answer
        runs["render the reply"] = _timed(lambda asked: conclude(front, asked), requests)
        runs[f"together, {IN_FLIGHT} in flight"] = lambda: self._whole(IN_FLIGHT)
        runs["together, 1 in flight"] = lambda: self._whole(1)
        return runs

    def _numbers(self) -> Iterable[int]:
        first = self._next_number
        self._next_number += self._count
        return range(first, self._next_number)

    def requests(self) -> list[bytes]:
        """Requests that no earlier ones equal."""
        signer = Signer(KEY, HOST, PORT)
        return [signer.sign(self._asked.operation, self._asked.body(number, ITEMS)) for number in self._numbers()]

    def _parse(self, raw: list[bytes]) -> list[Request]:
        hall = Hall(self._house, self._crowd)
        for data in raw:
            hall.receive(data)
        for request in hall.requests:
            request.content_type = b"application/x-amz-json-1.0"
            request.operation_name = self._asked.operation
        return hall.requests

    def _parse_one(self) -> Callable[[bytes], None]:
        return Hall(self._house, self._crowd).receive

    async def _handle(self) -> float:
        """The handler up to where it waits for the store; a read never waits. What comes after is noted beside."""
        key, parts, handler, check = self._house.key, self._house.parts, self._operation.handler, self._operation.shape
        bodies = [orjson.loads(self._asked.body(number, ITEMS)) for number in self._numbers()]
        calls = [Call(check.check(body), key.account, key.region, HOST, parts) for body in bodies]
        before = behind = 0
        for first in range(0, len(calls), IN_FLIGHT):
            waiting: list[Journey[Answer]] = []
            start = time.process_time_ns()
            for call in calls[first : first + IN_FLIGHT]:
                coroutine = handler(call)
                try:
                    waiting.append(Journey(coroutine, coroutine.send(None)))
                except StopIteration:
                    continue
            middle = time.process_time_ns()
            before += middle - start
            if waiting:
                await _arrival(waiting)
                behind += time.process_time_ns() - middle
        self._behind.append(behind / 1000 / self._count)
        return before / 1000 / self._count

    def _store_get(self) -> Run:
        table = self._house.parts.catalog.get(KEY.account, KEY.region, workload.TABLE)
        keys = [(request_key(table, dict[str, Any](workload.key_of(number))),) for number in range(ITEMS)]
        get = self._house.store.get

        def read(key: Any) -> None:
            try:
                get(key).send(None)
            except StopIteration:
                return

        return _timed(read, keys)

    async def _whole(self, in_flight: int) -> float:
        """All of it as a connection runs it, without the socket: bytes in, bytes out."""
        return await self.drive(self.requests(), in_flight)

    async def drive(self, raw: list[bytes], in_flight: int) -> float:
        """Take prepared requests through."""
        sinks = [Sink() for _ in range(in_flight)]
        due: deque[Callable[[], None]] = deque()
        turn = Turn(self._front, due.append)
        connections = [Connection(self._front, self._crowd, turn) for _ in sinks]
        for connection, sink in zip(connections, sinks, strict=True):
            connection.connection_made(sink)
        start = time.process_time_ns()
        for first in range(0, len(raw), in_flight):
            for connection, data in zip(connections, raw[first : first + in_flight], strict=False):
                connection.data_received(data)
            while due:
                due.popleft()()
            for connection in connections:
                if connection._journey is not None:
                    await _arrived(connection)
            while due:
                due.popleft()()
        taken = (time.process_time_ns() - start) / 1000 / len(raw)
        for connection in connections:
            connection.connection_lost(None)
        bad = [sink.last[:300] for sink in sinks if not sink.last.startswith(b"HTTP/1.1 200")]
        if bad or sum(sink.replies for sink in sinks) != len(raw):
            raise RuntimeError(f"not every request succeeded: {bad[:1]}")
        return taken


async def _arrival(waiting: "list[Journey[Answer]]") -> None:
    """Carry journeys to their end as a connection does."""
    left = len(waiting)
    done = asyncio.get_running_loop().create_future()

    def arrived(_: Answer | None, error: BaseException | None) -> None:
        nonlocal left
        left -= 1
        if error is not None and not done.done():
            done.set_exception(error)
        elif not left and not done.done():
            done.set_result(None)

    for journey in waiting:
        journey.arrived = arrived
    await done


async def _arrived(connection: Connection) -> None:
    """Wait, asleep, until a connection has the answer it owes."""
    journey = connection._journey
    if journey is None or journey.arrived is None:
        return
    there = asyncio.get_running_loop().create_future()
    answer = journey.arrived

    def arrived(result: Answer | None, error: BaseException | None) -> None:
        answer(result, error)
        there.set_result(None)

    journey.arrived = arrived
    await there


async def measure(directory: Path | None, asked: Workload, requests_count: int = 512) -> list[Stage]:
    """In `directory`, which must be empty or absent; None measures a store in memory."""
    async with open_house(directory, KEY) as house:
        await load(house, ITEMS)
        gc.collect()
        gc.freeze()
        return await Corridor(house, asked, requests_count).stages()
