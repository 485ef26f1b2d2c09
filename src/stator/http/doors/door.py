"""The doors of the other services: which of them a request goes to, and all its steps there.

The steps are the corridor's. What differs is the name that is signed for, the protocol, and the words for errors.
"""

from typing import NamedTuple

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH
from stator.auth.signature import Place
from stator.errors import (
    InternalServerError,
    RequestEntityTooLarge,
    SerializationException,
    UnknownOperationException,
)
from stator.http.doors.cbor import Cbor
from stator.http.doors.query import Query, fields_of
from stator.http.doors.service import SERVICES, Service
from stator.http.doors.speech import Json, Speech
from stator.http.encoding import decoded
from stator.http.failure import as_wire_error
from stator.http.front import Front
from stator.http.journey import Journey
from stator.http.origin import check_origin
from stator.http.request import Request
from stator.http.rest import Rendered, set_out

_BODY_BYTES_MAX = 1024 * 1024  # packed or not; as CloudWatch limits PutMetricData, its largest request
_FORM = b"application/x-www-form-urlencoded"
_CLOUDWATCH = SERVICES[CLOUDWATCH.encode()]
_JSON = {prefix: Json(service) for prefix, service in SERVICES.items()}
_CBOR = Cbor(_CLOUDWATCH)
_QUERY = Query(_CLOUDWATCH)


class Door(NamedTuple):
    service: Service
    speech: Speech
    operation: bytes  # its name; empty where the form holds it


def door_of(request: Request) -> Door | None:
    """By the target, the path or the type of the body. None for what is no request to another service."""
    if request.method != b"POST":
        return None
    if request.url.startswith(b"/service/"):
        _, _, prefix, *rest = request.url.partition(b"?")[0].split(b"/")
        if prefix == CLOUDWATCH.encode() and len(rest) == 2 and rest[0] == b"operation":
            return Door(_CLOUDWATCH, _CBOR, rest[1])
        return None
    target = request.headers.get(b"x-amz-target")
    if target is not None:
        prefix, _, name = target.partition(b".")
        service = SERVICES.get(prefix)
        return None if service is None else Door(service, _JSON[prefix], name)
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind == _FORM and (b"Action=" in request.body or b"content-encoding" in request.headers):
        return Door(_CLOUDWATCH, _QUERY, b"")
    return None


def walk_door(front: Front, request: Request, door: Door) -> bytes | Journey[Answer]:
    """The reply, or a journey that ends in it."""
    request.content_type = door.speech.content_type
    return set_out(_answer(front, request, door))


async def _answer(front: Front, request: Request, door: Door) -> Answer:
    service, speech, _ = door
    try:
        headers = request.headers
        if b"origin" in headers and front.credentials.open:
            check_origin(headers[b"origin"])
        path, _, query = request.url.partition(b"?")
        place = Place(request.method, path, service.signed_as)
        caller = front.verifier.check_path(place, headers, query, request.body, front.clock())
        body = _body_of(request)
        name = door.operation or _action(body, service)
        operation = front.elsewhere.get(service.prefix.encode() + b"." + name)
        if operation is None:
            raise UnknownOperationException(_unknown(name, service) if service.version else "")
        request.operation_name = operation.name
        asked = operation.shape.check(speech.parse(body, operation.shape))
        host = headers.get(b"host", b"").decode("latin-1")
        answer = await operation.handler(Call(asked, caller.account, caller.region, host, front.parts))
        if isinstance(answer, dict):
            rendered = speech.render(operation.name, answer)
        else:
            # An operation without an output: nothing at all, save where the request's id is in the body.
            rendered = speech.render(operation.name, {}) if speech is _QUERY else answer
        return Rendered(_reply(front, request, 200, rendered, speech.headers))
    except Exception as error:  # noqa: BLE001  every fault has an answer
        fault = service.fault(as_wire_error(error, request.operation_name))
        lines = speech.headers
        if service is _CLOUDWATCH and speech is not _QUERY:
            lines += f"x-amzn-query-error: {fault.code};{fault.sender}\r\n".encode()
        return Rendered(_reply(front, request, fault.status, speech.render_fault(fault), lines))


def _body_of(request: Request) -> bytes:
    body = request.body
    if len(body) > _BODY_BYTES_MAX:
        raise RequestEntityTooLarge
    if body and b"content-encoding" in request.headers:
        try:
            body = decoded(body, request.headers[b"content-encoding"])
        except InternalServerError:  # which is DynamoDB's word for it
            raise SerializationException from None
        if len(body) > _BODY_BYTES_MAX:
            raise RequestEntityTooLarge
    return body


def _action(body: bytes, service: Service) -> bytes:
    fields = fields_of(body)
    action = fields.get("Action", "").encode()
    if fields.get("Version", service.version) != service.version:
        raise UnknownOperationException(_unknown(action, service, fields["Version"]))
    return action


def _unknown(name: bytes, service: Service, version: str = "") -> str:
    return f"Could not find operation {name.decode('latin-1')} for version {version or service.version}"


def _reply(front: Front, request: Request, status: int, body: bytes, lines: bytes) -> bytes:
    reply = front.renderer.render(request, status, body, front.clock())
    return reply.replace(b"\r\n", b"\r\n" + lines, 1)
