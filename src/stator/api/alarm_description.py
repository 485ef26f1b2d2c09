"""Alarms as requests name them and answers describe them."""

from typing import Any

from stator.api.call import Call
from stator.api.wire_value import Moment
from stator.errors import ResourceNotFoundException
from stator.metrics.alarm import Alarm, configuration


def describe_alarm(alarm: Alarm) -> dict[str, Any]:
    """A MetricAlarm."""
    told = configuration(alarm) | {
        "AlarmConfigurationUpdatedTimestamp": Moment(alarm.configured),
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": Moment(alarm.updated),
        "StateTransitionedTimestamp": Moment(alarm.transitioned),
    }
    if alarm.reason_data is not None:
        told["StateReasonData"] = alarm.reason_data
    return told


def alarm_name_of(call: Call) -> str:
    """The name in the ARN that a request on tags is about. Raises ResourceNotFoundException."""
    arn = call.request["ResourceARN"]
    prefix = f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:"
    if not arn.startswith(prefix):
        raise ResourceNotFoundException(f"There is no resource {arn}")
    return str(arn.removeprefix(prefix))
