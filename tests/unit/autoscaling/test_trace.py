"""Loads as files have them."""

import pytest

from stator.autoscaling.trace import START, TraceFault, parse_trace


def test_seconds_and_units() -> None:
    trace = parse_trace("seconds,units\n0,5\n3, 7.5\n\n# a note\n4,0\n")
    assert trace.start == START
    assert trace.demand == [5.0] * 3 + [7.5] + [0.0] * 60


def test_a_load_begins_with_its_first_line() -> None:
    assert parse_trace("2,5\n").demand == [0.0] * 2 + [5.0] * 60


def test_the_last_line_lasts_as_long_as_the_one_before() -> None:
    assert len(parse_trace("0,1\n300,2\n").demand) == 600


def test_times() -> None:
    trace = parse_trace("time,units\n2026-11-21T14:00:00,1\n2026-11-21T14:01:00+00:00,2\n2026-11-21 14:01:30Z,3\n")
    assert trace.start == 1_795_269_600
    assert trace.demand == [1.0] * 60 + [2.0] * 30 + [3.0] * 60


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "holds no load"),
        ("seconds,units\n", "holds no load"),
        ("0\n", "line 1 has no time and units"),
        ("0,1\nlater,2\n", "line 2 says later,2"),
        ("0,many\n", "line 1 says 0,many"),
        ("0,-1\n", "line 1 says"),
        ("0,nan\n", "line 1 says"),
        ("0,inf\n", "line 1 says"),
        ("-5,1\n", "before the beginning"),
        ("5,1\n5,2\n", "line 2 comes before"),
        ("0,1\n9999999,2\n", "longer than 31 days"),
        ("0,1\r60,2\n", "is no CSV"),
        ("0," + "1" * 100_000, r"line 1 says 0,1{20}\.\.\."),
    ],
)
def test_what_is_no_trace(text: str, part: str) -> None:
    with pytest.raises(TraceFault, match=part):
        parse_trace(text)
