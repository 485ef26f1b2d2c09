"""Errors as reply bodies."""

import logging
from typing import Any

import orjson

from stator.errors import InternalServerError, ValidationException, WireError
from stator.validation.envelope import enveloped

_log = logging.getLogger(__name__)


def render_failure(error: WireError, operation_name: str) -> bytes:
    """`{"__type": "<prefix>#<code>", "<member>": "<message>", ...fields}`; no member at all without a message."""
    body: dict[str, Any] = {"__type": f"{error.prefix}#{error.code}"}
    message = enveloped(operation_name, error) if isinstance(error, ValidationException) else error.message
    if message:
        body[error.member] = message
    body.update(error.fields)
    return orjson.dumps(body)


def as_wire_error(error: BaseException, operation_name: str) -> WireError:
    """The wire error itself; anything else is a fault of ours, told to the log and not to the client."""
    if isinstance(error, WireError):
        return error
    # The traceback holds places in the code and the exception's text; headers, bodies and keys are never passed on.
    _log.error("operation %s failed", operation_name or "(none)", exc_info=error)
    return InternalServerError()
