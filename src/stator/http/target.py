"""What a request is addressed to, and what it holds: the path, the type and the object of the body."""

from typing import Any

import orjson

from stator.errors import SerializationException

JSON_TYPES = frozenset({b"application/x-amz-json-1.0", b"application/json"})


def is_root(url: bytes) -> bool:
    """Whether a request line names the one path there is, whatever query follows."""
    path = url.partition(b"?")[0]
    if path == b"/":
        return True
    scheme, separator, rest = path.partition(b"://")  # the absolute form that proxies send
    return bool(separator) and scheme.lower() in (b"http", b"https") and rest.partition(b"/")[2] == b""


def reply_type(content_type: bytes, has_body: bool) -> bytes | None:
    """The type to answer in, or None where the service does not know the type of the body."""
    if content_type in JSON_TYPES:
        return content_type
    base = content_type.partition(b";")[0].strip()
    if base in JSON_TYPES:
        return base
    return None if has_body else b"application/json"


def object_in(body: bytes) -> dict[str, Any]:
    """The object that a body is as JSON, an empty one for no body, as services other than DynamoDB have it. Raises
    SerializationException."""
    try:
        return object_of(orjson.loads(body) if body else {})
    except orjson.JSONDecodeError:
        raise SerializationException from None


def object_of(parsed: object) -> dict[str, Any]:
    """The request object. A missing body and anything that is no object cannot be converted."""
    if type(parsed) is not dict:
        raise SerializationException
    return parsed
