"""Small JSON documents of an archive, manifests above all: each with its kind, a format number and its own checksum.

    {"stator":"full copy","format":1,"sha256":"<64 hexadecimal digits>","content":{...}}

The checksum is of the kind, a newline, the format, a newline and the bytes between `"content":` and the last brace.
What else there is never varies, so a document with a single other byte is Damaged.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

import orjson

from stator.archive.places.failure import ArchiveError, Damaged

_HEAD = re.compile(rb'\{"stator":"([a-z ]+)","format":([0-9]{1,6}),"sha256":"([0-9a-f]{64})","content":')
_TAIL = b"}\n"

_Made = TypeVar("_Made")


def encode(kind: str, format: int, content: dict[str, Any]) -> bytes:
    """`kind` is small letters and spaces. What orjson cannot write raises its TypeError."""
    body = orjson.dumps(content)
    checksum = _checksum(kind.encode(), str(format).encode(), body)
    return b'{"stator":"%b","format":%d,"sha256":"%b","content":%b%b' % (kind.encode(), format, checksum, body, _TAIL)


def decode(kind: str, format: int, body: bytes, path: str = "a document") -> dict[str, Any]:
    """The content of a document of this kind and of a format up to `format`. `path` is for messages.

    Raises Damaged; ArchiveError for a document of a newer format, which is whole but not for this version.
    """
    head = _HEAD.match(body)
    if head is None or not body.endswith(_TAIL):
        raise Damaged(f"{path} is damaged: it is no document of an archive")
    content = body[head.end() : -len(_TAIL)]
    if _checksum(head[1], head[2], content) != head[3]:
        raise Damaged(f"{path} is damaged: its content does not match its checksum")
    if head[1] != kind.encode():
        raise Damaged(f"{path} is damaged: it is a {head[1].decode()} where a {kind} should be")
    if int(head[2]) > format:
        raise ArchiveError(
            f"{path} has format {int(head[2])}; this version of Stator reads up to format {format}: use a newer one"
        )
    decoded: dict[str, Any] = orjson.loads(content)
    return decoded


def read(kind: str, format: int, body: bytes, path: str, make: Callable[[dict[str, Any]], _Made]) -> _Made:
    """What `make` makes of the content. Raises what `decode` raises; Damaged where it lacks members, or has others."""
    content = decode(kind, format, body, path)
    try:
        return make(content)
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{path} cannot be understood: {error}") from error


def _checksum(kind: bytes, format: bytes, content: bytes) -> bytes:
    return hashlib.sha256(b"%b\n%b\n%b" % (kind, format, content)).hexdigest().encode()
