"""NextToken: where the next page of a statement begins. Opaque, and good for the statement and parameters that made it.

    base64(checksum of the rest in 8 bytes, version in one byte, JSON of [digest, stretch, last key or null])

The checksum catches what is damaged, cut or made up; the digest binds the token to its request. Neither is a secret: a
token leads to nothing that its statement does not lead to.
"""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from hashlib import blake2b
from typing import NamedTuple

import orjson

from stator.errors import ValidationException
from stator.model.table import Table
from stator.values.attribute import AttributeValue, Item

INVALID = "Invalid NextToken"
MISMATCH = "NextToken does not match request"

_VERSION = b"\x01"
_CHECK_BYTES = 8
_PERSON = b"stator next page"


class Continuation(NamedTuple):
    """The stretch to go on with, by its number in order, and the last key read of it; None for its beginning."""

    stretch: int
    last_key: Item | None


def digest(text: str, parameters: list[AttributeValue], table: Table) -> str:
    """What a token is bound to."""
    bound = orjson.dumps([text, parameters, table.id], option=orjson.OPT_SORT_KEYS)
    return blake2b(bound, digest_size=16, person=_PERSON).hexdigest()


def render(place: Continuation, bound: str) -> str:
    body = _VERSION + orjson.dumps([bound, place.stretch, place.last_key])
    return b64encode(_checksum(body) + body).decode()


def parse(token: str, bound: str) -> Continuation:
    """Raises ValidationException for a damaged token and for one of another request."""
    try:
        raw = b64decode(token, validate=True)
    except (NoBase64, ValueError):
        raise ValidationException(INVALID) from None
    body = raw[_CHECK_BYTES:]
    if not body.startswith(_VERSION) or raw[:_CHECK_BYTES] != _checksum(body):
        raise ValidationException(INVALID)
    found, stretch, last_key = orjson.loads(body[len(_VERSION) :])
    if found != bound:
        raise ValidationException(MISMATCH)
    return Continuation(stretch, last_key)


def _checksum(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECK_BYTES, person=_PERSON).digest()
