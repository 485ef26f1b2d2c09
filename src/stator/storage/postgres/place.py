"""Where a key's row is found in its table.

An entry of a PostgreSQL index has room for 2,704 bytes, and keys may be longer. So a table's key columns hold the first
SHORT bytes of a partition and of a sort; what is longer goes on in two columns that are in no index, and a digest of
the whole key, empty for short keys, tells apart what begins alike. Short keys cost nothing by that, and the order of
the index is that of the keys, save between long ones that begin alike: reads that meet one ask again, see `page`.
"""

from collections.abc import Sequence
from hashlib import sha256

from stator.storage.postgres.binary import bytea_array
from stator.storage.store import Key

SHORT = 1_200


def place(partition: bytes, sort: bytes) -> tuple[bytes, bytes, bytes]:
    """Partition, sort and digest as stored."""
    if len(partition) < SHORT and len(sort) < SHORT:
        return partition, sort, b""
    digest = sha256(len(partition).to_bytes(4, "big") + partition + sort).digest()
    return partition[:SHORT], sort[:SHORT], digest


def is_long(key: Key) -> bool:
    return len(key[1]) >= SHORT or len(key[2]) >= SHORT


def rest(data: bytes) -> bytes | None:
    """What does not fit, or None."""
    return data[SHORT:] if len(data) >= SHORT else None


def columns(keys: Sequence[Key]) -> list[bytes]:
    """Three arrays, one for each key column."""
    for key in keys:
        if len(key[1]) >= SHORT or len(key[2]) >= SHORT:
            partitions, sorts, digests = zip(*[place(key[1], key[2]) for key in keys], strict=True)
            return [bytea_array(partitions), bytea_array(sorts), bytea_array(digests)]
    return [
        bytea_array([key[1] for key in keys]),
        bytea_array([key[2] for key in keys]),
        bytea_array([b""] * len(keys)),
    ]
