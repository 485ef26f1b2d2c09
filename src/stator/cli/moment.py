"""A time as people type it on the command line."""

from datetime import UTC, datetime

from stator.cli.complaint import Complaint


def parse_time(text: str) -> float:
    """Seconds since the epoch: ISO 8601, UTC unless it says otherwise, or a number of seconds. Raises Complaint."""
    try:
        if text.isascii() and text.replace(".", "", 1).isdecimal():
            return float(text)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Complaint(
            f"{text} is no time. Write it as 2026-11-21T14:30:00Z, 2026-11-21T15:30:00+01:00 or in seconds since 1970."
        ) from None
