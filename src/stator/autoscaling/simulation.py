"""A load replayed through policies and a bucket like the server's, second by second in virtual time. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from stator.autoscaling.decision import Bounds, decide
from stator.autoscaling.load import LAG_SECONDS, Load, Second
from stator.autoscaling.policy import Memory, Policy, Situation
from stator.autoscaling.resource import next_decrease
from stator.autoscaling.trace import Trace
from stator.errors import LimitExceededException
from stator.metrics.bucket import BURST_SECONDS, PROVISIONED, Bucket
from stator.model.table import Throughput
from stator.tables.throughput import change


class Frame(NamedTuple):
    """One second. Units a second, but for `throttled`, which is in units that were asked for in vain."""

    time: int  # since the epoch
    demand: float
    served: float
    throttled: float
    capacity: int


class Change(NamedTuple):
    time: int
    before: int
    after: int
    cause: str


class Outcome(Struct, frozen=True):
    frames: list[Frame]
    changes: list[Change]
    refused: list[Change]  # decreases that the table did not take

    @property
    def throttled_percent(self) -> float:
        """Of the units that were asked for."""
        asked = sum(frame.demand for frame in self.frames)
        return 100 * sum(frame.throttled for frame in self.frames) / asked if asked else 0.0

    @property
    def provisioned_hours(self) -> float:
        """Units for an hour each."""
        return sum(frame.capacity for frame in self.frames) / 3600

    @property
    def consumed_hours(self) -> float:
        return sum(frame.served for frame in self.frames) / 3600


class Table:
    """What a table has provisioned of reads or writes, and what it saved."""

    def __init__(self, capacity: int, start: int, burst_seconds: float) -> None:
        # Of two figures only one is simulated; the other is there because a table has both.
        self._throughput = Throughput(capacity, 1)
        self._seconds = max(1.0, burst_seconds)
        self._bucket = Bucket(PROVISIONED, capacity, self._seconds, start)
        self.blocked = 0.0  # until when it takes no decrease

    @property
    def capacity(self) -> int:
        return self._throughput.read

    def serve(self, demand: float, second: int) -> float:
        """Of what is asked for in a second, how much is let in."""
        # What comes in during the second is there, too: a debt that it pays back.
        served = min(demand, max(0.0, self._bucket.fill(second) + self._bucket.rate))
        self._bucket.take(served, second)
        return served

    def change(self, capacity: int, now: float) -> bool:
        """False when the decreases of the day are used up."""
        try:
            _, self._throughput = change(self._throughput, replace(self._throughput, read=capacity), now, now)
        except LimitExceededException:
            self.blocked = next_decrease(self._throughput.last_decrease, now)
            return False
        self._bucket.change(capacity, self._seconds, now)
        return True


def simulate(
    trace: Trace,
    bounds: Bounds,
    policies: Sequence[Policy],
    capacity: int,
    *,
    unit: str = "write",
    burst_seconds: float = BURST_SECONDS,
) -> Outcome:
    """`capacity` is there at the beginning, with a full bucket. What was asked for in vain counts as refused requests
    of a unit each, and is not asked for again."""
    table = Table(capacity, trace.start, burst_seconds)
    load = Load(trace.start)
    memory = Memory()
    outcome = Outcome([], [], [])
    for second, demand in enumerate(trace.demand, trace.start):
        served = table.serve(demand, second)
        outcome.frames.append(Frame(second, demand, served, demand - served, table.capacity))
        load.tell([Second(second, served, demand - served)])
        load.forget(second)
        now = second + 1.0
        situation = Situation(now - LAG_SECONDS, unit, table.capacity, load, memory)
        decision = decide(bounds, policies, situation)
        memory = memory if decision.notes is None else replace(memory, notes=decision.notes)
        lowers = decision.capacity < table.capacity
        if decision.capacity == table.capacity or (lowers and now < table.blocked):
            continue
        done = Change(second + 1, table.capacity, decision.capacity, decision.cause)
        if table.change(decision.capacity, now):
            outcome.changes.append(done)
            memory = replace(memory, in_at=situation.now) if lowers else replace(memory, out_at=situation.now)
        else:
            outcome.refused.append(done)
    return outcome
