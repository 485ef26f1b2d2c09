"""How a service is spoken to: a body to a request, and an answer or a fault to a body. JSON is spoken by all."""

from typing import Any, Protocol

import orjson

from stator.http.doors.service import Fault, Service
from stator.http.target import object_in
from stator.validation.shape import Structure


class Speech(Protocol):
    content_type: bytes
    headers: bytes  # lines of every reply, each with its end

    def parse(self, body: bytes, shape: Structure) -> dict[str, Any]:
        """The request as JSON would have it, times as seconds since the epoch. Raises SerializationException."""

    def render(self, name: str, answer: dict[str, Any]) -> bytes:
        """The body of a success of the operation called `name`."""

    def render_fault(self, fault: Fault) -> bytes: ...


class Json:
    """awsJson1_0 and awsJson1_1."""

    headers = b""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.content_type = service.json_type

    def parse(self, body: bytes, shape: Structure) -> dict[str, Any]:
        return object_in(body)

    def render(self, name: str, answer: dict[str, Any]) -> bytes:
        return orjson.dumps(answer, default=float)  # moments

    def render_fault(self, fault: Fault) -> bytes:
        return orjson.dumps(told(self._service, fault))


def told(service: Service, fault: Fault) -> dict[str, Any]:
    """A fault as an object."""
    said: dict[str, Any] = {"__type": service.error_prefix + fault.name}
    if fault.message:
        said[service.message_member] = fault.message
    return {**said, **fault.fields}
