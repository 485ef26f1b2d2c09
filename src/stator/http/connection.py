"""One client's connection: bytes in, requests in order, replies out.

One request of a connection runs at a time; further ones of a pipeline wait in a short queue, and past its length the
socket is no longer read. Nothing here keeps a timer: the listener sweeps all connections and calls `sweep`.
"""

import asyncio
from collections import deque
from typing import Final, cast

import httptools

from stator.api.call import Answer
from stator.errors import RequestEntityTooLarge
from stator.http.corridor import render_error
from stator.http.crowd import Crowd
from stator.http.failure import as_wire_error
from stator.http.front import Front
from stator.http.journey import Journey
from stator.http.request import Request
from stator.http.response import last
from stator.http.turn import Turn
from stator.limits import HEADER_BYTES_MAX, REQUEST_LINE_BYTES_MAX

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HEAD_BYTES_MAX = HEADER_BYTES_MAX + REQUEST_LINE_BYTES_MAX
_EMPTY_BODY_BYTES_MAX = 64 * 1024  # of chunk extensions and trailers that bring no body forward

_HOP_HEADERS = (b"connection", b"upgrade", b"expect")  # of the first reading of a request; not for the second
_CHUNKS_MAX = 64  # objects a body is kept in: a small one takes ten times the bytes that came
_WAITING_BYTES_MAX = 1024 * 1024  # of the bodies of a pipeline's waiting requests
_NO_REQUEST = Request()  # what an idle connection is reading; its last request may be large

# Stages of a connection. Plain integers: comparing members of an enum costs a microsecond per request.
_IDLE: Final = 0  # between requests
_HEAD: Final = 1
_BODY: Final = 2
_DEAF: Final = 3  # refused: whatever still comes is thrown away


class Connection(asyncio.Protocol):
    __slots__ = (
        "_chunks",
        "_continue_due",
        "_crowd",
        "_front",
        "_grew",
        "_headers",
        "_journey",
        "_parser",
        "_reading_paused",
        "_request",
        "_roomy",
        "_running",
        "_running_since",
        "_since",
        "_size",
        "_stage",
        "_stopping",
        "_stray",
        "_transport",
        "_turn",
        "_waiting",
        "_write_blocked_since",
    )

    def __init__(self, front: Front, crowd: "Crowd[Connection]", turn: Turn) -> None:
        self._crowd = crowd
        self._front = front
        self._turn = turn
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._stage: int = _IDLE
        self._since = crowd.now  # when the stage began
        self._request = _NO_REQUEST
        self._headers: dict[bytes, bytes] = {}  # where the next one goes
        self._chunks: list[bytes | bytearray] = []
        self._size = 0  # of the body so far
        self._stray = 0  # bytes of a head, or of a body that does not grow, over several reads
        self._continue_due = False
        self._waiting: deque[Request] = deque()
        self._running: Request | None = None
        self._journey: Journey[Answer] | None = None
        self._running_since = 0.0
        self._grew = False  # whether the present read brought some of a body
        self._roomy = False
        self._reading_paused = False
        self._write_blocked_since = 0.0  # 0: not blocked
        self._stopping = False  # no request after those under way

    # -- the transport's side ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._crowd.join(self):
            self._refuse(503)
            self._go_on()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._forget_journey()
        self._waiting.clear()
        self._stage = _DEAF
        self._crowd.leave(self)

    def data_received(self, data: bytes) -> None:
        if self._stage == _DEAF:
            return
        self._grew = False
        self._roomy = len(data) > HEADER_BYTES_MAX or self._stray > 0  # only then can a head be too large
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._feed_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400)
        if self._stage == _HEAD or (self._stage == _BODY and not self._grew):
            self._count_stray(len(data))
        if self._waiting:
            self._go_on()
            if self._waiting:
                self._pace()

    def eof_received(self) -> bool:
        """A client may close its sending half and still read what is under way."""
        if self._stage == _DEAF or not (self._running or self._waiting):
            return False
        self._stopping = True
        self._stage = _IDLE  # a request half sent will not come to its end
        return True

    def pause_writing(self) -> None:
        self._write_blocked_since = self._crowd.now
        self._pause_reading()

    def resume_writing(self) -> None:
        self._write_blocked_since = 0.0
        self._go_on()

    # -- the parser's side ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._stage == _DEAF:
            return
        self._request = request = Request()
        self._headers = request.headers
        self._stage = _HEAD
        self._since = self._crowd.now
        self._stray = -1  # the read that began a stage may hold more than the stage: it does not count

    def _feed_without_upgrade(self, rest: bytes) -> None:
        """The parser ends a request that asks for another protocol (as Java's client does, for HTTP/2) before its body.
        Nothing is obliged to follow, so parse it again as if it had not asked.
        """
        while self._waiting and self._stage != _DEAF:
            asked = self._waiting.pop()
            kept = [b"%b: %b\r\n" % field for field in asked.headers.items() if field[0] not in _HOP_HEADERS]
            head = b"%b %b HTTP/1.1\r\n%b\r\n" % (asked.method, asked.url, b"".join(kept))
            if asked.method == b"CONNECT":
                self._refuse(405)
                return
            self._parser = httptools.HttpRequestParser(self)
            try:
                self._parser.feed_data(head)
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
                continue
            except httptools.HttpParserError:
                self._refuse(400)
            return

    def on_url(self, url: bytes) -> None:
        if self._stage == _HEAD:
            self._request.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self._headers
        if name in headers:
            self._repeat(name, value)
        else:
            headers[name] = value

    def _repeat(self, name: bytes, value: bytes) -> None:
        """A header that has come before."""
        if self._stage != _HEAD:
            return
        if len(self._headers[name]) > HEADER_BYTES_MAX:  # joining on and on takes quadratic time
            self._refuse(431)
        elif name == b"host":  # a proxy may have gone by the other one
            self._refuse(400)
        else:
            self._request.add_header(name, value)

    def on_headers_complete(self) -> None:
        if self._stage == _DEAF:
            return
        request = self._request
        request.method = self._parser.get_method()
        headers = request.headers
        self._headers = {}  # what still comes are trailers, which nobody asked for
        self._stage = _BODY
        self._stray = -1
        self._size = 0
        if len(request.url) > REQUEST_LINE_BYTES_MAX:
            self._refuse(414)
        elif self._roomy and _size_of(headers) > HEADER_BYTES_MAX:
            self._refuse(431)
        elif b"host" not in headers and self._parser.get_http_version() == "1.1":
            self._refuse(400)
        elif len(headers.get(b"content-length", b"")) > 7 and self._announces_too_much(headers):
            self._refuse(RequestEntityTooLarge())
        elif b"expect" in headers:
            if headers[b"expect"].lower() != b"100-continue":
                self._refuse(417)
            elif self._running is None and not self._waiting:
                self._transport.write(_CONTINUE)
            else:
                self._continue_due = True  # an interim reply may not overtake the replies before it

    def on_body(self, chunk: bytes) -> None:
        if self._stage == _DEAF:
            return
        self._size += len(chunk)
        if self._size > self._front.settings.body_bytes_max:
            self._refuse(RequestEntityTooLarge())
        else:
            self._grew = True
            self._stray = 0
            chunks = self._chunks
            if len(chunks) < _CHUNKS_MAX:
                chunks.append(chunk if len(chunks) < _CHUNKS_MAX - 1 else bytearray(chunk))
            else:
                chunks[-1] += chunk

    def on_message_complete(self) -> None:
        if self._stage == _DEAF:
            return
        request = self._request
        if self._chunks:
            request.body = bytes(self._chunks[0]) if len(self._chunks) == 1 else b"".join(self._chunks)
            self._chunks.clear()
        request.keep_alive = self._parser.should_keep_alive()
        self._stage = _IDLE
        self._stray = 0
        self._since = self._crowd.now
        self._continue_due = False
        self._request = _NO_REQUEST
        self._waiting.append(request)

    # -- requests in order ------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Have the next request answered, if the one before it has been and the client reads."""
        if self._running is not None or self._write_blocked_since:
            return
        if self._waiting:
            self._running = request = self._waiting.popleft()
            self._running_since = self._crowd.now
            self._turn.join(request, self)
            return
        if self._continue_due:
            self._continue_due = False
            self._transport.write(_CONTINUE)
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()

    def replied(self, request: Request) -> None:
        """The corridor is done with a request."""
        reply = request.reply
        if isinstance(reply, Journey):
            if self._running is request:
                self._journey = reply
                reply.arrived = self._arrived
            else:
                reply.arrived = _dropped
        elif reply is not None and self._running is request:
            self._answer(request, reply)

    def _arrived(self, answer: object, error: BaseException | None) -> None:
        request = self._running
        self._journey = None
        if request is None:
            return
        request.reply = None
        if isinstance(answer, (bytes, dict)):
            request.answer = answer
        else:
            fault = error or TypeError(f"a handler returned {type(answer).__name__}")
            request.reply = render_error(self._front, request, fault)
        self._turn.join_answered(request, self)

    def _answer(self, request: Request, reply: bytes) -> None:
        self._running = None
        if self._stopping and not self._waiting:
            request.keep_alive = False
            reply = last(reply)
        if self._send(request, reply) and (self._waiting or self._continue_due or self._reading_paused):
            self._go_on()

    def _send(self, request: Request, reply: bytes) -> bool:
        """Write a reply; False when it was the last of the connection."""
        self._transport.write(reply)
        self._since = self._crowd.now
        if request.keep_alive:
            return True
        self._waiting.clear()
        if request.refusal is None:
            self._stage = _DEAF
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()  # closing at once would reset the connection under a client still sending
        return False

    def _refuse(self, refusal: RequestEntityTooLarge | int) -> None:
        """Answer what cannot be read to its end after the replies before it, then hear no more."""
        if self._stage == _DEAF:
            return
        request = self._request if self._stage != _IDLE else Request()
        request.refusal = refusal
        self._stage = _DEAF
        self._headers = {}  # of whatever the present read has besides
        self._since = self._crowd.now
        self._chunks.clear()
        self._waiting.append(request)

    def _count_stray(self, size: int) -> None:
        if self._stray < 0:
            self._stray = 1
            return
        self._stray += size
        if self._stray > (_HEAD_BYTES_MAX if self._stage == _HEAD else _EMPTY_BODY_BYTES_MAX):
            self._refuse(431 if self._stage == _HEAD else 400)

    def _announces_too_much(self, headers: dict[bytes, bytes]) -> bool:
        length = headers[b"content-length"]  # the parser itself refuses what is no number
        return length.isdigit() and int(length) > self._front.settings.body_bytes_max

    def _pace(self) -> None:
        """Stop reading a client that is too far ahead, by number or by the memory its requests take."""
        too_many = len(self._waiting) >= self._front.settings.pipelined_requests_max
        if too_many or sum(len(request.body) for request in self._waiting) > _WAITING_BYTES_MAX:
            self._pause_reading()

    def _pause_reading(self) -> None:
        if not self._reading_paused and not self._transport.is_closing():
            self._reading_paused = True
            self._transport.pause_reading()

    def _forget_journey(self) -> None:
        if self._journey is not None:
            self._journey.arrived = _dropped
        self._running = self._journey = None

    # -- the listener's side ----------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Finish what runs and what has been read, then close."""
        self._stopping = True
        if self._running is None and not self._waiting:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def sweep(self, now: float) -> None:
        """Close what has taken too long. `now` is the loop's time."""
        settings = self._front.settings
        if self._write_blocked_since:
            if now - self._write_blocked_since > settings.write_seconds:
                self._transport.abort()
        elif self._running is not None:
            if now - self._running_since > settings.handler_seconds:
                request = self._running
                self._forget_journey()
                request.keep_alive = False
                self._send(request, render_error(self._front, request, TimeoutError("an operation takes too long")))
        elif self._stage == _DEAF:
            if now - self._since > settings.linger_seconds:
                self._transport.abort()
        elif self._stage == _IDLE:
            if now - self._since > settings.idle_seconds:
                self._transport.close()
        elif now - self._since > (settings.head_seconds if self._stage == _HEAD else settings.body_seconds):
            self._refuse(408)
            self._go_on()


def _size_of(headers: dict[bytes, bytes]) -> int:
    return sum(map(len, headers)) + sum(map(len, headers.values()))


def _dropped(_answer: Answer | None, error: BaseException | None) -> None:
    """An operation ended after its client went away: only a fault of ours is worth a word."""
    if error is not None:
        as_wire_error(error, "")
