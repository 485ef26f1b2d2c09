"""Where functions are, and what is said to them: any endpoint with Lambda's Invoke, or a Python function of one's own.

Requests block, so each runs in a thread that lives as long as it does and that nothing waits for at the end.
"""

import asyncio
import contextlib
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any, Protocol
from urllib.parse import quote, urlsplit

import orjson
from msgspec import Struct

from stator.address import is_below, is_url
from stator.config import ConfigurationError

_ANSWER_BYTES_MAX = 6 * 1024 * 1024


class InvocationFault(Exception):
    """The function failed, took too long or could not be reached. Says how."""


class Target(Protocol):
    async def invoke(self, event: bytes) -> bytes:
        """What the function returned, as JSON. Raises InvocationFault."""

    async def close(self) -> None: ...


class Targets(Struct, frozen=True):
    """What the settings say of functions and destinations."""

    endpoint: str
    functions: dict[str, str]
    destinations: tuple[str, ...]

    @classmethod
    def parse(cls, endpoint: str, functions: str, destinations: str) -> "Targets":
        """Raises ConfigurationError."""
        if endpoint and not is_url(endpoint):
            raise ConfigurationError(f"lambda_endpoint must be a URL such as http://127.0.0.1:9000, not {endpoint!r}")
        found = {}
        for each in filter(None, map(str.strip, functions.split(","))):
            name, _, target = each.partition("=")
            kind, *place = target.split(":")
            if not name or not (is_url(target) or (kind == "python" and len(place) == 2 and all(place))):
                raise ConfigurationError(
                    f"trigger_functions holds NAME=URL or NAME=python:MODULE:FUNCTION, with commas, not {each!r}"
                )
            found[name] = target
        prefixes = tuple(filter(None, map(str.strip, destinations.split(","))))
        for prefix in prefixes:
            if not (prefix.startswith("file:///") or is_url(prefix)):
                raise ConfigurationError(f"trigger_destinations holds file:/// and http(s):// URLs, not {prefix!r}")
        return cls(endpoint, found, prefixes)

    def has(self, name: str) -> bool:
        return bool(self.endpoint) or name in self.functions

    def may_fail_to(self, destination: str) -> bool:
        return is_below(destination, self.destinations)

    def open(self, name: str, timeout_seconds: float) -> Target:
        """Raises InvocationFault for a function that there is nothing for any more."""
        target = self.functions.get(name)
        if target is not None and target.startswith("python:"):
            _, module, function = target.split(":")
            return PythonFunction(module, function, timeout_seconds)
        if target is None and not self.endpoint:
            raise InvocationFault(f"no target for function {name} in trigger_functions, and no lambda_endpoint")
        url = target or self.endpoint
        if urlsplit(url).path in ("", "/"):
            url = f"{url.rstrip('/')}/2015-03-31/functions/{quote(name)}/invocations"
        return Endpoint(url, timeout_seconds)


class Endpoint:
    """A URL that invokes one function."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds

    async def invoke(self, event: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "X-Amz-Invocation-Type": "RequestResponse"}
        status, failed, body = await post(self._url, event, headers, self._timeout_seconds)
        if status >= 300:
            raise InvocationFault(f"{self._url} answered {status}: {body[:200]!r}")
        if failed or _tells_failure(body):
            raise InvocationFault(f"{failed or 'error'}: {body[:1000].decode(errors='replace')}")
        return body

    async def close(self) -> None:
        return


class PythonFunction:
    """A function in a process of its own, which is started when it is needed and again after it died."""

    def __init__(self, module: str, function: str, timeout_seconds: float) -> None:
        self._place = (module, function)
        self._timeout_seconds = timeout_seconds
        self._process: subprocess.Popen[bytes] | None = None

    async def invoke(self, event: bytes) -> bytes:
        if self._process is not None and self._process.poll() is not None:
            await self.close()
        if self._process is None:
            self._process = self._start()
        process = self._process
        try:
            answer: tuple[bool, bytes] = await asyncio.wait_for(
                in_thread(lambda: _exchange(process, event)), self._timeout_seconds
            )
        except TimeoutError:
            await self.close()
            raise InvocationFault(f"the function took longer than {self._timeout_seconds:g} seconds") from None
        except OSError as error:
            await self.close()
            raise InvocationFault(f"the function's process ended: {error}") from error
        except asyncio.CancelledError:
            await self.close()
            raise
        succeeded, body = answer
        if not succeeded:
            raise InvocationFault(body.decode(errors="replace"))
        return body

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        await in_thread(process.wait)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        # The server's own settings, secrets among them, are not the function's business.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STATOR_")}
        command = [sys.executable, "-m", "stator.services.triggers.function", *self._place]
        return subprocess.Popen(  # noqa: S603  named by whoever runs the server
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0, start_new_session=True
        )


def _exchange(process: "subprocess.Popen[bytes]", event: bytes) -> tuple[bool, bytes]:
    """Whether the function succeeded, and its answer. Raises OSError when its process ends."""
    into, out = process.stdin, process.stdout
    if into is None or out is None:
        raise OSError("it cannot be spoken to")
    rest = memoryview(len(event).to_bytes(8, "big") + event)
    while rest:
        rest = rest[into.write(rest) :]
    head = _read(out, 9)
    return head[:1] == b"+", _read(out, int.from_bytes(head[1:], "big"))


def _read(out: IO[bytes], size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = out.read(size - len(found))
        if not part:
            raise OSError("it answered nothing")
        found += part
    return bytes(found)


async def post(url: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> tuple[int, str, bytes]:
    """Status, X-Amz-Function-Error and body of the answer. Raises InvocationFault where none came."""

    def run() -> tuple[int, str, bytes]:
        from http.client import HTTPConnection, HTTPException, HTTPSConnection  # loading it takes a while

        parts = urlsplit(url)
        host = parts.hostname or ""
        connection: HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = HTTPSConnection(host, parts.port, timeout=timeout_seconds, context=context)
        else:
            connection = HTTPConnection(host, parts.port, timeout=timeout_seconds)
        try:
            connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("X-Amz-Function-Error", ""), answer.read(_ANSWER_BYTES_MAX)
        except (OSError, ValueError, HTTPException) as error:
            raise InvocationFault(f"{url}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    answer: tuple[int, str, bytes] = await in_thread(run)
    return answer


async def in_thread(run: Callable[[], Any]) -> Any:
    """What `run` returns, done in a thread that ends with the process if it must."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: Exception | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def work() -> None:
        result, failure = None, None
        try:
            result = run()
        except Exception as error:  # noqa: BLE001  told to whoever waits
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, daemon=True, name="trigger").start()
    return await future


def _tells_failure(body: bytes) -> bool:
    """AWS's runtime interface emulator answers 200 without a header when a function fails."""
    if b'"errorMessage"' not in body or b'"errorType"' not in body:
        return False
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and "errorMessage" in told and "errorType" in told
