"""Smithy's RPC v2 CBOR, which newer SDKs speak to CloudWatch."""

import math
from collections.abc import Callable
from typing import Any, Final

import cbor2

from stator.api.wire_value import Moment
from stator.errors import SerializationException
from stator.http.doors.service import Fault, Service
from stator.http.doors.speech import told
from stator.validation.shape import Structure

_DEPTH_MAX: Final = 24  # requests are seven deep
_TIME: Final = 1  # the tag of seconds since the epoch
_PLAIN: Final = frozenset({int, float, str, bool, type(None)})


def _seconds(value: Any, _immutable: bool) -> Any:
    return value


def _refuse(*_: Any) -> Any:
    raise SerializationException


# The library has decoders for many tags, among them shared references, which make circles. One is wanted here.
_DECODERS: Final[dict[int, Callable[..., Any]]] = {2: _refuse, 3: _refuse, _TIME: _seconds}


class Cbor:
    content_type = b"application/cbor"
    headers = b"smithy-protocol: rpc-v2-cbor\r\n"

    def __init__(self, service: Service) -> None:
        self._service = service

    def parse(self, body: bytes, shape: Structure) -> dict[str, Any]:
        if not body:
            return {}
        try:
            parsed = cbor2.loads(
                body,
                tag_hook=_refuse,
                semantic_decoders=_DECODERS,
                max_depth=_DEPTH_MAX,
                strict_hashable_types=True,
                allow_duplicate_keys=False,
            )
        except (cbor2.CBORDecodeError, ValueError, OverflowError):
            raise SerializationException from None
        found = _plain(parsed, _DEPTH_MAX)
        if not isinstance(found, dict):
            raise SerializationException
        return found

    def render(self, name: str, answer: dict[str, Any]) -> bytes:
        return cbor2.dumps(_tagged(answer))

    def render_fault(self, fault: Fault) -> bytes:
        return cbor2.dumps(told(self._service, fault))


def _plain(value: Any, depth: int) -> Any:
    """What JSON has, too. Raises SerializationException for all else, and for what holds itself."""
    if type(value) in _PLAIN and (type(value) is not float or math.isfinite(value)):
        return value
    if depth == 0:
        raise SerializationException
    if type(value) is dict:
        if not all(type(key) is str for key in value):
            raise SerializationException
        return {key: _plain(each, depth - 1) for key, each in value.items()}
    if type(value) is list:
        return [_plain(each, depth - 1) for each in value]
    raise SerializationException


def _tagged(value: Any) -> Any:
    """With moments as the library writes them. Lists hold values of one type, and those of numbers, which are long, are
    left as they are."""
    if isinstance(value, Moment):
        return cbor2.CBORTag(_TIME, int(value) if value.is_integer() else float(value))
    if isinstance(value, dict):
        return {key: _tagged(each) for key, each in value.items()}
    if isinstance(value, list | tuple) and value and type(value[0]) is not float:
        return [_tagged(each) for each in value]
    return value
