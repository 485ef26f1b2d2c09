"""All the steps of one request, top to bottom."""

from collections.abc import Callable, Sequence
from typing import Final

import orjson

from stator.api.call import Answer, Call
from stator.errors import SerializationException, UnknownOperationException
from stator.http.doors.door import door_of, walk_door
from stator.http.encoding import decoded
from stator.http.failure import as_wire_error, render_failure
from stator.http.front import Front
from stator.http.health import OUT_OF_TOUCH, healthy
from stator.http.journey import Journey
from stator.http.origin import check_origin, check_reader
from stator.http.refusal import record_refusal
from stator.http.request import Request
from stator.http.rest import Rendered, is_side_door, walk_side_door
from stator.http.target import is_root, object_of, reply_type
from stator.metrics.metric import CONTENT_TYPE

Step = Callable[[Front, Request], bytes | Journey[Answer] | None]
"""Returns the reply of a request that goes no further, or None."""

_UNVERIFIED_BYTES_MAX = 1024 * 1024
_NOT_FOUND = b"<UnknownOperationException/>\n"


def walk(front: Front, requests: Sequence[Request]) -> None:
    """Take requests through the house, side by side and step by step. Sets the `reply` of each, which may be a journey:
    it ends in an answer, with which `walk_out` goes on, or in an error for `render_error`.
    """
    now = front.clock()
    for request in requests:
        request.began = now
    _take(_STEPS, front, requests)


def walk_out(front: Front, requests: Sequence[Request]) -> None:
    """Sets the `reply` of requests whose journeys have ended, from the `answer` of each."""
    _take(_STEPS[-1:], front, requests)


def _take(steps: Sequence[Step], front: Front, requests: Sequence[Request]) -> None:
    for step in steps:
        for request in requests:
            if request.reply is None:
                try:
                    request.reply = step(front, request)
                except Exception as error:  # noqa: BLE001  every fault has an answer
                    request.reply = render_error(front, request, error)


def _receive(front: Front, request: Request) -> bytes | Journey[Answer] | None:
    """What is asked for, and who asks. The order of the checks is the service's (facts, section 1.5)."""
    headers = request.headers
    now = request.began
    # What the wire itself refused: too large, too slow, not HTTP.
    if request.refusal is not None:
        return refuse(front, request)

    # Pages of other sites, where signatures do not keep them out.
    if b"origin" in headers and front.credentials.open:
        check_origin(headers[b"origin"])

    # Method and path.
    query = b""
    if request.method != b"POST" or request.url != b"/":
        if not (request.method == b"POST" and is_root(request.url)):
            return _elsewhere(front, request)
        query = request.url.partition(b"?")[2]

    # Other services at the same address.
    operation = front.operations.get(headers.get(b"x-amz-target", b""))
    if operation is None and (door := door_of(request)) is not None:
        return walk_door(front, request, door)

    # Content type.
    kind = reply_type(headers.get(b"content-type", b""), bool(request.body))
    if kind is None:
        return front.renderer.render(request, 404, _NOT_FOUND, now)
    request.content_type = kind

    # JSON. Strangers shall not make the server unpack or parse much, so there the signature comes first.
    body = request.body
    caller = None
    if (len(body) > _UNVERIFIED_BYTES_MAX or b"content-encoding" in headers) and not front.credentials.open:
        caller = front.verifier.check(headers, query, body, now)
    if body and b"content-encoding" in headers:
        body = decoded(body, headers[b"content-encoding"])
    try:
        request.parsed = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        raise SerializationException from None

    # Who does it, who asks for it; the signature is over the body as sent.
    if operation is None:
        raise UnknownOperationException  # without a message, as the service does
    request.operation = operation
    request.operation_name = operation.name
    request.caller = caller or front.verifier.check(headers, query, request.body, now)
    return None


def _check(front: Front, request: Request) -> None:
    """Conversion and constraints."""
    operation, caller = request.operation, request.caller
    assert operation is not None
    assert caller is not None
    checked = operation.shape.check(object_of(request.parsed))
    host = request.headers.get(b"host", b"").decode("latin-1")
    request.call = Call(checked, caller.account, caller.region, host, front.parts)


def _operate(_front: Front, request: Request) -> Journey[Answer] | None:
    """The operation itself."""
    operation, call = request.operation, request.call
    assert operation is not None
    assert call is not None
    coroutine = operation.handler(call)
    try:
        waiting = coroutine.send(None)
    except StopIteration as finished:  # a read: no Task
        request.answer = finished.value
        return None
    return Journey(coroutine, waiting)


def conclude(front: Front, request: Request) -> bytes:
    """The reply of an operation that succeeded."""
    answer = request.answer
    if type(answer) is Rendered:
        return bytes(answer)  # for the connection only plain bytes are a reply
    body = answer if type(answer) is bytes else orjson.dumps(answer)
    now = front.clock()
    call = request.call
    if call is not None:
        front.recorder.served(call.account, call.region, call.table, request.operation_name, now - request.began)
    return front.renderer.render(request, 200, body, now)


_STEPS: Final[tuple[Step, ...]] = (_receive, _check, _operate, conclude)


def render_error(front: Front, request: Request, error: BaseException) -> bytes:
    try:
        return _render_error(front, request, error)
    except Exception as fault:  # noqa: BLE001  what cannot be told is a fault of ours, and only of this request
        return _render_error(front, request, fault)


def _render_error(front: Front, request: Request, error: BaseException) -> bytes:
    wire_error = as_wire_error(error, request.operation_name)
    record_refusal(front.recorder, request, wire_error)
    body = render_failure(wire_error, request.operation_name)
    return front.renderer.render(request, wire_error.status, body, front.clock())


def refuse(front: Front, request: Request) -> bytes:
    """The reply to what could not be read to its end; the connection closes after it."""
    refusal = request.refusal
    request.keep_alive = False
    if isinstance(refusal, int):
        return front.renderer.render(request, refusal, b"", front.clock())
    request.content_type = b"application/json"
    return render_error(front, request, refusal or SerializationException())


def _elsewhere(front: Front, request: Request) -> bytes | Journey[Answer]:
    """Everything that is not `POST /`."""
    now = front.clock()
    if request.method == b"OPTIONS" and b"origin" in request.headers:
        return front.renderer.preflight(request, now)
    if is_side_door(request.url):
        return walk_side_door(front, request)
    if (door := door_of(request)) is not None:
        return walk_door(front, request, door)
    if request.method == b"GET" and is_root(request.url):
        if front.in_touch is not None and not front.in_touch():
            return front.renderer.render(request, 503, OUT_OF_TOUCH, now)
        return front.renderer.render(request, 200, healthy(front.settings.region), now)
    if request.method == b"GET" and request.url == b"/metrics" and front.metrics is not None:
        check_reader(request.headers, public=front.settings.public_metrics)
        request.content_type = CONTENT_TYPE
        coroutine = front.metrics()
        return Journey(coroutine, coroutine.send(None))  # it waits for a thread
    return front.renderer.render(request, 404, _NOT_FOUND, now)
