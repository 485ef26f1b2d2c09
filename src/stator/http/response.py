"""Replies as bytes: status line, headers, body.

Everything that does not change from one reply to the next within a second is rendered once: the whole head up to the
request id comes out of one small table that is thrown away when the date changes.
"""

import http
import secrets
import time
from itertools import count
from zlib import crc32

from stator.http.encoding import encoded, wanted
from stator.http.request import Request
from stator.limits import RESPONSE_GZIP_BYTES_MIN

_CROSS_ORIGIN = (
    b"Access-Control-Allow-Origin: *\r\n"
    b"Access-Control-Expose-Headers: x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amz-crc32,Date\r\n"
)
_COMPRESSED_BYTES_MAX = 256 * 1024  # 9 ms on the loop; 16 MB took half a second, while everyone waited
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Renderer:
    """Makes reply bytes. `now` is seconds since the epoch and only decides the Date header."""

    __slots__ = ("_asked", "_first", "_heads", "_numbers", "_second", "_stem")

    def __init__(self) -> None:
        self._second = -1
        self._heads: dict[tuple[int, bytes, bool], bytes] = {}
        # Ids are unique by a random stem for the process and a number for the request: drawing 52 random characters
        # for each would cost more than parsing the request.
        self._stem = "".join(secrets.choice(_ALPHABET) for _ in range(36)).encode()
        self._first = secrets.randbelow(10**15)
        self._numbers = count(self._first)
        self._asked = 0

    @property
    def replies(self) -> int:
        """How many were made."""
        # Each has a number. Asking takes one too, which is taken off again: so replies pay nothing for being counted.
        self._asked += 1
        return next(self._numbers) - self._first - self._asked + 1

    def render(self, request: Request, status: int, body: bytes, now: float) -> bytes:
        """A whole reply, compressed and with cross-origin headers as the request asked."""
        second = int(now)
        if second != self._second:
            self._heads.clear()
            self._second = second
        key = (status, request.content_type, request.keep_alive)
        head = self._heads.get(key) or self._head(*key)
        headers = request.headers
        if b"origin" in headers:
            head += _CROSS_ORIGIN
        if RESPONSE_GZIP_BYTES_MIN < len(body) <= _COMPRESSED_BYTES_MAX and b"accept-encoding" in headers:
            encoding = wanted(headers[b"accept-encoding"])
            if encoding:
                body = encoded(body, encoding)
                head += b"Content-Encoding: %b\r\n" % encoding
        return b"%bx-amzn-RequestId: %b%016d\r\nx-amz-crc32: %d\r\nContent-Length: %d\r\n\r\n%b" % (
            head,
            self._stem,
            next(self._numbers),
            crc32(body),
            len(body),
            b"" if request.method == b"HEAD" else body,
        )

    def preflight(self, request: Request, now: float) -> bytes:
        """The answer to an OPTIONS request of a browser: whatever it asks for is allowed."""
        extra = b"Access-Control-Max-Age: 172800\r\n"
        asked_headers = request.headers.get(b"access-control-request-headers")
        if asked_headers:
            extra += b"Access-Control-Allow-Headers: %b\r\n" % asked_headers
        asked_method = request.headers.get(b"access-control-request-method")
        if asked_method:
            extra += b"Access-Control-Allow-Methods: %b\r\n" % asked_method
        reply = self.render(request, 200, b"", now)
        return reply[:-2] + extra + b"\r\n"

    def _head(self, status: int, content_type: bytes, keep_alive: bool) -> bytes:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._second)).encode()
        lines = [
            b"HTTP/1.1 %d %b" % (status, _phrase(status)),
            b"Server: Server",
            b"Date: " + date,
            b"Connection: keep-alive" if keep_alive else b"Connection: close",
        ]
        if content_type:
            lines.append(b"Content-Type: " + content_type)
        head = b"\r\n".join(lines) + b"\r\n"
        self._heads[status, content_type, keep_alive] = head
        return head


def last(reply: bytes) -> bytes:
    """A reply rendered before it was known to be its connection's last: HTTP lets a server close after any reply."""
    return reply.replace(b"\r\nConnection: keep-alive\r\n", b"\r\nConnection: close\r\n", 1)


def _phrase(status: int) -> bytes:
    return http.HTTPStatus(status).phrase.encode()
