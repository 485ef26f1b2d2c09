"""Shard iterators: where in a shard to read on. Opaque, and good for 15 minutes in the account that they were made for.

    base64(checksum of the rest and the account in 12 bytes, version in one byte, JSON of
           [region, table name, stream label, lane, generation, cursor, milliseconds since the epoch when it was made])

The checksum catches what is damaged, cut, made up or another account's. It is no secret: an iterator leads to nothing
that GetShardIterator does not lead to.
"""

from base64 import b64encode, urlsafe_b64decode
from binascii import Error as NoBase64
from hashlib import blake2b
from typing import NamedTuple

import orjson

from stator.errors import ExpiredIteratorException, ValidationException
from stator.journal.lineage import Name

LIFETIME_SECONDS = 15 * 60

INVALID = "Invalid ShardIterator"

_VERSION = b"\x01"
_CHECK_BYTES = 12
_PERSON = b"stator shard it"


class Iterator(NamedTuple):
    """Records past `cursor` of the shard come next."""

    name: Name
    lane: int
    generation: int
    cursor: int


def render(iterator: Iterator, now: float) -> str:
    name, lane, generation, cursor = iterator
    place = [name.region, name.table, name.label, lane, generation, cursor, int(now * 1000)]
    body = _VERSION + orjson.dumps(place)
    return b64encode(_checksum(body, name.account) + body).decode()


def parse(token: str, account: str, region: str, now: float) -> Iterator:
    """Raises ValidationException for what is no iterator here, ExpiredIteratorException for one that is too old."""
    try:
        raw = urlsafe_b64decode(token.replace("+", "-").replace("/", "_"))
    except (NoBase64, ValueError):
        raise ValidationException(INVALID) from None
    body = raw[_CHECK_BYTES:]
    if not body.startswith(_VERSION) or raw[:_CHECK_BYTES] != _checksum(body, account):
        raise ValidationException(INVALID)
    found, table, label, lane, generation, cursor, made = orjson.loads(body[len(_VERSION) :])
    if found != region:
        raise ValidationException(INVALID)
    if made / 1000 + LIFETIME_SECONDS < now:
        raise ExpiredIteratorException
    return Iterator(Name(account, region, table, label), lane, generation, cursor)


def _checksum(body: bytes, account: str) -> bytes:
    return blake2b(body, digest_size=_CHECK_BYTES, person=_PERSON, key=account.encode()).digest()
