"""What a request says of an event source mapping, as the mapping's own members. What cannot be done is refused."""

import re
from collections.abc import Mapping as Members
from typing import Any

from stator.api.call import Call
from stator.errors import InvalidParameterValueException, ResourceNotFoundException
from stator.journal.mapping import Mapping
from stator.journal.mappings import Mappings
from stator.journal.pattern import PatternFault, parse

DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "batch_size": 100,
    "window_seconds": 0,
    "factor": 1,
    "retries_max": -1,
    "age_seconds_max": -1,
    "bisect": False,
    "reports_failures": False,
    "filters": (),
    "on_failure": None,
}
REFUSED = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "Tags",
    "Topics",
)

_PLAIN = {
    "Enabled": "enabled",
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "window_seconds",
    "ParallelizationFactor": "factor",
    "MaximumRetryAttempts": "retries_max",
    "MaximumRecordAgeInSeconds": "age_seconds_max",
    "BisectBatchOnFunctionError": "bisect",
}
_FUNCTION = re.compile(
    r"(?:(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>[0-9]{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,64})(?P<qualifier>:(?:\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
)


def settings_of(call: Call) -> dict[str, Any]:
    """The members that the request gives. Raises InvalidParameterValueException."""
    request = call.request
    chosen = {member: request[name] for name, member in _PLAIN.items() if name in request}
    if chosen.get("age_seconds_max", -1) in range(60):
        raise InvalidParameterValueException("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.")
    if request.get("TumblingWindowInSeconds"):
        raise InvalidParameterValueException("TumblingWindowInSeconds is not supported by this server.")
    if "FunctionResponseTypes" in request:
        chosen["reports_failures"] = bool(request["FunctionResponseTypes"])
    if "FilterCriteria" in request:
        chosen["filters"] = _filters(request["FilterCriteria"])
    if "DestinationConfig" in request:
        chosen["on_failure"] = _on_failure(call, request["DestinationConfig"])
    return chosen


def function_arn(call: Call, name: str) -> str:
    """The ARN that a FunctionName means. Raises InvalidParameterValueException, and ResourceNotFoundException for a
    function that the server was told nothing of."""
    arn = spelled_out(call, name)
    if not call.parts.mappings.has_function(arn.split(":")[6]):
        raise ResourceNotFoundException(f"Function not found: {arn}")
    return arn


def spelled_out(call: Call, name: str) -> str:
    """The ARN of a function, which need not exist. Raises InvalidParameterValueException."""
    parts = _FUNCTION.fullmatch(name)
    if parts is None:
        raise InvalidParameterValueException(f"FunctionName is no name and no ARN of a function: {name}")
    region, account = parts["region"] or call.region, parts["account"] or call.account
    if region != call.region or account != call.account:
        raise InvalidParameterValueException("The function and the event source mapping must be of one account.")
    return f"arn:aws:lambda:{region}:{account}:function:{parts['name']}{parts['qualifier'] or ''}"


async def found(call: Call) -> tuple[Mappings, Mapping]:
    """The mapping that the request names. Raises ResourceNotFoundException."""
    mappings = call.parts.mappings
    mapping = await mappings.find(call.account, call.region, call.request["UUID"])
    if mapping is None:
        raise gone()
    return mappings, mapping


def gone() -> ResourceNotFoundException:
    return ResourceNotFoundException("The resource you requested does not exist.")


def refuse_unsupported(body: Members[str, Any]) -> None:
    """Raises InvalidParameterValueException for a member that this server would not act on."""
    for name in REFUSED:
        if body.get(name):
            raise InvalidParameterValueException(f"{name} is not supported by this server.")


def _filters(criteria: Members[str, Any]) -> tuple[str, ...]:
    patterns = tuple(each.get("Pattern", "") for each in criteria.get("Filters", ()))
    for pattern in patterns:
        try:
            parse(pattern)
        except PatternFault as fault:
            raise InvalidParameterValueException(f"Invalid filter pattern definition: {fault}") from None
    return patterns


def _on_failure(call: Call, config: Members[str, Any]) -> str | None:
    if config.get("OnSuccess", {}).get("Destination"):
        raise InvalidParameterValueException("OnSuccess destinations are not supported for this event source.")
    destination: str | None = config.get("OnFailure", {}).get("Destination") or None
    if destination is not None and not call.parts.mappings.may_fail_to(destination):
        raise InvalidParameterValueException(
            f"The destination {destination} is not allowed: it must be a file:// or http(s):// URL that begins with "
            "one of those in this server's setting trigger_destinations."
        )
    return destination
