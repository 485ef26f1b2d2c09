"""The listening socket: connections let in, swept and, at the end, let out."""

import asyncio
import ssl as tls

from stator.http.connection import Connection
from stator.http.crowd import Crowd
from stator.http.front import Front
from stator.http.tls import Doorman
from stator.http.turn import Turn

_BACKLOG = 1024


class Listener:
    """A running server. `port` is the one really bound, also when 0 was asked for."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.port = 0
        loop = asyncio.get_running_loop()
        self._crowd: Crowd[Connection] = Crowd(front.settings.connections_max, loop.time())
        self._turn = Turn(front, loop.call_soon)
        self._server: asyncio.Server | None = None
        self._doorman: Doorman | None = None
        settings = front.settings
        shortest = min(settings.idle_seconds, settings.head_seconds, settings.body_seconds, settings.linger_seconds)
        shortest = min(shortest, settings.handler_seconds, settings.write_seconds)
        self._sweep_seconds = min(settings.sweep_seconds_max, shortest / 4)
        self._sweeper: asyncio.TimerHandle | None = None

    async def open(self, host: str, port: int, ssl: tls.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        if ssl is None:
            self._server = await loop.create_server(self._connection, host, port, backlog=_BACKLOG)
            self.port = self._server.sockets[0].getsockname()[1]
        else:
            self._doorman = Doorman(self._connection, ssl, self._front.settings.handshake_seconds)
            self.port = await self._doorman.open(host, port, _BACKLOG)
        self._sweep()

    @property
    def connections(self) -> int:
        return len(self._crowd.members)

    async def close(self, grace_seconds: float = 10.0) -> None:
        """Take no more connections, let running requests finish, then close. Past the grace, cut."""
        if self._server is not None:
            self._server.close()
        if self._doorman is not None:
            await self._doorman.close()
        for connection in list(self._crowd.members):
            connection.stop()
        await self._crowd.emptied(grace_seconds)
        for connection in list(self._crowd.members):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _connection(self) -> Connection:
        return Connection(self._front, self._crowd, self._turn)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._crowd.now = now = loop.time()
        self._sweeper = loop.call_later(self._sweep_seconds, self._sweep)
        for connection in list(self._crowd.members):
            connection.sweep(now)


async def serve_front(front: Front, host: str, port: int, ssl: tls.SSLContext | None = None) -> Listener:
    """Listen. Raises OSError when the address cannot be bound."""
    listener = Listener(front)
    await listener.open(host, port, ssl)
    return listener


def tls_context(certificate_file: str, key_file: str) -> tls.SSLContext:
    """A server's context. Raises OSError or ssl.SSLError for files that cannot be read or do not belong together."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.minimum_version = tls.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file, key_file)
    context.set_alpn_protocols(["http/1.1"])
    return context
