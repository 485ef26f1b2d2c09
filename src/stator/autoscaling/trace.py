"""A load over time, as a file has it: a line for each time at which it changes. Pure.

`SECONDS,UNITS` or `2026-11-21T14:30:00,UNITS`, where UNITS are asked for each second from then on. A first line that
says no number is a header. Lines that begin with `#` are passed over.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Final, NamedTuple

SECONDS_MAX: Final = 31 * 86_400
START: Final = 1_750_032_000
"""When a trace begins that says no time: at a midnight, in UTC."""


class TraceFault(ValueError):
    """A trace that is none: half a sentence with the line's number."""


class Trace(NamedTuple):
    start: int  # seconds since the epoch
    demand: list[float]  # units a second, second by second


def _cut(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:20]}..."


def _rows(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(StringIO(text))
    except csv.Error as error:  # a cell without an end
        raise TraceFault(f"it is no CSV: {error}") from error


def parse_trace(text: str) -> Trace:
    """The load lasts for as long after the last line as the one before it did, a minute at least."""
    points: list[tuple[float, float]] = []
    dated = False
    for number, row in enumerate(_rows(text), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if len(cells) < 2:
            raise TraceFault(f"line {number} has no time and units with a comma between them")
        time, units = _time(cells[0]), _number(cells[1])
        if time is None or units is None or not 0 <= units < 1e12:
            if not points and time is None and units is None:
                continue  # a header
            raise TraceFault(f"line {number} says {_cut(cells[0])},{_cut(cells[1])}, which is no time and units")
        dated = dated or _number(cells[0]) is None
        if points and time <= points[-1][0]:
            raise TraceFault(f"line {number} comes before the line above it")
        if not points and not dated and time < 0:
            raise TraceFault(f"line {number} is before the beginning")
        points.append((time, units))
    if not points:
        raise TraceFault("it holds no load")
    return _seconds(points, dated=dated)


def _seconds(points: list[tuple[float, float]], *, dated: bool) -> Trace:
    first = points[0][0] if dated else 0.0
    last = max(60.0, points[-1][0] - points[-2][0]) if len(points) > 1 else 60.0
    end = points[-1][0] + last
    if end - first > SECONDS_MAX:
        raise TraceFault(f"it is longer than {SECONDS_MAX // 86_400} days")
    demand: list[float] = []
    for (time, units), following in zip(points, [*(time for time, _ in points[1:]), end], strict=True):
        demand += [0.0] * (round(time - first) - len(demand))  # what comes before the first line
        demand += [units] * (round(following - first) - len(demand))
    return Trace(int(first) if dated else START, demand)


def _time(text: str) -> float | None:
    number = _number(text)
    if number is not None:
        return number
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None
