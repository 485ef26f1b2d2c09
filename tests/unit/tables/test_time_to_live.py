from typing import Any

import pytest

from stator.errors import ValidationException
from stator.model.table import TimeToLive
from stator.tables.time_to_live import CHANGE_INTERVAL_SECONDS, change, describe

NOW = 1_750_000_000.0
LONG_AGO = NOW - CHANGE_INTERVAL_SECONDS


def specification(enabled: bool, attribute: str = "expires") -> dict[str, Any]:
    return {"Enabled": enabled, "AttributeName": attribute}


@pytest.mark.parametrize(
    "old, wanted, expected",
    [
        (None, specification(True), True),
        (TimeToLive("expires", True, LONG_AGO), specification(False), False),
        (TimeToLive("other", False, LONG_AGO), specification(True), True),
    ],
)
def test_changes(old: TimeToLive | None, wanted: dict[str, Any], expected: bool) -> None:
    assert change(old, wanted, NOW) == TimeToLive("expires", expected, NOW)


@pytest.mark.parametrize(
    "old, wanted, message",
    [
        (None, specification(False), "TimeToLive is already disabled"),
        (TimeToLive("expires", False, LONG_AGO), specification(False), "TimeToLive is already disabled"),
        (TimeToLive("expires", True, NOW), specification(True), "TimeToLive is already enabled"),
        (
            TimeToLive("other", True, LONG_AGO),
            specification(True),
            "TimeToLive is active on a different AttributeName: current AttributeName is other",
        ),
        (
            TimeToLive("other", True, LONG_AGO),
            specification(False),
            "TimeToLive is active on a different AttributeName: current AttributeName is other",
        ),
        (
            TimeToLive("expires", True, LONG_AGO + 1),
            specification(False),
            "Time to live has been modified multiple times within a fixed interval",
        ),
        (
            TimeToLive("expires", False, LONG_AGO + 1),
            specification(True),
            "Time to live has been modified multiple times within a fixed interval",
        ),
    ],
)
def test_refusals(old: TimeToLive | None, wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        change(old, wanted, NOW)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "setting, at, expected",
    [
        (None, NOW, {"TimeToLiveStatus": "DISABLED"}),
        (TimeToLive("e", True, NOW), NOW + 9, {"TimeToLiveStatus": "ENABLING", "AttributeName": "e"}),
        (TimeToLive("e", True, NOW), NOW + 10, {"TimeToLiveStatus": "ENABLED", "AttributeName": "e"}),
        (TimeToLive("e", False, NOW), NOW + 9, {"TimeToLiveStatus": "DISABLING", "AttributeName": "e"}),
        (TimeToLive("e", False, NOW), NOW + 10, {"TimeToLiveStatus": "DISABLED"}),
    ],
)
def test_description(setting: TimeToLive | None, at: float, expected: dict[str, str]) -> None:
    assert describe(setting, at, 10) == expected
