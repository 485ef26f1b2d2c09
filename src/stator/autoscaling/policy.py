"""What a policy sees, and what it may want. A policy is a rule for one dimension of one table or index. Pure.

`decide` of `stator.autoscaling.decision` asks all policies of a target and has the last word.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from stator.autoscaling.load import Load


class Memory(Struct, frozen=True):
    """What is kept from one decision to the next, restarts included. Times are seconds since the epoch."""

    out_at: float | None = None  # when capacity was last raised
    in_at: float | None = None  # when it was last lowered
    notes: Mapping[str, float] = field(default_factory=dict)
    """A policy's own, under names that begin with the policy's."""

    @property
    def changed_at(self) -> float:
        """When capacity was last changed; long ago if never."""
        return max(self.out_at or 0.0, self.in_at or 0.0)


class Situation(Struct, frozen=True):
    """One dimension at one time."""

    now: float
    unit: str  # "read" or "write"
    capacity: int  # units a second that are provisioned
    load: Load
    memory: Memory = Memory()
    breaches: Mapping[str, float] = field(default_factory=dict)
    """By a policy's name: how far the metric of an alarm that is in ALARM and names it is past its threshold."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """By a policy's name: the newest value of the metric of its own that it goes by."""


class Wish(NamedTuple):
    """The capacity that a policy wants, and why, as half a sentence that begins with what it saw.

    What equals the capacity there is means: leave it.
    """

    capacity: int
    reason: str = ""
    notes: Mapping[str, float] | None = None  # to be kept, in place of those the policy had


class Policy(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def votes_on_scale_in(self) -> bool:
        """Capacity is lowered when all policies that vote want it lower. One that never lowers it does not vote."""

    def wish(self, situation: Situation) -> Wish: ...
