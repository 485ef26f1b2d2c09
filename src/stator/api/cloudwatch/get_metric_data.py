"""GetMetricData."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any, NamedTuple

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.metric_window import places_of, token_of, window_of
from stator.api.registry import CLOUDWATCH, operation
from stator.api.wire_value import Moment
from stator.errors import InvalidNextToken, ValidationException
from stator.metrics.answer import Source, Window, answer
from stator.metrics.label import Labeller, distinguishing, is_dynamic, timezone_of
from stator.metrics.math.line import Line, Value
from stator.metrics.query import QUERIES_MAX, Query, QueryError, queries_of
from stator.validation.requests.cloudwatch import GET_METRIC_DATA

_POINTS_MAX = 100_800


class _Result(NamedTuple):
    id: str
    label: str
    points: list[tuple[float, float]]


@operation("GetMetricData", GET_METRIC_DATA, CLOUDWATCH)
async def get_metric_data(call: Call) -> Answer:
    request = call.request
    wire = request["MetricDataQueries"]
    if len(wire) > QUERIES_MAX:
        raise ValidationException(f"The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}.")
    if request["StartTime"] == request["EndTime"]:
        raise ValidationException("The parameter StartTime must not equal parameter EndTime.")
    if request["StartTime"] > request["EndTime"]:
        raise ValidationException("The parameter EndTime must be greater than StartTime.")
    most = request.get("MaxDatapoints", _POINTS_MAX)
    if not 1 <= most <= _POINTS_MAX:
        raise ValidationException(f"The parameter MaxDatapoints must be between 1 and {_POINTS_MAX}, but is {most}.")
    window = window_of(call)
    labeller = _labeller(call)
    try:
        queries = queries_of(wire)
        values = await answer(queries, Source(call.parts.series, call.account, call.region), window)
    except QueryError as fault:
        raise ValidationException(str(fault)) from None
    newest = request.get("ScanBy") != "TimestampAscending"
    results = [
        _Result(query.id, label, sorted(line.points.items(), reverse=newest))
        for query in queries
        if query.returns and query.account in (None, call.account)
        for label, line in _labelled(query, values[query.id], window, labeller)
    ]
    return _page(results, most, request.get("NextToken"), newest=newest)


def _labeller(call: Call) -> Labeller:
    zone = call.request.get("LabelOptions", {}).get("Timezone")
    offset = UTC if zone is None else timezone_of(zone)
    if offset is None:
        raise ValidationException(
            f"The value {zone} for parameter LabelOptions.Timezone is not matching the expected pattern [+-]hhmm."
        )
    return Labeller(call.account, call.region, call.parts.clock(), offset)


def _labelled(query: Query, value: Value, window: Window, labeller: Labeller) -> list[tuple[str, Line]]:
    """The lines that a query comes to, each with its label. A number is the same at all times."""
    if isinstance(value, float):
        span = window.span(query.period or 60)
        value = Line(dict.fromkeys(span.times(), value), span.period)
    if isinstance(value, Line):
        default = query.id if query.stat is None or value.series is None else value.series.name
        line = replace(value, label=default)
        return [(default if query.label is None else labeller.fill(query.label, line), line)]
    labels = [line.label for line in value]
    if len(set(labels)) < len(labels):
        labels = distinguishing(value)
    found = []
    for line in (replace(each, label=told) for each, told in zip(value, labels, strict=True)):
        if query.label is None:
            label = f"{query.id} {line.label}".strip()
        elif is_dynamic(query.label):
            label = labeller.fill(query.label, line)
        else:
            label = f"{query.label} {line.label}".strip()
        found.append((label, line))
    return found


def _page(results: Sequence[_Result], most: int, token: str | None, *, newest: bool) -> dict[str, Any]:
    """As many points as fit, from the one on at which the page before ended."""
    first, last = _place(token)
    found: list[dict[str, Any]] = []
    answered: dict[str, Any] = {"MetricDataResults": found, "Messages": []}
    for number, result in enumerate(results[first:], first):
        points = result.points
        if number == first and last is not None:
            points = [each for each in points if (each[0] < last if newest else each[0] > last)]
        cut = len(points) > most
        points = points[:most]
        most -= len(points)
        found.append(
            {
                "Id": result.id,
                "Label": result.label,
                "Timestamps": [Moment(time) for time, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "PartialData" if cut else "Complete",
            }
        )
        if cut:
            answered["NextToken"] = token_of(number, points[-1][0])
            break
        if most == 0 and number + 1 < len(results):
            answered["NextToken"] = token_of(number + 1, None)
            break
    return answered


def _place(token: str | None) -> tuple[int, float | None]:
    """Which result to begin with, and after which of its points."""
    if token is None:
        return 0, None
    places = places_of(token)
    if places is None or len(places) != 2:
        raise InvalidNextToken
    number, last = places
    if type(number) is not int or number < 0 or not (last is None or type(last) in (int, float)):
        raise InvalidNextToken
    return number, last
