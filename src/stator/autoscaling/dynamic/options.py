"""The options of Dynamic DynamoDB's configuration file, with its names, defaults and checks. Pure.

Each option of one dimension is there twice in the file, for reads and for writes; here it is written once. In names,
`{many}` stands for `reads` or `writes` and `{one}` for `read` or `write`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from msgspec import Struct

Scale = tuple[tuple[float, float], ...]
"""Thresholds in percent, ascending, each with the step that belongs to it."""

MESSAGE_TYPES: Final = ("scale-up", "scale-down", "high-throughput-alarm", "low-throughput-alarm")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_STEPS_MAX: Final = 100  # of a scale
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class OptionError(ValueError):
    """A value that an option cannot have: half a sentence."""


class Step(Struct, frozen=True):
    """By how much to change a capacity."""

    amount: float
    unit: str  # percent or units


class Side(Struct, frozen=True):
    """What is to be done about one dimension, reads or writes, of a table or index. Thresholds are in percent."""

    autoscaling: bool = True
    up_scaling: bool = True
    down_scaling: bool = True
    upper_threshold: float = 90
    lower_threshold: float = 30
    throttled_upper_threshold: float = 0  # requests refused in the lookback period; 0 is off
    increase_with: float = 50
    increase_unit: str = "percent"
    decrease_with: float = 50
    decrease_unit: str = "percent"
    increase_consumed_with: float | None = None
    increase_consumed_unit: str | None = None
    increase_consumed_scale: Scale = ()
    increase_throttled_by_consumed_unit: str | None = None
    increase_throttled_by_consumed_scale: Scale = ()
    increase_throttled_by_provisioned_unit: str | None = None
    increase_throttled_by_provisioned_scale: Scale = ()
    decrease_consumed_with: float | None = None
    decrease_consumed_unit: str | None = None
    decrease_consumed_scale: Scale = ()
    min_provisioned: int | None = None
    max_provisioned: int | None = None
    checks_before_scale_down: int = 1
    checks_reset_percent: float = 0
    scaling_down_on_0_percent: bool = False
    upper_alarm_threshold: float = 0  # 0 is off
    lower_alarm_threshold: float = 0


class Options(Struct, frozen=True):
    """What one section says of the tables or indexes that it is for."""

    read: Side = Side()
    write: Side = Side()
    always_decrease_rw_together: bool = False
    lookback_window_start: int = 15  # minutes ago
    lookback_period: int = 5  # minutes
    maintenance_windows: tuple[tuple[int, int], ...] = ()  # first and last minute of the day, in UTC
    sns_topic_arn: str | None = None
    sns_message_types: tuple[str, ...] = ()
    circuit_breaker_url: str | None = None
    circuit_breaker_timeout: float | None = None  # ms


@dataclass(frozen=True, slots=True)
class Global:
    """[global] and [logging]."""

    region: str | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key_id: str | None = field(default=None, repr=False)
    check_interval: float = 300  # seconds
    circuit_breaker_url: str | None = None
    circuit_breaker_timeout: float = 10000.0  # ms
    log_file: str | None = None
    log_level: str = "info"
    log_config_file: str | None = None


class Option(NamedTuple):
    field: str
    parse: Callable[[str], Any]


def _text(value: str) -> str:
    if not value:
        raise OptionError("is empty")
    return value


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise OptionError(f"is no number: {value}") from None
    if not 0 <= number < 1e12:
        raise OptionError(f"must be a number from 0 on, not {value}")
    return number


def _whole(value: str) -> int:
    number = _number(value)
    if number != int(number):
        raise OptionError(f"must be a whole number, not {value}")
    return int(number)


def _from_one(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse_from_one(value: str) -> Any:
        number = parse(value)
        if number < 1:
            raise OptionError(f"may not be lower than 1: {value}")
        return number

    return parse_from_one


def _switch(value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise OptionError(f"is neither true nor false: {value}")


def _unit(value: str) -> str:
    if value not in ("percent", "units"):
        raise OptionError(f"must be set to either percent or units, not {value}")
    return value


def _scale(value: str) -> Scale:
    from ast import literal_eval  # `stator serve` reads this module for its --help, and is in a hurry

    try:
        told = literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        told = None
    if not isinstance(told, dict) or not told or len(told) > _STEPS_MAX:
        raise OptionError(f"must be thresholds with their steps, such as {{0: 0, 0.25: 5, 0.5: 10}}, not {value}")
    for number in (*told.keys(), *told.values()):
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < 1e12:
            raise OptionError(f"has something else than numbers from 0 on: {number}")
    return tuple(sorted(told.items()))


def _windows(value: str) -> tuple[tuple[int, int], ...]:
    windows = []
    for window in value.split(","):
        match = _WINDOW.fullmatch(window.strip())
        if match is None:
            raise OptionError(f"must be times in UTC such as 22:00-23:59,00:00-06:00, not {value}")
        first, last = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if first > last:
            raise OptionError(f"goes past midnight: write {window.strip()} as two windows, up to 23:59 and from 00:00")
        windows.append((first, last))
    return tuple(windows)


def _message_types(value: str) -> tuple[str, ...]:
    types = tuple(part.strip() for part in value.split(",") if part.strip())
    for kind in types:
        # The example files of Dynamic DynamoDB have throughput-alarm, which is none of the types it knew.
        if kind not in (*MESSAGE_TYPES, "throughput-alarm"):
            raise OptionError(f"knows {', '.join(MESSAGE_TYPES)}, not {kind}")
    return types


def _level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise OptionError(f"must be one of {', '.join(LOG_LEVELS)}, not {value}")
    return value.lower()


_SIDE: Final[Mapping[str, Option]] = {
    "enable-{many}-autoscaling": Option("autoscaling", _switch),
    "enable-{many}-up-scaling": Option("up_scaling", _switch),
    "enable-{many}-down-scaling": Option("down_scaling", _switch),
    "{many}-upper-threshold": Option("upper_threshold", _from_one(_number)),
    "{many}-lower-threshold": Option("lower_threshold", _from_one(_number)),
    "throttled-{many}-upper-threshold": Option("throttled_upper_threshold", _number),
    "increase-{many}-with": Option("increase_with", _from_one(_number)),
    "increase-{many}-unit": Option("increase_unit", _unit),
    "decrease-{many}-with": Option("decrease_with", _from_one(_number)),
    "decrease-{many}-unit": Option("decrease_unit", _unit),
    "increase-consumed-{many}-with": Option("increase_consumed_with", _from_one(_number)),
    "increase-consumed-{many}-unit": Option("increase_consumed_unit", _unit),
    "increase-consumed-{many}-scale": Option("increase_consumed_scale", _scale),
    "increase-throttled-by-consumed-{many}-unit": Option("increase_throttled_by_consumed_unit", _unit),
    "increase-throttled-by-consumed-{many}-scale": Option("increase_throttled_by_consumed_scale", _scale),
    "increase-throttled-by-provisioned-{many}-unit": Option("increase_throttled_by_provisioned_unit", _unit),
    "increase-throttled-by-provisioned-{many}-scale": Option("increase_throttled_by_provisioned_scale", _scale),
    "decrease-consumed-{many}-with": Option("decrease_consumed_with", _from_one(_number)),
    "decrease-consumed-{many}-unit": Option("decrease_consumed_unit", _unit),
    "decrease-consumed-{many}-scale": Option("decrease_consumed_scale", _scale),
    "min-provisioned-{many}": Option("min_provisioned", _from_one(_whole)),
    "max-provisioned-{many}": Option("max_provisioned", _from_one(_whole)),
    "num-{one}-checks-before-scale-down": Option("checks_before_scale_down", _from_one(_whole)),
    "num-{one}-checks-reset-percent": Option("checks_reset_percent", _number),
    "allow-scaling-down-{many}-on-0-percent": Option("scaling_down_on_0_percent", _switch),
    "{many}-upper-alarm-threshold": Option("upper_alarm_threshold", _number),
    "{many}-lower-alarm-threshold": Option("lower_alarm_threshold", _number),
}

READ: Final = {name.format(many="reads", one="read"): option for name, option in _SIDE.items()}
WRITE: Final = {name.format(many="writes", one="write"): option for name, option in _SIDE.items()}
SHARED: Final[Mapping[str, Option]] = {
    "always-decrease-rw-together": Option("always_decrease_rw_together", _switch),
    "lookback-window-start": Option("lookback_window_start", _from_one(_whole)),
    "lookback-period": Option("lookback_period", _from_one(_whole)),
    "maintenance-windows": Option("maintenance_windows", _windows),
    "sns-topic-arn": Option("sns_topic_arn", _text),
    "sns-message-types": Option("sns_message_types", _message_types),
    "circuit-breaker-url": Option("circuit_breaker_url", _text),
    "circuit-breaker-timeout": Option("circuit_breaker_timeout", _from_one(_number)),
}
GLOBAL: Final[Mapping[str, Option]] = {
    "aws-access-key-id": Option("aws_access_key_id", _text),
    "aws-secret-access-key-id": Option("aws_secret_access_key_id", _text),
    "region": Option("region", _text),
    "check-interval": Option("check_interval", _from_one(_number)),
    "circuit-breaker-url": Option("circuit_breaker_url", _text),
    "circuit-breaker-timeout": Option("circuit_breaker_timeout", _from_one(_number)),
}
LOGGING: Final[Mapping[str, Option]] = {
    "log-file": Option("log_file", _text),
    "log-level": Option("log_level", _level),
    "log-config-file": Option("log_config_file", _text),
}
