"""Lines as one object: compressed with zstd, and a SHA-256 of the bytes as they are stored.

The checksum is of the stored bytes, so that damage is found without decompressing what may be made to harm.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from stator.archive.places.failure import Damaged

LEVEL = 3
CHUNK_BYTES = 4 * 1024 * 1024
"""About how many bytes of lines go into one chunk. A line is at most one item or one record: about 1 MB."""

# Other threads, the loop's among them, get no turn inside one call: splitting 4 MB at once holds them up for 5 ms.
_LINES_AT_ONCE = 1_000
_BYTES_AT_ONCE = 256 * 1024


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

    pieces = [b"\n".join(lines[first : first + _LINES_AT_ONCE]) for first in range(0, len(lines), _LINES_AT_ONCE)]
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(b"\n".join(pieces))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def describe(path: str, lines: Sequence[bytes], body: bytes) -> ChunkRecord:
    """What to remember of a chunk that `pack` made."""
    return ChunkRecord(path, sha256(body), len(lines), sum(len(line) for line in lines), len(body))


def unpack(body: bytes, sha256: str, path: str = "a chunk") -> list[bytes]:
    """The lines of an object. `path` is for the message. Raises Damaged."""
    import zstandard

    if hashlib.sha256(body).hexdigest() != sha256:
        raise Damaged(f"{path} is damaged: its bytes do not match their checksum")
    try:
        joined = zstandard.ZstdDecompressor().decompress(body)
    except zstandard.ZstdError as error:
        raise Damaged(f"{path} is damaged: {error}") from error
    return _split(joined)


def _split(joined: bytes) -> list[bytes]:
    lines: list[bytes] = []
    start, length = 0, len(joined)
    while start < length:
        end = joined.find(b"\n", start + _BYTES_AT_ONCE)
        end = length if end < 0 else end
        lines += joined[start:end].split(b"\n")
        start = end + 1
    return lines
