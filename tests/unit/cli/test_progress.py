"""What is said of how far a command is."""

import io
import sys

import pytest

from stator.cli.progress import Progress, duration, megabytes


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (3599.6, "1 h 0 min"), (90_000, "25 h 0 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_sizes() -> None:
    assert [megabytes(size) for size in (0, 1234, 123_456, 9_876_543_210)] == [
        "0.0 kB",
        "1.2 kB",
        "0.1 MB",
        "9,876.5 MB",
    ]


def test_a_summary_counts_all_and_its_rate_only_this_run(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("music", 10) as progress:
        progress.resume(1_000_000)
        assert progress.rate() == 0
        progress.advance(2, 300_000)
        assert 0 < progress.rate() < 1_000_000
        assert progress.summary().startswith("1,000,002 items, 0.3 MB in 0.")
    assert capsys.readouterr() == ("", "")  # no terminal, no bar
    with Progress("music", 1) as progress:
        progress.advance(1, 0)
        assert progress.summary().startswith("1 item in 0.")


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    with Progress("[music]", 3) as progress:
        progress.advance(2, 2_000_000)
    assert "[music]" in screen.getvalue()  # no mark-up
    assert "2/3 items" in screen.getvalue()
    screen.truncate(0)
    with Progress("music", 3) as progress:
        progress.advance(5)  # a service's count of items may be hours old
    assert "5 items" in screen.getvalue()
    assert "5/3" not in screen.getvalue()
