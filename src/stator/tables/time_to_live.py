"""The time-to-live setting of a table and how it may change."""

from typing import Any

from stator.errors import ValidationException
from stator.model.table import TimeToLive

CHANGE_INTERVAL_SECONDS = 3_600  # a setting that was changed stays for so long


def change(old: TimeToLive | None, specification: dict[str, Any], now: float) -> TimeToLive:
    """The setting that an UpdateTimeToLive request asks for. Raises ValidationException where it may not be had."""
    wanted = TimeToLive(specification["AttributeName"], enabled=bool(specification["Enabled"]), changed=now)
    if old is None or not old.enabled:
        if not wanted.enabled:
            raise ValidationException("TimeToLive is already disabled")
    elif old.attribute != wanted.attribute:
        raise ValidationException(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {old.attribute}"
        )
    elif wanted.enabled:
        raise ValidationException("TimeToLive is already enabled")
    if old is not None and now - old.changed < CHANGE_INTERVAL_SECONDS:
        raise ValidationException("Time to live has been modified multiple times within a fixed interval")
    return wanted


def describe(setting: TimeToLive | None, now: float, transition_seconds: float) -> dict[str, Any]:
    """A TimeToLiveDescription. A disabled setting and none at all look the same."""
    settled = setting is None or now >= setting.changed + transition_seconds
    if setting is None or (settled and not setting.enabled):
        return {"TimeToLiveStatus": "DISABLED"}
    status = "ENABLED" if settled else "ENABLING" if setting.enabled else "DISABLING"
    return {"TimeToLiveStatus": status, "AttributeName": setting.attribute}
