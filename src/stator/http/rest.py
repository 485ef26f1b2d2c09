"""The side door: Lambda's operations on event source mappings, which have paths and methods of their own.

The steps are the corridor's; errors are rendered as Lambda does, with the name in a header.
"""

from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qsl

import orjson

from stator.api.call import Answer, Call
from stator.api.triggers.routes import PATH, Route, route_of
from stator.api.triggers.settings import refuse_unsupported
from stator.auth.signature import Place
from stator.errors import ResourceNotFoundException
from stator.http.encoding import decoded
from stator.http.failure import as_wire_error
from stator.http.front import Front
from stator.http.journey import Journey
from stator.http.origin import check_origin
from stator.http.request import Request
from stator.http.target import object_in

_SERVICE = "lambda"


class Rendered(bytes):
    """A whole reply, where a journey would end in its body."""

    __slots__ = ()


def is_side_door(url: bytes) -> bool:
    return url.startswith(PATH)


def walk_side_door(front: Front, request: Request) -> bytes | Journey[Answer]:
    """The reply, or a journey that ends in it."""
    request.content_type = b"application/json"
    path, _, query = request.url.partition(b"?")
    found = route_of(request.method, path)
    if found is None:
        return front.renderer.render(request, 404, b'{"Message":"No such path."}', front.clock())
    route, members = found
    request.operation_name = route.name
    return set_out(_answer(front, request, route, members | _members_of(query)))


def set_out(coroutine: Coroutine[Any, Any, Answer]) -> bytes | Journey[Answer]:
    """The reply that a coroutine ends in, or a journey where it has to wait."""
    try:
        waiting = coroutine.send(None)
    except StopIteration as finished:
        return bytes(finished.value)  # for the connection only plain bytes are a reply
    return Journey(coroutine, waiting)


async def _answer(front: Front, request: Request, route: Route, members: dict[str, Any]) -> Answer:
    try:
        headers = request.headers
        if b"origin" in headers and front.credentials.open:
            check_origin(headers[b"origin"])
        path, _, query = request.url.partition(b"?")
        caller = front.verifier.check_path(
            Place(request.method, path, _SERVICE), headers, query, request.body, front.clock()
        )
        asked = route.shape.check(_body_of(request) | members)
        host = headers.get(b"host", b"").decode("latin-1")
        answer = await route.handler(Call(asked, caller.account, caller.region, host, front.parts))
        return Rendered(front.renderer.render(request, route.status, orjson.dumps(answer), front.clock()))
    except Exception as error:  # noqa: BLE001  every fault has an answer
        return Rendered(_render_error(front, request, error))


def _body_of(request: Request) -> dict[str, Any]:
    body = request.body
    if body and b"content-encoding" in request.headers:
        body = decoded(body, request.headers[b"content-encoding"])
    parsed = object_in(body)
    refuse_unsupported(parsed)
    return parsed


def _members_of(query: bytes) -> dict[str, Any]:
    """The members of a query string; signatures stand there, too, and mean nothing to a shape."""
    members: dict[str, Any] = dict(parse_qsl(query.decode("latin-1")))
    if members.get("MaxItems", "").isdecimal() and len(members["MaxItems"]) < 10:
        members["MaxItems"] = int(members["MaxItems"])
    return members


def _render_error(front: Front, request: Request, error: Exception) -> bytes:
    fault = as_wire_error(error, request.operation_name)
    status = 404 if isinstance(fault, ResourceNotFoundException) else fault.status
    side = "Server" if status >= 500 else "User"
    body = orjson.dumps({"Type": side, "Message": fault.message})
    reply = front.renderer.render(request, status, body, front.clock())
    return reply.replace(b"\r\n", b"\r\nx-amzn-ErrorType: %b\r\n" % fault.code.encode(), 1)
