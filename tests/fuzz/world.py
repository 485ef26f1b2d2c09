"""A whole server in memory without sockets, and what must hold of each of its replies."""

import asyncio
import json
import logging
import signal
import threading
import time
import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from stator.api.call import Answer
from stator.assembly import operations
from stator.auth.credentials import Credentials
from stator.clock import ManualClock
from stator.http.corridor import conclude, render_error, walk
from stator.http.front import Front, FrontSettings
from stator.http.journey import Journey
from stator.http.request import Request
from stator.items.examine import examine
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Decide, Key, Row
from stator.tables.catalog import Catalog
from tests.furnished import furnish
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.wire import Wire, post

OPERATIONS: Final = operations()
CPU_SECONDS_MAX: Final = 1.0
"""For one request; the slowest sensible ones take a hundredth of it."""

_READS: Final = ("Get", "BatchGet", "Query", "Scan", "Describe", "List")


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class WatchedStore(SqliteStore):
    """Counts what is written."""

    writes = 0

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        wrote = False

        def watched(rows: Sequence[Row | None]) -> Change:
            nonlocal wrote
            change = decide(rows)
            wrote = bool(change.puts or change.deletes or change.appends)
            return change

        result = await super().transact(keys, watched)
        self.writes += wrote
        return result

    async def create_space(self) -> int:
        self.writes += 1
        return await super().create_space()


class TooLong(Exception):
    """A request that was cut off."""


class _Log(logging.Handler):
    """Keeps the errors that the server tells its log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(self.format(record))


class World:
    """Made and used inside a running loop."""

    def __init__(self, store: WatchedStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store = store
        self.catalog = catalog
        parts = furnish(store, catalog, clock)
        self.front = Front(OPERATIONS, parts, FrontSettings(), Credentials(anyone=True), clock)
        self._log = _Log()
        # A timer of CPU time breaks off what hangs. Signals reach the main thread only.
        self._timed = threading.current_thread() is threading.main_thread()

    @classmethod
    async def open(cls) -> "World":
        clock = ManualClock()
        store = WatchedStore.open(None)
        world = cls(store, await Catalog.open(store, clock), clock)
        for schema in SCHEMAS:
            reply = await world.reply(post("CreateTable", json.dumps(schema.create()).encode()))
            assert b"200 OK" in reply[:20], reply
        return world

    async def reply(self, wire: Wire) -> bytes:
        """What the server says, whole."""
        request = Request()
        request.method, request.url, request.headers, request.body = (
            wire.method,
            wire.url,
            dict(wire.headers),
            wire.body,
        )
        walk(self.front, [request])
        outcome = request.reply
        assert outcome is not None
        if isinstance(outcome, bytes):
            return outcome
        return await self._finish(outcome, request)

    async def _finish(self, journey: Journey[Answer], request: Request) -> bytes:
        arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def arrive(answer: Answer | None, error: BaseException | None) -> None:
            if error is not None:
                arrived.set_result(render_error(self.front, request, error))
            else:
                assert answer is not None
                request.answer = answer
                arrived.set_result(conclude(self.front, request))

        journey.arrived = arrive
        return await asyncio.wait_for(arrived, 10)

    async def try_out(self, wire: Wire) -> str | None:
        """Send a request; what is wrong with what came of it, or None."""
        writes = self.store.writes
        self._log.errors.clear()
        logging.getLogger().addHandler(self._log)
        began = time.process_time()
        try:
            raw = await self._timely(wire)
        except Exception as error:  # noqa: BLE001  nothing may be raised past the corridor
            return f"raised {type(error).__name__}: {error}"
        finally:
            logging.getLogger().removeHandler(self._log)
        spent = time.process_time() - began
        if self._log.errors:
            return f"logged {self._log.errors[0]}"
        if spent > CPU_SECONDS_MAX:
            return f"took {spent:.1f} s of CPU"
        try:
            reply = _parse(raw)
        except ValueError as error:
            return f"no HTTP: {error}"
        return _fault_of(wire, reply) or self._stray_write(wire, reply, writes)

    async def _timely(self, wire: Wire) -> bytes:
        if not self._timed:
            return await self.reply(wire)
        before = signal.signal(signal.SIGVTALRM, _interrupt)
        signal.setitimer(signal.ITIMER_VIRTUAL, 4 * CPU_SECONDS_MAX)
        try:
            return await self.reply(wire)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)

    def _stray_write(self, wire: Wire, reply: Reply, writes: int) -> str | None:
        if self.store.writes == writes:
            return None
        operation = wire.headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
        if reply.status != 200:
            return "wrote and refused"
        return f"{operation} wrote" if operation.startswith(_READS) else None

    async def examine(self) -> list[str]:
        """What does not hold together in the tables."""
        return [finding for table in self.catalog.tables() async for finding in examine(self.store, table)]

    async def close(self) -> None:
        await self.store.close()


def _interrupt(_number: int, _frame: object) -> None:
    raise TooLong


def _parse(raw: bytes) -> Reply:
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("no end of headers")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, content = line.partition(": ")
        if not colon or not name.isascii() or " " in name:
            raise ValueError(f"header {line!r}")
        headers[name.lower()] = content
    return Reply(int(status.split()[1]), headers, body)


def _fault_of(wire: Wire, reply: Reply) -> str | None:
    """What is wrong with the form of a reply."""
    if wire.method != b"HEAD" and int(reply.headers["content-length"]) != len(reply.body):
        return "wrong content-length"
    if wire.method != b"HEAD" and int(reply.headers["x-amz-crc32"]) != zlib.crc32(reply.body):
        return "wrong checksum"
    if reply.status >= 500:
        # Broken compressed data is answered so by the service too: facts, section 1.2.
        return None if b"content-encoding" in wire.headers else f"status {reply.status}"
    if wire.method != b"POST" or reply.status == 404:
        return None
    encoding = reply.headers.get("content-encoding")
    body = zlib.decompress(reply.body, 31 if encoding == "gzip" else 15) if encoding else reply.body
    try:
        answer = json.loads(body.decode())
    except ValueError:
        return f"status {reply.status} with a body that is no JSON"
    if not isinstance(answer, dict):
        return "answered no object"
    if reply.status != 200 and "#" not in str(answer.get("__type")):
        return f"status {reply.status} without __type"
    if reply.status == 200 and "__type" in answer:
        return "status 200 with __type"
    return None
