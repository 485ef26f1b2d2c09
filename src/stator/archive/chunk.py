"""Lines as one object: compressed with zstd, and a SHA-256 of the bytes as they are stored.

The checksum is of the stored bytes, so that damage is found without decompressing what may be made to harm.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from stator.archive.failure import Damaged

LEVEL = 3
CHUNK_BYTES = 4 * 1024 * 1024
"""About how many bytes of lines go into one chunk. A line is at most one item or one record: about 1 MB."""


class ChunkRecord(NamedTuple):
    """What a manifest says of a chunk."""

    path: str  # relative to the manifest
    sha256: str  # of the stored bytes, hexadecimal
    lines: int
    bytes: int  # of the lines, newlines not counted
    stored: int  # bytes of the object


def pack(lines: Sequence[bytes]) -> bytes:
    """The lines, none of which holds a newline, as the bytes of an object. 10 ms for 4 MB: do it in a thread."""
    import zstandard  # 10 ms at the start of a server that may never need it

    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(b"\n".join(lines))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def describe(path: str, lines: Sequence[bytes], body: bytes) -> ChunkRecord:
    """What to remember of a chunk that `pack` made."""
    return ChunkRecord(path, sha256(body), len(lines), sum(map(len, lines)), len(body))


def unpack(body: bytes, sha256: str, path: str = "a chunk") -> list[bytes]:
    """The lines of an object. `path` is for the message. Raises Damaged."""
    import zstandard

    if hashlib.sha256(body).hexdigest() != sha256:
        raise Damaged(f"{path} is damaged: its bytes do not match their checksum")
    try:
        joined = zstandard.ZstdDecompressor().decompress(body)
    except zstandard.ZstdError as error:
        raise Damaged(f"{path} is damaged: {error}") from error
    return joined.split(b"\n") if joined else []
