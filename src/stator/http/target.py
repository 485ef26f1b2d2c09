"""What a request is addressed to: the path, and the operation in X-Amz-Target."""

from stator.api.registry import Operation
from stator.errors import SerializationException, UnknownOperationException

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


def operation_of(operations: dict[bytes, Operation], target: bytes) -> Operation:
    """Raises UnknownOperationException, without a message as the service does."""
    operation = operations.get(target)
    if operation is None:
        raise UnknownOperationException
    return operation


def object_of(parsed: object) -> dict[str, object]:
    """The request object. A missing body and anything that is no object cannot be converted."""
    if type(parsed) is not dict:
        raise SerializationException
    return parsed
