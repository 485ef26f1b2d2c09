"""Connections to a TLS port: a look at the first byte before the handshake, so that plain HTTP gets an answer."""

import asyncio
import logging
import socket
import ssl as tls
from collections.abc import Callable

_log = logging.getLogger(__name__)

_HANDSHAKE = 0x16  # first byte of a TLS record that carries a ClientHello
_PLAIN_TEXT = b"This port speaks TLS only: use https.\n"
_PLAIN_REPLY = (
    b"HTTP/1.1 400 Bad Request\r\nServer: Server\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_PLAIN_TEXT), _PLAIN_TEXT)
)
_ACCEPT_PAUSE_SECONDS = 0.1  # after running out of file descriptors
_HANDSHAKES_MAX = 1024


class Doorman:
    """Accepts sockets, peeks, then hands them to the loop's TLS or turns them away."""

    def __init__(
        self, protocol: Callable[[], asyncio.Protocol], context: tls.SSLContext, handshake_seconds: float
    ) -> None:
        self._protocol = protocol
        self._context = context
        self._handshake_seconds = handshake_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._gates: list[asyncio.Task[None]] = []
        self._sockets: list[socket.socket] = []

    async def open(self, host: str, port: int, backlog: int) -> int:
        """Bind every address of the host; returns the port."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            listening = socket.create_server((address[0], port or address[1]), family=family, backlog=backlog)
            listening.setblocking(False)
            port = listening.getsockname()[1]
            self._sockets.append(listening)
            self._gates.append(loop.create_task(self._accept(listening)))
        return port

    async def close(self) -> None:
        tasks = [*self._gates, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listening in self._sockets:
            listening.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except OSError as error:
                _log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(_ACCEPT_PAUSE_SECONDS)
                continue
            if len(self._tasks) >= _HANDSHAKES_MAX:
                accepted.close()
                continue
            task = loop.create_task(self._welcome(accepted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _welcome(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        accepted.setblocking(False)
        try:
            async with asyncio.timeout(self._handshake_seconds):
                await _readable(accepted)
                first = accepted.recv(1, socket.MSG_PEEK)
                if first and first[0] != _HANDSHAKE:
                    accepted.recv(65536)  # unread bytes would turn the close into a reset
                    await loop.sock_sendall(accepted, _PLAIN_REPLY)
                    first = b""
                if not first:
                    accepted.close()
                    return
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await loop.connect_accepted_socket(
                    self._protocol, accepted, ssl=self._context, ssl_handshake_timeout=self._handshake_seconds
                )
        except (OSError, TimeoutError, asyncio.CancelledError):
            accepted.close()


async def _readable(accepted: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(accepted, tell)
    try:
        await ready
    finally:
        loop.remove_reader(accepted)
