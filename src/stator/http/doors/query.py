"""The query protocol: a form in, XML out. Older SDKs and many a script speak it to CloudWatch."""

import math
import re
import time
from datetime import UTC, datetime
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from stator.api.wire_value import Moment, Table
from stator.errors import SerializationException
from stator.http.doors.service import Fault, Service
from stator.validation.scalar import Boolean, Double, Integer, Long, Timestamp, Type
from stator.validation.shape import List, Map, Structure

_FIELDS_MAX: Final = 50_000
_DEPTH_MAX: Final = 24  # parts of a name
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 cannot hold these

Node = dict[str, Any]
"""The fields below a name: by the next part of theirs; the value of the name itself under the empty part."""


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a form. Raises SerializationException."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="strict")
    except ValueError:
        raise SerializationException from None
    return dict(pairs)


class Query:
    content_type = b"text/xml"
    headers = b""

    def __init__(self, service: Service) -> None:
        self._service = service

    def parse(self, body: bytes, shape: Structure) -> dict[str, Any]:
        tree: Node = {}
        for name, value in fields_of(body).items():
            parts = name.split(".")
            if len(parts) > _DEPTH_MAX or "" in parts:
                raise SerializationException
            node = tree
            for part in parts:
                node = node.setdefault(part, {})
            node[""] = value
        return _structure(shape, tree)

    def render(self, name: str, answer: dict[str, Any]) -> bytes:
        out = [f'<{name}Response xmlns="{self._service.namespace}"><{name}Result>']
        _members(answer, out)
        out.append(f"</{name}Result><ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>")
        out.append(f"</{name}Response>")
        return "".join(out).encode()

    def render_fault(self, fault: Fault) -> bytes:
        said = "".join(f"<{name}>{_text(value)}</{name}>" for name, value in fault.fields.items())
        return (
            f'<ErrorResponse xmlns="{self._service.namespace}"><Error><Type>{fault.sender}</Type>'
            f"<Code>{fault.code}</Code><Message>{_text(fault.message)}</Message>{said}</Error>"
            f"<RequestId>{uuid4()}</RequestId></ErrorResponse>"
        ).encode()


def _value(type_: Type, node: Node) -> Any:
    if isinstance(type_, Structure):
        return _structure(type_, node)
    if isinstance(type_, List):
        return [_value(type_.of, each) for each in _numbered(node.get("member", {}))]
    if isinstance(type_, Map):
        entries = _numbered(node.get("entry", {}))
        return {_leaf(each.get("key", {})): _value(type_.of, each.get("value", {})) for each in entries}
    return _scalar(type_, _leaf(node))


def _structure(shape: Structure, node: Node) -> dict[str, Any]:
    return {name: _value(type_, node[name]) for name, type_ in shape.members.items() if name in node}


def _numbered(node: Node) -> list[Node]:
    """The elements of a list in the order of their numbers."""
    try:
        return [node[number] for number in sorted((each for each in node if each), key=int)]
    except ValueError:
        raise SerializationException from None


def _leaf(node: Node) -> str:
    if "" not in node:
        raise SerializationException
    return str(node[""])


def _scalar(type_: Type, text: str) -> Any:
    try:
        if isinstance(type_, Integer | Long):
            return int(text)
        if isinstance(type_, Double):
            return _finite(float(text))
        if isinstance(type_, Timestamp):
            return _moment(text)
    except (ValueError, OverflowError):
        raise SerializationException from None
    if isinstance(type_, Boolean):
        if text.lower() not in ("true", "false"):
            raise SerializationException
        return text.lower() == "true"
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError
    return value


def _moment(text: str) -> float:
    """ISO 8601 with any offset, or seconds since the epoch."""
    try:
        return _finite(float(text))
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _members(answer: dict[str, Any], out: list[str]) -> None:
    for name, value in answer.items():
        if value is None:
            continue
        out.append(f"<{name}>")
        _element(value, out)
        out.append(f"</{name}>")


def _element(value: Any, out: list[str]) -> None:
    if isinstance(value, Table):
        for key, each in value.items():
            out.append(f"<entry><key>{_text(key)}</key><value>")
            _element(each, out)
            out.append("</value></entry>")
    elif isinstance(value, dict):
        _members(value, out)
    elif isinstance(value, list | tuple):
        if value and type(value[0]) is float:  # all of them are, and there may be many
            out += [f"<member>{each}</member>" for each in value]
            return
        for each in value:
            out.append("<member>")
            _element(each, out)
            out.append("</member>")
    else:
        out.append(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Moment):
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(value))
        millis = int(value * 1000) % 1000
        return f"{whole}.{millis:03d}Z" if millis else f"{whole}Z"
    return escape(_NOT_XML.sub("\ufffd", str(value)), quote=False)
