"""Segments of a parallel scan: contiguous ranges of the partition hash, so any number of them covers a table once."""

from stator.errors import ValidationException
from stator.items.read import Stretch
from stator.storage.store import Position

_HASHES = 1 << 64

Bounds = tuple[bytes, bytes | None]


def check_segment(segment: int | None, segments: int | None) -> None:
    """Both or neither, and the one below the other."""
    if segment is not None and segments is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request "
            "when Segment parameter is present"
        )
    if segments is not None and segment is None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present"
        )
    if segment is not None and segments is not None and segment >= segments:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {segments}"
        )


def segment_bounds(segment: int, segments: int) -> Bounds:
    """The partitions of a segment: from the first, inclusive, to the second, exclusive; None is the end."""
    lower = _HASHES * segment // segments
    upper = _HASHES * (segment + 1) // segments
    return lower.to_bytes(8, "big") if lower else b"", None if upper == _HASHES else upper.to_bytes(8, "big")


def stretch(space: int, bounds: Bounds, after: Position | None, named: tuple[int | None, int | None]) -> Stretch:
    """What to scan. `named` is the segment and the number of segments as the request gave them, for the complaint about
    a starting key of another segment."""
    lower, upper = bounds
    if after is not None and (after.partition < lower or (upper is not None and after.partition >= upper)):
        raise ValidationException(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            f"correct Segment. TotalSegments: {named[1]} Segment: {named[0]}"
        )
    return Stretch(space, lower, upper, after)
