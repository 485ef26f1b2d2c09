"""How far a command is: a bar with rate and estimate on a terminal, nothing elsewhere, one line at the end."""

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from stator.cli.bar import Bar


class Progress:
    """A stretch of work; any thread may advance it. `total` is None where nobody knows what there is to do."""

    def __init__(self, text: str, total: int | None = None, *, unit: str = "items") -> None:
        self.text = text
        self.total = total
        self.unit = unit
        self.count = 0
        self.bytes = 0
        self._resumed = 0  # what was done in an earlier run says nothing about the rate of this one
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if sys.stderr.isatty():
            from stator.cli.bar import Bar  # only here, since rich takes 80 ms to load

            self._bar = Bar(self.text, self.total, self.unit)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def resume(self, count: int) -> None:
        """What an earlier run did already."""
        self._resumed += count
        self.advance(count)

    def advance(self, count: int, size: int = 0) -> None:
        with self._lock:
            self.count += count
            self.bytes += size
            if self._bar is not None:
                self._bar.show(self.count, self.bytes, self.rate())

    def rate(self) -> float:
        """A second, in this run."""
        return (self.count - self._resumed) / max(time.monotonic() - self._began, 1e-6)

    def summary(self) -> str:
        """`1,000,000 items, 512.0 MB in 1 min 23 s (12,048 a second)`."""
        seconds = time.monotonic() - self._began
        size = f", {megabytes(self.bytes)}" if self.bytes else ""
        rate = f" ({self.rate():,.0f} a second)" if self.count > self._resumed and seconds >= 0.1 else ""
        return f"{counted(self.count, self.unit)}{size} in {duration(seconds)}{rate}"


def counted(count: int, things: str) -> str:
    """`1 item`, `2,000 items`."""
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"


def duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
