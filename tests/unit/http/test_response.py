"""Reply bytes and the date in them."""

from stator.http.request import Request
from stator.http.response import Renderer


def head(reply: bytes) -> list[bytes]:
    return reply.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_the_date_follows_the_clock() -> None:
    renderer, request = Renderer(), Request()
    first, same, later = (renderer.render(request, 200, b"{}", now) for now in (0.0, 0.9, 86_400.0))
    assert head(first)[2] == head(same)[2] == b"Date: Thu, 01 Jan 1970 00:00:00 GMT"
    assert head(later)[2] == b"Date: Fri, 02 Jan 1970 00:00:00 GMT"


def test_heads_differ_by_status_type_and_connection() -> None:
    renderer, request = Renderer(), Request()
    assert head(renderer.render(request, 200, b"", 0.0))[0] == b"HTTP/1.1 200 OK"
    assert head(renderer.render(request, 413, b"", 0.0))[0].startswith(b"HTTP/1.1 413 ")
    assert b"Connection: keep-alive" in head(renderer.render(request, 200, b"", 0.0))
    request.keep_alive = False
    request.content_type = b"application/json"
    lines = head(renderer.render(request, 200, b"", 0.0))
    assert b"Connection: close" in lines
    assert b"Content-Type: application/json" in lines


def test_a_preflight_is_whole() -> None:
    request = Request()
    request.method = b"OPTIONS"
    request.headers[b"origin"] = b"x"
    reply = Renderer().preflight(request, 0.0)
    assert reply.endswith(b"\r\n\r\n")
    assert reply.count(b"\r\n\r\n") == 1


def test_replies_are_counted_however_often_one_asks() -> None:
    renderer, request = Renderer(), Request()
    assert (renderer.replies, renderer.replies) == (0, 0)
    for _ in range(3):
        renderer.render(request, 200, b"", 0.0)
    assert (renderer.replies, renderer.replies) == (3, 3)
