"""Dynamic DynamoDB's rules as a policy, so that a load can be replayed through them. Pure."""

from msgspec import Struct

from stator.autoscaling.dynamic.options import Options, Side
from stator.autoscaling.dynamic.rules import decide, in_maintenance, measure
from stator.autoscaling.policy import Situation, Wish
from stator.autoscaling.resource import READ

_NEXT, _CHECKS = "next", "checks"


class DynamicPolicy(Struct, frozen=True):
    """It looks every `interval` seconds at the lookback period, and at nothing in between."""

    name: str
    options: Options
    unit: str  # read or write
    interval: float

    @property
    def votes_on_scale_in(self) -> bool:
        return True

    @property
    def side(self) -> Side:
        return self.options.read if self.unit == READ else self.options.write

    def wish(self, situation: Situation) -> Wish:
        notes = situation.memory.notes
        now, capacity = situation.now, situation.capacity
        if now < notes.get(f"{self.name}.{_NEXT}", situation.load.since + self.interval):
            return Wish(capacity)
        period = self.options.lookback_period * 60
        end = now - self.options.lookback_window_start * 60
        consumed = situation.load.rate(end, period) * period
        throttled = situation.load.refused(end, 0.0, period) * period
        verdict = decide(self.side, measure(capacity, consumed, throttled, period), int(self._checks(situation)))
        units = verdict.units
        if units < capacity and not in_maintenance(self.options, int(now) // 60 % 1440):
            units = capacity
        return Wish(units, verdict.reason, {_NEXT: now + self.interval, _CHECKS: float(verdict.checks)})

    def _checks(self, situation: Situation) -> float:
        return situation.memory.notes.get(f"{self.name}.{_CHECKS}", 0.0)
