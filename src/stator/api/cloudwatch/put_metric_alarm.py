"""PutMetricAlarm."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import InvalidParameterValueException, LimitExceededFault, ValidationException
from stator.metrics.alarm import Alarm
from stator.metrics.alarm_state import COMPARISONS, MISSING_DATA
from stator.metrics.alarms import ALARMS_MAX, TooManyAlarmsError
from stator.metrics.math.evaluate import searches
from stator.metrics.query import QueryError, queries_of, series_of
from stator.metrics.statistic import statistic_of
from stator.validation.requests.cloudwatch import PUT_METRIC_ALARM

_DAY = 86_400
_WEEK = 7 * _DAY
_SECONDS_KEPT = 3600  # of metrics at a resolution below a minute
_QUERIES_MAX = 20
_TAGS_MAX = 50
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit")
_UNSUPPORTED = (
    "ThresholdMetricId",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
)
_LOW_SAMPLES = ("evaluate", "ignore")


@operation("PutMetricAlarm", PUT_METRIC_ALARM, CLOUDWATCH)
async def put_metric_alarm(call: Call) -> Answer:
    request = call.request
    _check_supported(request)
    for member in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if member not in request:
            raise ValidationException(f"{member} must not be null")
    watched = _queries(request) if "Metrics" in request else _metric(request)
    _check_evaluation(request, watched["longest"])
    actions = {member: _actions(call, member) for member in ("OKActions", "AlarmActions", "InsufficientDataActions")}
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
    if len(tags) > _TAGS_MAX:
        raise ValidationException(f"An alarm has at most {_TAGS_MAX} tags.")
    alarm = Alarm(
        account=call.account,
        region=call.region,
        name=request["AlarmName"],
        description=request.get("AlarmDescription"),
        actions_enabled=request.get("ActionsEnabled", True),
        ok_actions=actions["OKActions"],
        alarm_actions=actions["AlarmActions"],
        missing_actions=actions["InsufficientDataActions"],
        comparison=request["ComparisonOperator"],
        threshold=request["Threshold"],
        evaluation_periods=request["EvaluationPeriods"],
        datapoints_to_alarm=request.get("DatapointsToAlarm"),
        missing_data=request.get("TreatMissingData"),
        low_samples=request.get("EvaluateLowSampleCountPercentile"),
        tags=tuple(tags.items()),
        **watched["members"],
    )
    try:
        await call.parts.alarms.put(alarm)
    except TooManyAlarmsError:
        raise LimitExceededFault(f"The maximum limit of {ALARMS_MAX} alarms has been reached.") from None
    return b""


def _check_supported(request: dict[str, Any]) -> None:
    """What would be kept and never acted on is refused."""
    unsupported = [member for member in _UNSUPPORTED if member in request]
    if "WallClockWindow" in request.get("EvaluationWindow", {}):
        unsupported.append("EvaluationWindow.WallClockWindow")
    if unsupported:
        raise ValidationException(f"{unsupported[0]} is not supported.")
    if request.get("ComparisonOperator", "GreaterThanThreshold") not in COMPARISONS:
        raise ValidationException(f"{request['ComparisonOperator']} is not supported: it needs an anomaly detector.")


def _metric(request: dict[str, Any]) -> dict[str, Any]:
    """What an alarm on one metric watches."""
    for member in ("MetricName", "Namespace", "Period"):
        if member not in request:
            raise ValidationException(f"{member} must not be null")
    statistic, extended = request.get("Statistic"), request.get("ExtendedStatistic")
    if (statistic is None) == (extended is None):
        raise ValidationException("Exactly one of Statistic and ExtendedStatistic must be specified.")
    if extended is not None and statistic_of(extended) is None:
        raise InvalidParameterValueException(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    period = request["Period"]
    if period not in (10, 20, 30) and period % 60:
        raise ValidationException("Period must be 10, 20, 30 or a multiple of 60")
    members = {
        "series": series_of(request),
        "statistic": statistic or extended,
        "period": period,
        "unit": request.get("Unit"),
    }
    return {"longest": period, "members": members}


def _queries(request: dict[str, Any]) -> dict[str, Any]:
    """What an alarm on metric math watches."""
    for member in _OF_ONE_METRIC:
        if request.get(member):
            raise ValidationException(f"{member} should not be set if list of Metrics is set")
    wire = request["Metrics"]
    if len(wire) > _QUERIES_MAX:
        raise ValidationException(f"The collection Metrics must not have a size greater than {_QUERIES_MAX}.")
    try:
        queries = queries_of(wire, "Metrics")
    except QueryError as fault:
        raise ValidationException(str(fault)) from None
    if sum(query.returns for query in queries) != 1:
        raise ValidationException("Exactly one element of the metrics list should return data.")
    if any(query.tree is not None and searches(query.tree, 60) for query in queries):
        raise ValidationException("SEARCH is not supported on Metric Alarms.")
    longest = max(query.period for query in queries)
    if not longest:
        raise ValidationException("Period must not be null")
    return {"longest": longest, "members": {"queries": tuple(wire)}}


def _check_evaluation(request: dict[str, Any], period: int) -> None:
    wanted = request["EvaluationPeriods"]
    if request.get("DatapointsToAlarm", 1) > wanted:
        raise ValidationException("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    _check_option(request, "TreatMissingData", MISSING_DATA)
    _check_option(request, "EvaluateLowSampleCountPercentile", _LOW_SAMPLES)
    if period < 60 and period * wanted > _SECONDS_KEPT:
        raise ValidationException(
            "Metrics cannot be checked across more than an hour with a Period below 60 "
            f"(EvaluationPeriods * Period must be <= {_SECONDS_KEPT})."
        )
    if period < 3600 and period * wanted > _DAY:
        raise ValidationException(
            f"Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= {_DAY})."
        )
    if period * wanted > _WEEK:
        raise ValidationException(
            f"Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= {_WEEK})."
        )


def _check_option(request: dict[str, Any], member: str, options: tuple[str, ...]) -> None:
    option = request.get(member)
    if option is not None and option not in options:
        listed = f"{', '.join(options[:-1])} and {options[-1]}"
        raise ValidationException(
            f"Option {option} is not supported. Supported options for parameter {member} are {listed}."
        )


def _actions(call: Call, member: str) -> tuple[str, ...]:
    actions = tuple(dict.fromkeys(call.request.get(member, ())))
    for action in actions:
        fault = call.parts.alarms.actions.fault(action)
        if fault is not None:
            raise ValidationException(fault)
    return actions
