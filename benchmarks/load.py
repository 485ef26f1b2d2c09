"""The load: closed loops over keep-alive connections, each sending its next prepared request when a reply is whole.

Everything is done ahead that can be, so that this side costs a fraction of what it measures: a request is one write of
ready bytes, a reply is a status and a length. Latencies are taken from just before the write to the last byte read.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

_DRAIN_SECONDS = 30.0  # for replies under way when time is up


class LoadError(Exception):
    """The load could not be put on, or was not answered as it should. The text has the first bad reply."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back within the time."""

    requests: int
    seconds: float
    latencies: list[float]  # seconds, sorted

    @property
    def requests_per_second(self) -> float:
        return self.requests / self.seconds

    def percentile_us(self, percent: float) -> float:
        at = min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))
        return self.latencies[at] * 1e6


class _Shared:
    """What the connections of a run have in common."""

    __slots__ = ("address", "bad", "clients", "deadline", "done", "latencies", "left", "next", "renewals")

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes], connections: int) -> None:
        self.address = address
        self.clients: list[_Client] = []
        self.renewals: set[asyncio.Task[None]] = set()
        self.next = requests.__next__
        self.left = connections
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.deadline = 0.0
        self.bad = b""

    async def connect(self) -> "_Client":
        _, client = await asyncio.get_running_loop().create_connection(lambda: _Client(self), *self.address)
        self.clients.append(client)
        return client

    def renew(self) -> None:
        """Another connection for one that the server closes after each reply, as some peers do."""
        task = asyncio.ensure_future(self._renew())
        self.renewals.add(task)
        task.add_done_callback(self.renewals.discard)

    async def _renew(self) -> None:
        try:
            client = await self.connect()
        except OSError as error:
            self.bad = self.bad or f"cannot connect again: {error}".encode()
            self.finish()
        else:
            client.send()

    def finish(self) -> None:
        self.left -= 1
        if self.left <= 0 and not self.done.done():
            self.done.set_result(None)


class _Client(asyncio.Protocol):
    __slots__ = ("_idle", "_need", "_part", "_sent", "_shared", "_write", "transport")

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._part = b""  # of a reply that came in pieces
        self._need = 0  # its whole length, once known
        self._sent = 0.0
        self._idle = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._write = self.transport.write

    def send(self) -> None:
        try:
            request = self._shared.next()
        except StopIteration:
            self._idle = True
            self._shared.finish()
            return
        self._idle = False
        self._sent = time.perf_counter()
        self._write(request)

    def data_received(self, data: bytes) -> None:
        if self._part:
            data = self._part + data
        if not self._need:
            self._need = _reply_bytes(data)
        if not self._need or len(data) < self._need:
            self._part = data
            return
        now = time.perf_counter()
        shared = self._shared
        shared.latencies.append(now - self._sent)
        self._part = b""
        self._need = 0
        if data[9:12] != b"200" and not shared.bad:
            shared.bad = data[:600]
        if now < shared.deadline and not shared.bad:
            if b"onnection: close" in data:
                self._idle = True
                self.transport.close()
                shared.renew()
            else:
                self.send()
        else:
            self._idle = True
            shared.finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._idle:
            self._idle = True
            shared = self._shared
            shared.bad = shared.bad or f"connection lost: {exc}".encode()
            shared.finish()


def _reply_bytes(data: bytes) -> int:
    """The length of the whole reply that begins with `data`; 0 while its head is not complete."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return 0
    at = data.find(b"ontent-", 0, head)
    while at >= 0:
        if data[at + 7 : at + 14].lower() == b"length:":
            end = data.index(b"\r\n", at)
            return head + 4 + int(data[at + 14 : end])
        at = data.find(b"ontent-", at + 7, head)
    raise LoadError(f"a reply without a length: {data[:300]!r}")


async def put_on(host: str, port: int, requests: list[bytes], connections: int, seconds: float) -> Answered:
    """Send `requests` over so many connections until they run out or the time is up. Raises LoadError."""
    shared = _Shared((host, port), iter(requests), connections)
    try:
        for _ in range(connections):
            await shared.connect()
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        shared.deadline = start + seconds
        for client in list(shared.clients):
            client.send()
        try:
            await asyncio.wait_for(asyncio.shield(shared.done), seconds + _DRAIN_SECONDS)
        except TimeoutError:
            raise LoadError(f"{shared.left} connections still wait for a reply") from None
        taken = time.perf_counter() - start
    except OSError as error:
        raise LoadError(f"cannot reach {host}:{port}: {error}") from error
    finally:
        gc.enable()
        for client in shared.clients:
            client.transport.close()
    if shared.bad:
        raise LoadError(shared.bad.decode("latin-1"))
    if not shared.latencies:
        raise LoadError("nothing was answered")
    return Answered(len(shared.latencies), taken, sorted(shared.latencies))


async def ask(host: str, port: int, request: bytes) -> tuple[int, bytes]:
    """One request over a connection of its own: the status and body of its reply. Raises OSError or LoadError."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        data = b""
        while not data or not (need := _reply_bytes(data)) or len(data) < need:
            more = await asyncio.wait_for(reader.read(1 << 20), _DRAIN_SECONDS)
            if not more:
                raise LoadError(f"the connection closed after {data[:300]!r}")
            data += more
    finally:
        writer.close()
    return int(data[9:12]), data.partition(b"\r\n\r\n")[2]
