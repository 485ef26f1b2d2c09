"""DescribeAlarmsForMetric."""

from stator.api.alarm_description import describe_alarm
from stator.api.call import Answer, Call
from stator.api.registry import CLOUDWATCH, operation
from stator.metrics.query import series_of
from stator.validation.requests.cloudwatch import DESCRIBE_ALARMS_FOR_METRIC


@operation("DescribeAlarmsForMetric", DESCRIBE_ALARMS_FOR_METRIC, CLOUDWATCH)
async def describe_alarms_for_metric(call: Call) -> Answer:
    """Those of the very metric, dimensions and all; alarms on metric math are not found by it."""
    request = call.request
    series = series_of(request)
    statistic = request.get("Statistic") or request.get("ExtendedStatistic")
    found = [
        describe_alarm(alarm)
        for alarm in await call.parts.alarms.all(call.account, call.region)
        if alarm.series == series
        and statistic in (None, alarm.statistic)
        and request.get("Period", alarm.period) == alarm.period
        and request.get("Unit", alarm.unit) == alarm.unit
    ]
    return {"MetricAlarms": found}
