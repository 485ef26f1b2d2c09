"""A real server on a loopback port, with operations of its own, and a client that speaks raw bytes.

The server's loop runs in a thread of the test session, so that tests can write plain blocking socket code.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from msgspec.structs import replace

from stator.api.call import Answer, Call, Parts
from stator.api.registry import Operation
from stator.auth.credentials import Credential, Credentials
from stator.clock import system_clock
from stator.errors import ConditionalCheckFailedException, ValidationException
from stator.http.front import Front, FrontSettings
from stator.http.server import Listener, serve_front

SCOPE = "20261121/us-east-1/dynamodb/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=AKID/{SCOPE}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"


class AnyObject:
    """Stands in for a Structure: any object passes, except one that asks to fail."""

    def check(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("Fail") == "shape":
            raise ValidationException("shape says no")
        return body


@dataclass
class House:
    """What the operations of the tests share with the tests."""

    loop: asyncio.AbstractEventLoop
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    completed: list[str] = field(default_factory=list)
    threads: threading.Event = field(default_factory=threading.Event)

    def operations(self) -> dict[str, Operation]:
        handlers: dict[str, Callable[[Call], Coroutine[Any, Any, Answer]]] = {
            "Echo": self.echo,
            "Later": self.later,
            "Wait": self.wait,
            "Large": self.large,
            "Condition": self.condition,
            "Broken": self.broken,
            "BrokenLater": self.broken_later,
            "Who": self.who,
        }
        return {
            f"DynamoDB_20120810.{name}": Operation(name, cast(Any, AnyObject()), handler)
            for name, handler in handlers.items()
        }

    async def echo(self, call: Call) -> Answer:
        return call.request

    async def later(self, call: Call) -> Answer:
        for _ in range(3):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return b'{"later":%d}' % call.request.get("n", 0)

    async def wait(self, call: Call) -> Answer:
        self.threads.set()
        await self.gate.wait()
        self.completed.append(str(call.request.get("n", "")))
        return b'{"waited":true}'

    async def large(self, call: Call) -> Answer:
        return {"text": "x" * int(call.request["size"])}

    async def condition(self, call: Call) -> Answer:
        raise ConditionalCheckFailedException(Item={"pk": {"S": "a"}})

    async def broken(self, call: Call) -> Answer:
        raise KeyError("a secret of the house")

    async def broken_later(self, call: Call) -> Answer:
        await asyncio.sleep(0)
        return cast(Answer, object())

    async def who(self, call: Call) -> Answer:
        return {"account": call.account, "region": call.region, "host": call.host}


@dataclass
class Reply:
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    version: str


class Client:
    """One connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self._pending = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self, *, head_only: bool = False) -> Reply:
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        version, status, reason = first.split(" ", 2)
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        length = 0 if head_only else int(headers.get("content-length", "0"))
        return Reply(int(status), reason, headers, self._exactly(length), version)

    def closed(self) -> bool:
        """Whether the server has closed; waits for it."""
        try:
            return self._pending == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def ask(self, data: bytes) -> Reply:
        self.send(data)
        return self.reply()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._pending:
            self._more()
        found, _, self._pending = self._pending.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._pending) < size:
            self._more()
        found, self._pending = self._pending[:size], self._pending[size:]
        return found

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"closed after {self._pending!r}")
        self._pending += data


@dataclass
class Served:
    house: House
    listener: Listener
    address: tuple[str, int]
    clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        client = Client(self.address)
        self.clients.append(client)
        return client

    def ask(self, data: bytes) -> Reply:
        """On a connection of its own."""
        return self.client().ask(data)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.house.loop).result(20)

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        self.house.loop.call_soon_threadsafe(function, *args)


@contextmanager
def served(loop: asyncio.AbstractEventLoop, **wishes: Any) -> Iterator[Served]:
    known = cast(tuple[Credential, ...], wishes.pop("known", ()))
    ssl = wishes.pop("ssl", None)
    settings = replace(FrontSettings(sweep_seconds_max=0.05, linger_seconds=0.4), **wishes)

    async def start() -> tuple[House, Listener]:
        house = House(loop)
        credentials = Credentials(known, anyone=not known)
        front = Front(house.operations(), cast(Parts, None), settings, credentials, system_clock)
        return house, await serve_front(front, "127.0.0.1", 0, ssl)

    house, listener = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    running = Served(house, listener, ("127.0.0.1", listener.port))
    try:
        yield running
    finally:
        running.call(house.gate.set)
        for client in running.clients:
            client.socket.close()
        running.run(listener.close(5.0))


def request_bytes(
    operation: str = "Echo",
    body: bytes = b"{}",
    *,
    headers: dict[str, str | None] | None = None,
    method: str = "POST",
    path: str = "/",
    version: str = "1.1",
    length: bool = True,
) -> bytes:
    """A well-formed request; a header given as None is left out."""
    fields: dict[str, str | None] = {
        "Host": "localhost:8000",
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20261121T013000Z",
        "Authorization": AUTHORIZATION,
    }
    if length:
        fields["Content-Length"] = str(len(body))
    fields.update(headers or {})
    lines = [
        f"{method} {path} HTTP/{version}",
        *(f"{name}: {value}" for name, value in fields.items() if value is not None),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
