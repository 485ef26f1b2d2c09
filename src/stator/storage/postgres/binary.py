"""Values as PostgreSQL's binary format has them: parameters of statements, arrays above all."""

from collections.abc import Sequence
from struct import Struct

_INT4, _INT8 = Struct("!i"), Struct("!q")
_HEADER = Struct("!iiIii")  # dimensions, whether there are nulls, element type, length, index of the first
_INT8_CELL, _INT4_CELL = Struct("!iq"), Struct("!ii")
_BYTEA, _INT8_TYPE, _INT4_TYPE = 17, 20, 23

int4 = _INT4.pack
int8 = _INT8.pack
unsigned = int.from_bytes  # big-endian, as the wire is: for numbers that are never negative


def signed(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def bytea_array(values: Sequence[bytes | None]) -> bytes:
    parts = [_HEADER.pack(1, 1, _BYTEA, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_INT4.pack(-1))
        else:
            parts.append(_INT4.pack(len(value)))
            parts.append(value)
    return b"".join(parts)


def int8_array(values: Sequence[int]) -> bytes:
    pack = _INT8_CELL.pack
    return _HEADER.pack(1, 0, _INT8_TYPE, len(values), 1) + b"".join([pack(8, value) for value in values])


def int4_array(values: Sequence[int]) -> bytes:
    pack = _INT4_CELL.pack
    return _HEADER.pack(1, 0, _INT4_TYPE, len(values), 1) + b"".join([pack(4, value) for value in values])
