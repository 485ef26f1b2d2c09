"""Labels of results: those that tell lines apart, and those with figures of the line in them. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from stator.metrics.math.line import Line
from stator.metrics.series import Series

_DYNAMIC = re.compile(r"\$\{(?:PROP\('([^']*)'\)|([A-Z_]+))\}")
_TIMEZONE = re.compile(r"([+-])(\d\d)(\d\d)")
LENGTH_MAX: Final = 4096


def distinguishing(lines: Sequence[Line]) -> list[str]:
    """For each what tells it from the others: the metric's name, the values of dimensions, the statistic."""
    parts = [_parts(line) for line in lines]
    if len(parts) < 2:
        return [line.series.name if line.series else line.label for line in lines]
    names = sorted({name for each in parts for name in each}, key=lambda name: (name == "MetricName", name))
    differing = [name for name in names if len({each.get(name) for each in parts}) > 1]
    return [" ".join(each[name] for name in differing if name in each) or each["MetricName"] for each in parts]


def _parts(line: Line) -> dict[str, str]:
    series = line.series or Series("", line.label, ())
    return {"MetricName": series.name, **{f"Dim.{name}": value for name, value in series.dimensions}}


def timezone_of(text: str) -> timezone | None:
    """From `+hhmm` or `-hhmm`; None for anything else."""
    found = _TIMEZONE.fullmatch(text)
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def is_dynamic(label: str) -> bool:
    return _DYNAMIC.search(label) is not None


class Labeller:
    """Fills labels in. `account` and `region` are what ${PROP('AccountId')} and ${PROP('Region')} say."""

    def __init__(self, account: str, region: str, now: float, zone: timezone = UTC) -> None:
        self._account, self._region, self._now, self._zone = account, region, now, zone

    def fill(self, label: str, line: Line) -> str:
        def told(match: re.Match[str]) -> str:
            if match[1] is not None:
                return self._property(match[1], line)
            figure = _FIGURES.get(match[2])
            if figure is not None:
                return _number(figure(list(line.points.values()))) if line.points else ""
            return self._time(match[2], line)

        return _DYNAMIC.sub(told, label)[:LENGTH_MAX]

    def _property(self, name: str, line: Line) -> str:
        series = line.series or Series("", "", ())
        if name.startswith("Dim."):
            return dict(series.dimensions).get(name.removeprefix("Dim."), "")
        return {
            "AccountId": self._account,
            "AccountLabel": self._account,
            "MetricName": series.name,
            "Namespace": series.namespace,
            "Period": str(line.period),
            "Region": self._region,
            "Stat": line.statistic,
        }.get(name, "")

    def _time(self, name: str, line: Line) -> str:
        if name == "LABEL":
            return line.label
        values = list(line.points.values())
        if not values:
            return ""
        times = list(line.points)
        if name == "FIRST_LAST_RANGE":
            return f"{_number(values[0])} - {_number(values[-1])}"
        if name == "MIN_MAX_RANGE":
            return f"{_number(min(values))} - {_number(max(values))}"
        places = {"FIRST": 0, "LAST": -1, "MIN": values.index(min(values)), "MAX": values.index(max(values))}
        ranges = {"FIRST_LAST_TIME_RANGE": ("FIRST", "LAST"), "MIN_MAX_TIME_RANGE": ("MIN", "MAX")}
        if name in ranges:
            begin, end = (self._moment(times[places[each]]) for each in ranges[name])
            return f"{begin} - {end}"
        which, _, kind = name.partition("_")
        if which in places and kind == "TIME":
            return self._moment(times[places[which]])
        if which in places and kind == "TIME_RELATIVE":
            return _relative(self._now - times[places[which]])
        return f"${{{name}}}"

    def _moment(self, time: float) -> str:
        return datetime.fromtimestamp(time, self._zone).strftime("%Y-%m-%d %H:%M:%S %Z")


_FIGURES: Final[dict[str, Callable[[list[float]], float]]] = {
    "AVG": lambda values: sum(values) / len(values),
    "DATAPOINT_COUNT": lambda values: float(len(values)),
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _relative(seconds: float) -> str:
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            many = int(seconds // unit)
            return f"{many} {name}{'s' if many > 1 else ''} ago"
    return "just now"
