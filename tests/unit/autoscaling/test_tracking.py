"""Target tracking, alone and in a loop with a table that serves what it has capacity for."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.autoscaling.decision import Bounds, decide
from stator.autoscaling.load import Load, Second
from stator.autoscaling.policy import Memory, Situation
from stator.autoscaling.tracking import TargetTracking, units_for

START = 1_750_000_000
POLICY = TargetTracking("p", 70.0)


def load_of(*consumed: float, throttled: float = 0.0, since: float = START - 1000) -> Load:
    """The seconds before START."""
    load = Load(since)
    first = START - len(consumed)
    load.tell(Second(first + at, units, throttled) for at, units in enumerate(consumed))
    return load


def situation(load: Load, capacity: int = 100, memory: Memory | None = None) -> Situation:
    return Situation(float(START), "write", capacity, load, memory or Memory())


def test_on_target_nothing_happens() -> None:
    assert POLICY.wish(situation(load_of(*[70.0] * 5))).capacity == 100


def test_over_the_target_it_scales_out_at_once_and_says_why() -> None:
    wish = POLICY.wish(situation(load_of(*[84.0] * 5)))
    assert wish.capacity == 120
    assert wish.reason == (
        "84 write units a second of 100 were consumed, 84 percent, which is above the target of 70 percent"
    )


def test_the_newest_seconds_say_how_much() -> None:
    assert POLICY.wish(situation(load_of(10.0, 10.0, 300.0, 300.0, 300.0))).capacity == units_for(300, 70)


def test_a_second_alone_is_no_reason() -> None:
    assert POLICY.wish(situation(load_of(10.0, 10.0, 10.0, 10.0, 300.0))).capacity == 100


def test_what_was_throttled_counts_too_up_to_a_point() -> None:
    wish = POLICY.wish(situation(load_of(*[100.0] * 5, throttled=60.0)))
    assert wish.capacity == 160
    assert wish.reason == "60 requests a second were throttled while 100 write units a second of 100 were consumed"
    assert POLICY.wish(situation(load_of(*[100.0] * 5, throttled=6000.0))).capacity == 400


def test_a_table_in_debt_that_serves_nothing_grows() -> None:
    assert POLICY.wish(situation(load_of(*[0.0] * 5, throttled=3.0), capacity=1)).capacity == 4


def test_refusals_of_before_a_change_do_not_count_again() -> None:
    load = load_of(*[60.0] * 5, throttled=50.0)
    assert POLICY.wish(situation(load, memory=Memory(out_at=START - 0.5))).capacity == 100
    assert POLICY.wish(situation(load, memory=Memory(out_at=START - 60.0))).capacity > 100


def test_a_cooldown_holds_up_what_is_not_urgent() -> None:
    policy = replace(POLICY, out_cooldown=60)
    memory = Memory(out_at=START - 30.0)
    assert policy.wish(situation(load_of(*[84.0] * 5), memory=memory)).capacity == 100
    assert policy.wish(situation(load_of(*[84.0] * 5), memory=Memory(out_at=START - 60.0))).capacity == 120
    assert policy.wish(situation(load_of(*[130.0] * 5), memory=memory)).capacity == 186


def test_it_scales_in_once_a_while_was_low() -> None:
    quiet = load_of(*[20.0] * 70)
    wish = POLICY.wish(situation(quiet))
    assert wish.capacity == 29
    assert wish.reason == (
        "for 60 seconds at most 20 write units a second of 100 were consumed, 20 percent, which is well below the "
        "target of 70 percent"
    )


@pytest.mark.parametrize(
    "policy, load, memory",
    [
        (POLICY, load_of(*[51.0] * 70), None),  # not well below the target
        (POLICY, load_of(*[20.0] * 20, *[60.0] * 5, *[20.0] * 45), None),  # not for long
        (POLICY, load_of(*[20.0] * 70, since=START - 59.0), None),  # nobody saw that it was for long
        (POLICY, load_of(*[20.0] * 70), Memory(out_at=START - 59.0)),
        (replace(POLICY, in_cooldown=300), load_of(*[20.0] * 70), Memory(in_at=START - 299.0)),
        (replace(POLICY, scales_in=False), load_of(*[20.0] * 70), None),
    ],
)
def test_when_it_does_not_scale_in(policy: TargetTracking, load: Load, memory: Memory | None) -> None:
    assert policy.wish(situation(load, memory=memory)).capacity == 100


@pytest.mark.parametrize("target, low", [(90, 70), (70, 50), (40, 20), (30, 15), (20, 10)])
def test_what_is_low(target: float, low: float) -> None:
    assert TargetTracking("p", target).low == low


@given(
    consumed=st.lists(st.floats(0, 1e5), min_size=1, max_size=90),
    more=st.lists(st.floats(0, 1e5), min_size=90, max_size=90),
    capacity=st.integers(1, 50_000),
    target=st.floats(1, 100),
)
def test_more_load_never_wants_less(consumed: list[float], more: list[float], capacity: int, target: float) -> None:
    policy = TargetTracking("p", target)
    raised = [units + added for units, added in zip(consumed, more[: len(consumed)], strict=True)]
    less = policy.wish(situation(load_of(*consumed), capacity)).capacity
    assert policy.wish(situation(load_of(*raised), capacity)).capacity >= less


@dataclass
class Table:
    """Serves up to its capacity, refuses the rest, and does at once what is decided."""

    capacity: int
    bounds: Bounds
    policy: TargetTracking

    def __post_init__(self) -> None:
        self.load = Load(float(START))
        self.memory = Memory()
        self.history = [self.capacity]

    def run(self, demand: list[float], start: int = START) -> None:
        for at, units in enumerate(demand, start):
            served = min(units, float(self.capacity))
            self.load.tell([Second(at, served, units - served)])
            self._decide(at + 1.0)

    def _decide(self, now: float) -> None:
        seen = Situation(now, "write", self.capacity, self.load, self.memory)
        wanted = decide(self.bounds, [self.policy], seen).capacity
        if wanted != self.capacity:
            out = wanted > self.capacity
            self.memory = replace(self.memory, out_at=now) if out else replace(self.memory, in_at=now)
        self.capacity = wanted
        self.history.append(wanted)


POLICIES = st.builds(
    TargetTracking,
    name=st.just("p"),
    target=st.integers(20, 90).map(float),
    out_cooldown=st.sampled_from([0.0, 10.0, 300.0]),
    in_cooldown=st.sampled_from([0.0, 10.0, 300.0]),
    scales_in=st.booleans(),
    low_seconds=st.sampled_from([5, 60]),
)


@given(
    policy=POLICIES,
    demand=st.floats(0, 5000),
    capacity=st.integers(1, 5000),
    minimum=st.integers(1, 100),
    span=st.integers(0, 10_000),
)
def test_under_a_constant_load_it_comes_to_rest(
    policy: TargetTracking, demand: float, capacity: int, minimum: int, span: int
) -> None:
    table = Table(capacity, Bounds(minimum, minimum + span), policy)
    table.run([demand] * 1000)
    assert all(minimum <= units <= minimum + span for units in table.history[1:])
    assert table.history[-350:] == [table.capacity] * 350
    needed = min(units_for(demand, 100.0), minimum + span)
    assert table.capacity >= needed
    rises = [before < after for before, after in pairwise(table.history) if before != after]
    # Up, and once what was wanted too much is seen, down: never up again.
    assert rises[1:] == sorted(rises[1:], reverse=True)


@given(policy=POLICIES, demand=st.lists(st.floats(0, 5000), max_size=300), maximum=st.integers(1, 5000))
def test_whatever_the_load_it_stays_within_bounds(policy: TargetTracking, demand: list[float], maximum: int) -> None:
    table = Table(1, Bounds(1, maximum), policy)
    table.run(demand)
    assert all(1 <= units <= maximum for units in table.history)
    if not policy.scales_in:
        assert table.history == sorted(table.history)


@given(base=st.integers(20, 60), noise=st.lists(st.integers(-9, 9), min_size=600, max_size=600))
def test_noise_does_not_make_it_flap(base: int, noise: list[int]) -> None:
    """Around a mean, capacity goes up to what the noise needs, and stays there."""
    table = Table(100, Bounds(1, 1000), TargetTracking("p", 70.0))
    table.run([10.0 * base + 10.0 * each for each in noise])
    settled = table.history[120:]
    assert all(before <= after for before, after in pairwise(settled))


@pytest.mark.parametrize("target", [30.0, 70.0, 90.0])
def test_a_step_is_followed_in_seconds_and_forgotten_after_a_while(target: float) -> None:
    table = Table(100, Bounds(10, 10_000), TargetTracking("p", target))
    table.run([10.0] * 10)
    table.run([300.0] * 15, START + 10)
    assert table.capacity >= 300
    table.run([300.0] * 45, START + 25)
    high = table.capacity
    assert high == pytest.approx(300 / target * 100, rel=0.35)
    table.run([10.0] * 59, START + 70)
    assert table.capacity == high
    table.run([10.0] * 20, START + 129)
    assert table.capacity == max(10, units_for(10, target))
