"""What a listing says of an object."""

from typing import NamedTuple


class Found(NamedTuple):
    path: str
    size: int  # bytes
    modified: float  # seconds since the epoch
