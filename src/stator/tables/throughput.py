"""Provisioned throughput over time: what a change of it may do and what it leaves behind."""

from time import gmtime, strftime
from typing import Any

from msgspec.structs import replace

from stator.errors import LimitExceededException, ValidationException
from stator.limits import DAY_SECONDS
from stator.model.table import Throughput

DECREASES_A_DAY = 4  # at any time of a UTC day; after that one for each hour without a decrease
SECONDS_AN_HOUR = 3_600


def decreases_today(throughput: Throughput, now: float) -> int:
    """How many decreases the UTC day of `now` has seen. The stored count is of the day of the last decrease."""
    if throughput.last_decrease is None or throughput.last_decrease // DAY_SECONDS != now // DAY_SECONDS:
        return 0
    return throughput.decreases_today


def provision(request: dict[str, Any]) -> Throughput:
    """The throughput that a ProvisionedThroughput member asks for."""
    return Throughput(read=request["ReadCapacityUnits"], write=request["WriteCapacityUnits"])


def check_differs(old: Throughput, wanted: Throughput, index: str | None = None) -> None:
    """Raise ValidationException when there is nothing to change for the table, or for the index of that name."""
    if (old.read, old.write) == (wanted.read, wanted.write):
        owner = "the table" if index is None else f"the index {index}"
        whose = "the table" if index is None else f"index {index}"
        raise ValidationException(
            f"The provisioned throughput for {owner} will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for {whose}: {old.read}. "
            f"Requested ReadCapacityUnits: {wanted.read}. "
            f"Current WriteCapacityUnits provisioned for {whose}: {old.write}. "
            f"Requested WriteCapacityUnits: {wanted.write}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )


def change(old: Throughput, wanted: Throughput, now: float, settles_at: float) -> tuple[Throughput, Throughput]:
    """What is shown while the change is under way, still with the old units, and what is there after it.

    Raises LimitExceededException when the decreases of the day are used up.
    """
    shown, after = old, replace(old, read=wanted.read, write=wanted.write)
    if wanted.read < old.read or wanted.write < old.write:
        count = decreases_today(old, now)
        _check_decrease(old, count, now)
        shown = replace(shown, last_decrease=now, decreases_today=count)
        after = replace(after, last_decrease=settles_at, decreases_today=count + 1)
    if wanted.read > old.read or wanted.write > old.write:
        shown = replace(shown, last_increase=now)
        after = replace(after, last_increase=settles_at)
    return shown, after


def _check_decrease(old: Throughput, count: int, now: float) -> None:
    waited = old.last_decrease is None or now - old.last_decrease >= SECONDS_AN_HOUR
    if count >= DECREASES_A_DAY and not waited:
        raise LimitExceededException(
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
            "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once "
            "every 3600 seconds. "
            f"Number of decreases today: {count}. "
            f"Last decrease at {_instant(old.last_decrease or now)}. "
            f"Next decrease can be made at {_instant((old.last_decrease or now) + SECONDS_AN_HOUR)}"
        )


def _instant(seconds: float) -> str:
    return strftime("%A, %B %-d, %Y at %-I:%M:%S %p Coordinated Universal Time", gmtime(seconds))
