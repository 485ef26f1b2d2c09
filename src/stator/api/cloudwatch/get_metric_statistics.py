"""GetMetricStatistics."""

import math
from typing import Any

from stator.api.call import Answer, Call
from stator.api.metric_window import window_of
from stator.api.registry import CLOUDWATCH, operation
from stator.api.wire_value import Moment, Table
from stator.errors import InvalidParameterCombinationException, InvalidParameterValueException
from stator.metrics.answer import unit_of
from stator.metrics.query import period_fault, series_of
from stator.metrics.statistic import statistic_of
from stator.validation.requests.cloudwatch import GET_METRIC_STATISTICS

_POINTS_MAX = 1440


@operation("GetMetricStatistics", GET_METRIC_STATISTICS, CLOUDWATCH)
async def get_metric_statistics(call: Call) -> Answer:
    request = call.request
    _check(request)
    window = window_of(call)
    period = request["Period"]
    series = series_of(request)
    span = window.span(period)
    points = await call.parts.series.read(call.account, call.region, series, span.start, span.end, period=period)
    unit = unit_of(series, request.get("Unit", "None"))
    if request.get("Unit", unit) != unit:
        points = []
    found = []
    for point in points:
        told: dict[str, Any] = {"Timestamp": Moment(point.time)}
        for name in request.get("Statistics", ()):
            told[name] = _value(name, point)
        extended = {name: _value(name, point) for name in request.get("ExtendedStatistics", ())}
        known = {name: value for name, value in extended.items() if value is not None}
        if known:
            told["ExtendedStatistics"] = Table(known)
        if len(told) > 1:
            found.append(told | {"Unit": unit})
    return {"Label": series.name, "Datapoints": found}


def _check(request: dict[str, Any]) -> None:
    if "Statistics" not in request and "ExtendedStatistics" not in request:
        raise InvalidParameterCombinationException(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        )
    for name in request.get("ExtendedStatistics", ()):
        if statistic_of(name) is None:
            raise InvalidParameterValueException(f"The value {name} for parameter ExtendedStatistics is not supported.")
    start, end, period = request["StartTime"], request["EndTime"], request["Period"]
    if start >= end:
        raise InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
    if fault := period_fault(period, "Period"):
        raise InvalidParameterValueException(fault)
    wanted = math.ceil(min((end - start) / period, 1e15))
    if wanted > _POINTS_MAX:
        raise InvalidParameterCombinationException(
            f"You have requested up to {wanted} datapoints, which exceeds the limit of {_POINTS_MAX}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range."
        )


def _value(name: str, point: Any) -> float | None:
    statistic = statistic_of(name)
    return None if statistic is None else statistic(point)
