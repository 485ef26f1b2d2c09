"""A chart of lines over time, for a terminal: eight dots to a character, a colour for each line."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a Braille character, from above
_BLANK = 0x2800


class Line(NamedTuple):
    name: str
    values: Sequence[float]
    colour: str


def draw(lines: Sequence[Line], seconds: int, width: int = 80, height: int = 16) -> Text:
    """All lines have as many values. Values that share a column of dots are shown by the least and the greatest."""
    highest = max((value for line in lines for value in line.values), default=0.0) or 1.0
    margin = max(len(_short(highest)), 4) + 1
    columns = max(10, width - margin)
    cells = [[(0, "")] * columns for _ in range(height)]
    for line in lines:
        _plot(cells, line, highest)
    drawn = Text()
    for number, row in enumerate(cells):
        label = _short(highest) if number == 0 else "0" if number == height - 1 else ""
        drawn.append(f"{label:>{margin - 1}} ")
        for dots, colour in row:
            drawn.append(chr(_BLANK + dots) if dots else " ", colour)
        drawn.append("\n")
    drawn.append(f"{'':{margin}}0{_clock(seconds):>{columns - 1}}\n{'':{margin}}")
    for line in lines:
        drawn.append(f"{chr(_BLANK + 0x12)}{chr(_BLANK + 0x24)} {line.name}   ", line.colour)
    return drawn


def _plot(cells: list[list[tuple[int, str]]], line: Line, highest: float) -> None:
    across, down = len(cells[0]) * 2, len(cells) * 4
    count = len(line.values)
    before: int | None = None
    for x in range(across):
        values = line.values[x * count // across : max(x * count // across + 1, (x + 1) * count // across)]
        if not values:
            continue
        rows = [round((1 - value / highest) * (down - 1)) for value in (max(values), min(values))]
        if before is not None:  # no gap where it jumps
            rows = [min(rows[0], before), max(rows[1], before)]
        before = round((1 - values[-1] / highest) * (down - 1))
        for y in range(rows[0], rows[1] + 1):
            dots, _ = cells[y // 4][x // 2]
            cells[y // 4][x // 2] = dots | _DOTS[y % 4][x % 2], line.colour


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _clock(seconds: int) -> str:
    if seconds < 600:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 36_000 else f"{seconds / 3600:.1f} h"
