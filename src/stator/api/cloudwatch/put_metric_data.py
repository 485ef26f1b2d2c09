"""PutMetricData."""

import math
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    LimitExceededFault,
    MissingRequiredParameterException,
)
from stator.metrics.custom import SERIES_MAX, Given, TooManySeriesError
from stator.metrics.query import series_of
from stator.metrics.series import OWN_NAMESPACE, Point, bucket
from stator.validation.requests.cloudwatch import PUT_METRIC_DATA

_DATA_MAX = 1000
_VALUES_MAX = 150
_PAST_SECONDS = 14 * 86_400
_FUTURE_SECONDS = 2 * 3600
_LARGEST = 2.0**360  # the service's bound


@operation("PutMetricData", PUT_METRIC_DATA, CLOUDWATCH)
async def put_metric_data(call: Call) -> Answer:
    request = call.request
    namespace = request["Namespace"]
    if namespace.startswith("AWS/") or namespace == OWN_NAMESPACE:
        raise InvalidParameterValueException(f"The value {namespace} for parameter Namespace is invalid.")
    if "EntityMetricData" in request:
        raise InvalidParameterValueException("The parameter EntityMetricData is not supported.")
    data = request.get("MetricData", ())
    if not data:
        raise MissingRequiredParameterException("The parameter MetricData is required.")
    if len(data) > _DATA_MAX:
        raise InvalidParameterValueException(
            f"The collection MetricData must not have a size greater than {_DATA_MAX}."
        )
    now = call.parts.clock()
    given = [_given(namespace, datum, f"MetricData.member.{number}", now) for number, datum in enumerate(data, 1)]
    try:
        await call.parts.custom.keep(call.account, call.region, given)
    except TooManySeriesError:
        raise LimitExceededFault(f"There are {SERIES_MAX} metrics already.") from None
    return b""


def _given(namespace: str, datum: dict[str, Any], where: str, now: float) -> Given:
    time = datum.get("Timestamp", now)
    if not -_PAST_SECONDS <= time - now <= _FUTURE_SECONDS:
        raise InvalidParameterValueException(
            f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past and two hours in "
            "the future."
        )
    kinds = [kind for kind in ("Value", "Values", "StatisticValues") if kind in datum]
    if len(kinds) > 1:
        both = f"{where}.{kinds[0]} and {where}.{kinds[1]}"
        raise InvalidParameterCombinationException(
            f"The parameters {both} are mutually exclusive and you have specified both."
        )
    if not kinds:
        raise MissingRequiredParameterException(
            f"One of the parameters {where}.Value, {where}.Values and {where}.StatisticValues must be specified."
        )
    if datum.get("StorageResolution", 60) not in (1, 60):
        raise InvalidParameterValueException(f"The parameter {where}.StorageResolution must be 1 or 60.")
    series = series_of({"Namespace": namespace, **datum})
    if kinds == ["StatisticValues"]:
        return Given(series, _summed(datum["StatisticValues"], time, where))
    values = [datum["Value"]] if kinds == ["Value"] else datum["Values"]
    return Given(series, _counted(values, datum.get("Counts"), time, where))


def _summed(told: dict[str, float], time: float, where: str) -> Point:
    for member, value in told.items():
        _check_number(value, f"{where}.StatisticValues.{member}")
    count, least, most = told["SampleCount"], told["Minimum"], told["Maximum"]
    if count <= 0 or least > most:
        raise InvalidParameterValueException(f"The value of the parameter {where}.StatisticValues is invalid.")
    return Point(time, told["Sum"], count, least, most)


def _counted(values: list[float], counts: list[float] | None, time: float, where: str) -> Point:
    if counts is None:
        counts = [1.0] * len(values)
    if len(counts) != len(values):
        raise InvalidParameterValueException(
            f"The parameters {where}.Values and {where}.Counts must be of the same size."
        )
    if not 1 <= len(values) <= _VALUES_MAX:
        raise InvalidParameterValueException(
            f"The collection {where}.Values must not have a size less than 1 or greater than {_VALUES_MAX}."
        )
    for value, count in zip(values, counts, strict=True):
        _check_number(value, f"{where}.Value")
        _check_number(count, f"{where}.Counts")
        if count <= 0:
            raise InvalidParameterValueException(f"The value {count} for parameter {where}.Counts is invalid.")
    histogram: dict[int, int] | None = None
    if min(values) >= 0:  # percentiles are not there for negative values, as with the service
        histogram = {}
        for value, count in zip(values, counts, strict=True):
            histogram[bucket(value)] = histogram.get(bucket(value), 0) + max(1, round(count))
    total = math.fsum(value * count for value, count in zip(values, counts, strict=True))
    return Point(time, total, math.fsum(counts), min(values), max(values), histogram)


def _check_number(value: float, where: str) -> None:
    if not abs(value) <= _LARGEST:  # refuses NaN, too
        raise InvalidParameterValueException(f"The value {value} for parameter {where} is invalid.")
