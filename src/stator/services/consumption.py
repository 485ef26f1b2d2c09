"""What meters counted since somebody looked last, as points."""

import re
from collections.abc import Iterator
from typing import Final

from stator.metrics.meter import Meter, Meters
from stator.metrics.recorder import Sample
from stator.metrics.series import NAMESPACE, Point, Series

_READ_UNITS: Final = "ConsumedReadCapacityUnits"
_WRITE_UNITS: Final = "ConsumedWriteCapacityUnits"
_REASON: Final = re.compile("(?:Table|Index)(Read|Write)(.+?)(?:Exceeded)?$")


class Consumption:
    """Meters only grow; this keeps what it saw of each."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._seen: dict[int, _Seen] = {}

    def drain(self, time: float) -> list[Sample]:
        """All since the last drain, as points of `time`."""
        samples: list[Sample] = []
        seen, self._seen = self._seen, {}
        for meter in self._meters.all():
            before = seen.get(meter.space)
            if before is None or before.meter is not meter:
                before = _Seen(meter)
            self._seen[meter.space] = before
            samples += before.take(time)
        return samples


class _Seen:
    __slots__ = ("_dimensions", "_figures", "_throttled", "meter")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        index = () if meter.index is None else (("GlobalSecondaryIndexName", meter.index),)
        self._dimensions = (*index, ("TableName", meter.table))
        self._figures = dict.fromkeys(_figures(meter), 0.0)
        self._throttled: dict[str, int] = {}

    def take(self, time: float) -> Iterator[Sample]:
        meter = self.meter
        figures = _figures(meter)
        if figures == self._figures:  # every refusal with a reason is a throttle, too
            return
        differences = {name: value - self._figures[name] for name, value in figures.items()}
        for reason, number in meter.throttled.items():
            differences[metric_of(reason)] = number - self._throttled.get(reason, 0)
        self._figures, self._throttled = figures, dict(meter.throttled)
        for name, value in differences.items():
            if value:
                yield Sample(
                    meter.account,
                    meter.region,
                    Series(NAMESPACE, name, self._dimensions),
                    self._point(name, value, time),
                )

    def _point(self, name: str, value: float, time: float) -> Point:
        """A sample of consumed units is a single charge, one of throttles a refusal."""
        charges = None
        if name == _READ_UNITS:
            charges = self.meter.read_charges.take()
        elif name == _WRITE_UNITS:
            charges = self.meter.write_charges.take()
        if charges is None or not charges[0]:
            return Point(time, float(value), float(value), 1.0, 1.0)
        return Point(time, float(value), *charges)


def _figures(meter: Meter) -> dict[str, float]:
    return {
        _READ_UNITS: meter.read_units,
        _WRITE_UNITS: meter.write_units,
        "ReadThrottleEvents": meter.read_throttles,
        "WriteThrottleEvents": meter.write_throttles,
    }


def metric_of(reason: str) -> str:
    """The metric of a throttling reason, such as ReadKeyRangeThroughputThrottleEvents."""
    found = _REASON.match(reason)
    return f"{found[1]}{found[2]}ThrottleEvents" if found else reason
