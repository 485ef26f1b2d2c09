"""What those get who may not use the server: pages of other sites, clients without a key, clients that mean harm."""

import asyncio
import json
import zlib
from typing import Any

import pytest

from stator.auth.credentials import Credential
from stator.http import corridor
from stator.http.connection import Connection
from stator.limits import HEADER_BYTES_MAX
from tests.protocol.served import Served, chunked, request_bytes

KNOWN = (Credential("STTRKNOWN", "secret", "111122223333"),)
LOCAL = [
    "http://localhost",
    "http://LOCALHOST:3000",
    "https://app.localhost",
    "http://127.0.0.1:5173",
    "http://[::1]:1",
]
FOREIGN = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://evil.example:8000",
    "http://127.0.0.1.evil.example",
    "http://localhost@evil.example",
    "null",
    "file://",
    "http://localhost,http://evil.example",
    "",
]


def _preflight(origin: str) -> bytes:
    return f"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\r\n".encode()


class TestPages:
    @pytest.mark.parametrize("origin", LOCAL)
    def test_of_this_machine(self, server: Served, origin: str) -> None:
        assert server.ask(_preflight(origin)).status == 200
        assert server.ask(request_bytes(headers={"Origin": origin})).status == 200

    @pytest.mark.parametrize("origin", FOREIGN)
    def test_of_other_sites(self, server: Served, origin: str) -> None:
        assert server.ask(_preflight(origin)).status == 400  # a browser asks no further
        reply = server.ask(request_bytes(body=b'{"n":1}', headers={"Origin": origin}))
        assert reply.status == 400
        assert json.loads(reply.body)["__type"] == "com.amazon.coral.service#AccessDeniedException"

    @pytest.mark.parametrize("origin", LOCAL + FOREIGN)
    def test_of_any_site_where_requests_are_signed(self, serving: Any, origin: str) -> None:
        with serving(known=KNOWN) as server:
            reply = server.ask(_preflight(origin))
            assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "*")


class TestWithoutAKey:
    @pytest.mark.parametrize("encoding", ["gzip", None])
    def test_nothing_large_is_unpacked_or_parsed(
        self, serving: Any, monkeypatch: pytest.MonkeyPatch, encoding: str | None
    ) -> None:
        def refuse(*_: object) -> bytes:
            raise AssertionError("work done for a stranger")

        monkeypatch.setattr(corridor, "decoded", refuse)
        body = zlib.compress(b"[" * 10_000, wbits=31) if encoding else b"[" * (2**20 + 1)
        with serving(known=KNOWN) as server:
            reply = server.ask(request_bytes(body=body, headers={"Content-Encoding": encoding}))
        assert reply.status == 400
        assert b"SerializationException" not in reply.body

    def test_small_bodies_are_parsed_first_as_at_the_service(self, serving: Any) -> None:
        with serving(known=KNOWN) as server:
            assert b"SerializationException" in server.ask(request_bytes(body=b"[")).body


class Wire(asyncio.Transport):
    """Counts what is written and reads nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[object] = []

    def write(self, data: object) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...


def _after_one_read(server: Served, data: bytes) -> tuple[Connection, int]:
    """A connection that was given so much in one read, and how many replies it wrote before it let go of the loop."""

    async def probe() -> tuple[Connection, int]:
        connection, wire = server.listener._connection(), Wire()
        connection.connection_made(wire)
        connection.data_received(data)
        at_once = len(wire.written)
        while connection._waiting:  # noqa: ASYNC110
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return connection, at_once

    answer: tuple[Connection, int] = server.run(probe())
    return answer


def test_one_header_over_and_over(server: Served) -> None:
    connection, _ = _after_one_read(server, b"POST / HTTP/1.1\r\nHost: a\r\n" + b"A: xxxxxx\r\n" * 20_000)
    assert len(connection._request.headers[b"a"]) <= HEADER_BYTES_MAX + 10


def test_two_hosts(server: Served) -> None:
    assert server.ask(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status == 400


def test_many_small_chunks_are_not_many_objects(server: Served) -> None:
    data = request_bytes(headers={"Transfer-Encoding": "chunked"}, body=b"", length=False) + chunked(*[b"ab"] * 1000)
    connection, _ = _after_one_read(server, data.removesuffix(b"0\r\n\r\n"))
    assert len(connection._chunks) <= 64
    assert b"".join(connection._chunks) == b"ab" * 1000


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 66, 1000])
def test_a_body_in_many_chunks(server: Served, count: int) -> None:
    text = b'"' + b"ab" * count + b'"'
    pieces = [b'{"text":', *(text[at : at + 2] for at in range(0, len(text), 2)), b"}"]
    data = request_bytes(headers={"Transfer-Encoding": "chunked"}, body=b"", length=False) + chunked(*pieces)
    assert json.loads(server.ask(data).body) == {"text": "ab" * count}


def test_a_flood_in_a_pipeline_leaves_turns_for_others(server: Served) -> None:
    assert _after_one_read(server, request_bytes(body=b"{}") * 200)[1] <= 32
    flood = server.client()
    flood.send(request_bytes(body=b"{}") * 1_500)
    assert [flood.reply().status for _ in range(1_500)] == [200] * 1_500
