"""Segments cut the hashes into contiguous pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.items.segment import check_segment, segment_bounds, stretch
from stator.storage.store import Position


@given(st.integers(1, 1_000_000), st.data())
def test_neighbours_meet_and_the_ends_are_open(segments: int, data: st.DataObject) -> None:
    assert segment_bounds(0, segments)[0] == b""
    assert segment_bounds(segments - 1, segments)[1] is None
    if segments > 1:
        before = data.draw(st.integers(0, segments - 2))
        assert segment_bounds(before, segments)[1] == segment_bounds(before + 1, segments)[0]


@given(st.integers(1, 1000), st.binary(min_size=8, max_size=12))
def test_every_partition_is_in_exactly_one_segment(segments: int, partition: bytes) -> None:
    homes = [
        segment
        for segment in range(segments)
        for lower, upper in [segment_bounds(segment, segments)]
        if lower <= partition and (upper is None or partition < upper)
    ]
    assert len(homes) == 1


@given(st.integers(2, 1_000_000))
def test_segments_are_of_equal_size(segments: int) -> None:
    first, second = segment_bounds(0, segments)[1], segment_bounds(1, segments)[1] or b"\xff" * 8
    assert first is not None
    one, two = int.from_bytes(first, "big"), int.from_bytes(second, "big")
    assert abs(two - 2 * one) <= 1


@pytest.mark.parametrize("given_ones", [(None, None), (0, 1), (3, 4), (999_999, 1_000_000)])
def test_good_segments(given_ones: tuple[int | None, int | None]) -> None:
    check_segment(*given_ones)


@pytest.mark.parametrize(
    ("segment", "segments", "text"),
    [
        (
            1,
            None,
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        ),
        (
            None,
            1,
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            5,
            5,
            (
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
                "Segment: 5 is not less than TotalSegments: 5"
            ),
        ),
    ],
)
def test_bad_segments(segment: int | None, segments: int | None, text: str) -> None:
    with pytest.raises(ValidationException) as refused:
        check_segment(segment, segments)
    assert refused.value.message == text


def test_a_start_inside_the_segment() -> None:
    lower, upper = segment_bounds(1, 2)
    after = Position(b"\x80" + bytes(7), b"s")
    assert stretch(7, (lower, upper), after, (1, 2)) == (7, lower, upper, after)
    assert stretch(7, (lower, upper), None, (1, 2)) == (7, lower, upper, None)


@pytest.mark.parametrize(("segment", "first_byte"), [(0, 0x80), (1, 0x7F)])
def test_a_start_of_another_segment(segment: int, first_byte: int) -> None:
    after = Position(bytes((first_byte, *([0xFF] * 7))), b"")
    with pytest.raises(ValidationException, match=f"with correct Segment. TotalSegments: 2 Segment: {segment}$"):
        stretch(7, segment_bounds(segment, 2), after, (segment, 2))
