"""Target tracking: keep what is consumed near so many percent of what is provisioned. Pure.

Where the service waits for two minutes over the target and for fifteen below, this one looks at seconds: it scales out
as soon as a few seconds are over the target, and in once a while was well below it.
"""

from math import ceil
from typing import Final

from msgspec import Struct

from stator.autoscaling.policy import Situation, Wish

TRIGGER_SECONDS: Final = 5
"""What is consumed is averaged over so many seconds before it is compared with the target."""

SIZE_SECONDS: Final = 3
"""The newer of these seconds say how much is wanted, so that a step in the load is followed in one or two."""

SETTLE_SECONDS: Final = 2.0
"""Refusals so soon after a change may be the debts of the time before it."""

CALM_SECONDS: Final = 15.0
SMALL: Final = 0.1
"""A rise by less than a tenth that is not urgent waits so long after the last one: a load that grows slowly is not
followed unit by unit."""

RELIEF_MAX: Final = 4
"""At most so many times as much as there is, at one go, because requests are refused: clients try again, so one request
may have been refused many times."""

LOW_SECONDS: Final = 60
"""How long it must be well below the target by default; the service waits for 15 minutes."""

_EDGE = 1e-9  # a quotient that is an integer but for the arithmetic is that integer


class Tracking(Struct, frozen=True):
    """What keeps something near `target`. Cooldowns in seconds. `low_seconds`: how long it must have been low before
    capacity is lowered."""

    name: str
    target: float
    out_cooldown: float = 0.0
    in_cooldown: float = 0.0
    scales_in: bool = True
    low_seconds: int = LOW_SECONDS

    @property
    def votes_on_scale_in(self) -> bool:
        return self.scales_in


class TargetTracking(Tracking, frozen=True):
    """What is consumed. `target` in percent of what is provisioned."""

    @property
    def low(self) -> float:
        """The percentage below which there is too much: as the service has it, 20 points under the target."""
        return max(self.target - 20.0, self.target / 2)

    def wish(self, situation: Situation) -> Wish:
        consumed = situation.load.rate(situation.now, TRIGGER_SECONDS)
        if consumed * 100 > self.target * situation.capacity * (1 + _EDGE):
            wanted, reason = self._follow(situation, consumed)
        else:
            wanted, reason = situation.capacity, ""
        refused = self._refused(situation)
        if refused > 0:
            relieved = self._relieve(situation, consumed, refused)
            if relieved > wanted:
                wanted = relieved
                reason = (
                    f"{_amount(refused)} requests a second were throttled while {_amount(consumed)} {situation.unit} "
                    f"units a second of {situation.capacity} were consumed"
                )
            return self._out(situation, wanted, reason, urgent=True)
        if wanted > situation.capacity:
            return self._out(situation, wanted, reason, urgent=consumed >= situation.capacity)
        return self._in(situation)

    def _follow(self, situation: Situation, consumed: float) -> tuple[int, str]:
        """What brings the last seconds to the target."""
        size = max(consumed, situation.load.rate(situation.now, SIZE_SECONDS))
        share = size * 100 / situation.capacity
        reason = (
            f"{_amount(size)} {situation.unit} units a second of {situation.capacity} were consumed, {_amount(share)} "
            f"percent, which is above the target of {_amount(self.target)} percent"
        )
        return max(situation.capacity, units_for(size, self.target)), reason

    def _refused(self, situation: Situation) -> float:
        memory = situation.memory
        since = memory.changed_at + SETTLE_SECONDS if memory.changed_at else 0.0
        return situation.load.refused(situation.now, since, TRIGGER_SECONDS)

    def _relieve(self, situation: Situation, consumed: float, refused: float) -> int:
        """What lets the refused in, too."""
        served = max(consumed, float(situation.capacity))
        return ceil(min(served + refused, served * RELIEF_MAX) - _EDGE)

    def _out(self, situation: Situation, wanted: int, reason: str, *, urgent: bool) -> Wish:
        """`urgent`: there is less than what is asked for, which no cooldown holds up."""
        last = situation.memory.out_at
        if last is not None and not urgent:
            calm = CALM_SECONDS if wanted < situation.capacity * (1 + SMALL) else 0.0
            if situation.now - last < max(self.out_cooldown, calm):
                return Wish(situation.capacity)
        return Wish(wanted, reason)

    def _in(self, situation: Situation) -> Wish:
        stay = Wish(situation.capacity)
        now, load, memory = situation.now, situation.load, situation.memory
        if not self.scales_in or load.rate(now, TRIGGER_SECONDS) * 100 > self.low * situation.capacity:
            return stay
        quiet_since = max(load.since, memory.out_at or 0.0)
        if now - quiet_since < self.low_seconds:
            return stay
        if memory.in_at is not None and now - memory.in_at < self.in_cooldown:
            return stay
        if load.peak(now, self.low_seconds, TRIGGER_SECONDS) * 100 > self.low * situation.capacity:
            return stay
        # What the load fell from must not count in part: capacity would go down in two steps where one is enough.
        peak = load.peak(now, max(1, self.low_seconds - TRIGGER_SECONDS), TRIGGER_SECONDS)
        share = peak * 100 / situation.capacity
        return Wish(
            min(situation.capacity, units_for(peak, self.target)),
            f"for {self.low_seconds} seconds at most {_amount(peak)} {situation.unit} units a second of "
            f"{situation.capacity} were consumed, {_amount(share)} percent, which is well below the target of "
            f"{_amount(self.target)} percent",
        )


def units_for(consumed: float, target: float) -> int:
    """The least capacity of which so many units a second are at most `target` percent."""
    return max(1, ceil(consumed * 100 / target - _EDGE))


def _amount(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
