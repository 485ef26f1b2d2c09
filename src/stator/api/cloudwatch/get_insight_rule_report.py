"""GetInsightRuleReport: the keys of a table or index that were used or refused most."""

from typing import Any, Final

from stator.api.call import Answer, Call
from stator.api.insight_rules import Rule, rules_of
from stator.api.metric_window import window_of
from stator.api.registry import CLOUDWATCH, operation
from stator.api.wire_value import Moment
from stator.errors import InvalidParameterValueException, ResourceNotFoundException
from stator.metrics.insight_report import MAXIMUM, SUM, Contributor, Period, report
from stator.validation.requests.insight_rules import GET_INSIGHT_RULE_REPORT

_COUNT: Final = 10
_COUNT_MAX: Final = 25  # the service's limit for rules of DynamoDB; others may have 100
_MINUTE: Final = 60
_PERIODS_MAX: Final = 1440
_METRICS: Final = (
    "UniqueContributors",
    "MaxContributorValue",
    "SampleCount",
    "Sum",
    "Minimum",
    "Maximum",
    "Average",
)


@operation("GetInsightRuleReport", GET_INSIGHT_RULE_REPORT, CLOUDWATCH)
async def get_insight_rule_report(call: Call) -> Answer:
    request = call.request
    metrics = _checked_metrics(request)
    count, order = _checked_count(request), request.get("OrderBy", SUM)
    if order not in (SUM, MAXIMUM):
        raise _fault("OrderBy", order)
    window, period = window_of(call), request["Period"]
    if window.start >= window.end:
        raise InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
    if period % _MINUTE:
        raise _fault("Period", period)
    if (window.end - window.start) / period > _PERIODS_MAX:
        raise InvalidParameterValueException(f"The report would have more than {_PERIODS_MAX} periods.")
    rule = _find(call, request["RuleName"])
    minutes = await call.parts.insights.read(rule.owner, window.start, window.end)
    made = report(minutes, rule.tells, period, count, order)
    answer: dict[str, Any] = {
        "KeyLabels": rule.labels,
        "AggregationStatistic": "Sum",
        "AggregateValue": made.total,
        "ApproximateUniqueCount": made.distinct,
        "Contributors": [_describe(each) for each in made.contributors],
    }
    if metrics:
        answer["MetricDatapoints"] = [_datapoint(each, metrics) for each in made.periods]
    return answer


def _find(call: Call, name: str) -> Rule:
    for rule in rules_of(call):
        if rule.name == name:
            return rule
    raise ResourceNotFoundException(f"Insight rule {name} does not exist")


def _checked_count(request: dict[str, Any]) -> int:
    count: int = request.get("MaxContributorCount", _COUNT)
    if not 1 <= count <= _COUNT_MAX:
        raise _fault("MaxContributorCount", count)
    return count


def _checked_metrics(request: dict[str, Any]) -> list[str]:
    metrics: list[str] = request.get("Metrics", [])
    for metric in metrics:
        if metric not in _METRICS:
            raise _fault("Metrics", metric)
    return metrics


def _fault(name: str, value: object) -> InvalidParameterValueException:
    return InvalidParameterValueException(f"The value {value} for parameter {name} is invalid.")


def _describe(contributor: Contributor) -> dict[str, Any]:
    return {
        "Keys": list(contributor.texts),
        "ApproximateAggregateValue": contributor.value,
        "Datapoints": [{"Timestamp": Moment(time), "ApproximateValue": value} for time, value in contributor.periods],
    }


def _datapoint(period: Period, metrics: list[str]) -> dict[str, Any]:
    """How many samples there were, and the least of all keys, is not known: they are left out."""
    values = {
        "UniqueContributors": float(period.distinct),
        "MaxContributorValue": period.maximum,
        "Sum": period.sum,
        "Maximum": period.maximum,
        "Average": period.sum / period.distinct,
    }
    return {"Timestamp": Moment(period.time)} | {name: values[name] for name in metrics if name in values}
