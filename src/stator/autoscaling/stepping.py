"""Step scaling: while an alarm that names the policy is in ALARM, change capacity by a step that depends on how far the
metric is past the alarm's threshold. Pure. The service does not have it for DynamoDB.
"""

from math import ceil, floor
from typing import NamedTuple

from msgspec import Struct

from stator.autoscaling.policy import Situation, Wish

CHANGE, PERCENT, EXACT = "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"


class Step(NamedTuple):
    """Of breaches from `lower` on and below `upper`; None: no end. A breach below the threshold is negative."""

    lower: float | None
    upper: float | None
    adjustment: int

    def covers(self, breach: float) -> bool:
        # The bound towards the threshold belongs to a step, the one away from it does not.
        if breach < 0:
            return (self.lower is None or self.lower < breach) and (self.upper is None or breach <= self.upper)
        return (self.lower is None or self.lower <= breach) and (self.upper is None or breach < self.upper)


class StepScaling(Struct, frozen=True):
    name: str
    kind: str  # ChangeInCapacity, PercentChangeInCapacity or ExactCapacity
    steps: tuple[Step, ...]
    magnitude_min: int = 0  # of a change by percents
    cooldown: float = 0.0

    @property
    def votes_on_scale_in(self) -> bool:
        return True

    def wish(self, situation: Situation) -> Wish:
        breach = situation.breaches.get(self.name)
        if breach is None:
            return Wish(situation.capacity)
        step = next((step for step in self.steps if step.covers(breach)), None)
        if step is None:
            return Wish(situation.capacity)
        wanted = self._apply(step, situation.capacity)
        last = situation.memory.out_at if wanted > situation.capacity else situation.memory.in_at
        # An alarm that stays is heeded once a minute, as the service does without a cooldown.
        if last is not None and situation.now - last < max(self.cooldown, 60.0):
            return Wish(situation.capacity)
        return Wish(
            wanted,
            f"an alarm's metric is {breach:g} past its threshold, where the step is {step.adjustment} ({self.kind})",
        )

    def _apply(self, step: Step, capacity: int) -> int:
        if self.kind == EXACT:
            return max(1, step.adjustment)
        if self.kind == CHANGE:
            return max(1, capacity + step.adjustment)
        change = capacity * step.adjustment / 100
        # As the service rounds: away from what would be no change, else towards zero.
        if 0 < change < 1:
            change = 1.0
        elif -1 < change < 0:
            change = -1.0
        whole = floor(change) if change > 0 else ceil(change)
        if whole and abs(whole) < self.magnitude_min:
            whole = self.magnitude_min if whole > 0 else -self.magnitude_min
        return max(1, capacity + whole)
