import pytest

from stator.cli.complaint import Complaint
from stator.cli.moment import parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-21T14:30:00Z", 1795271400.0),
        ("2026-11-21 14:30:00", 1795271400.0),
        ("2026-11-21T15:30:00+01:00", 1795271400.0),
        ("2026-11-21T14:30", 1795271400.0),
        ("2026-11-21", 1795219200.0),
        ("20261121T143000Z", 1795271400.0),
        ("2026-11-21T14:30:00.250Z", 1795271400.25),
        ("1795271400", 1795271400.0),
        ("1795271400.5", 1795271400.5),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "14:30", "2026-13-01", "1.2.3", "\u0661"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(Complaint, match="is no time"):
        parse_time(text)
