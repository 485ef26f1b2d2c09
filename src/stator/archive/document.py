"""Small JSON documents of an archive, manifests above all: each with its kind, a format number and its own checksum.

    {"stator":"full copy","format":1,"sha256":"<64 hexadecimal digits>","content":{...}}

The checksum is of the bytes between `"content":` and the last brace. What stands before and after them is the same in
every document of a kind, so a document that differs from it in a single byte is Damaged.
"""

import hashlib
import re
from typing import Any

import orjson

from stator.archive.failure import ArchiveError, Damaged

_HEAD = re.compile(rb'\{"stator":"([a-z ]+)","format":([0-9]{1,6}),"sha256":"([0-9a-f]{64})","content":')
_TAIL = b"}\n"


def encode(kind: str, format: int, content: dict[str, Any]) -> bytes:
    """`kind` is small letters and spaces. What orjson cannot write raises its TypeError."""
    body = orjson.dumps(content)
    head = f'{{"stator":"{kind}","format":{format},"sha256":"{hashlib.sha256(body).hexdigest()}","content":'
    return head.encode() + body + _TAIL


def decode(kind: str, format: int, body: bytes, path: str = "a document") -> dict[str, Any]:
    """The content of a document of this kind and of a format up to `format`. `path` is for messages.

    Raises Damaged; ArchiveError for a document of a newer format, which is whole but not for this version.
    """
    head = _HEAD.match(body)
    if head is None or not body.endswith(_TAIL):
        raise Damaged(f"{path} is damaged: it is no document of an archive")
    content = body[head.end() : -len(_TAIL)]
    if hashlib.sha256(content).hexdigest().encode() != head[3]:
        raise Damaged(f"{path} is damaged: its content does not match its checksum")
    found = head[1].decode()
    if found != kind:
        raise Damaged(f"{path} is damaged: it is a {found} where a {kind} should be")
    if int(head[2]) > format:
        raise ArchiveError(
            f"{path} has format {int(head[2])}; this version of Stator reads up to format {format}: use a newer one"
        )
    decoded: dict[str, Any] = orjson.loads(content)
    return decoded
