"""Loads replayed in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.autoscaling.decision import Bounds
from stator.autoscaling.dynamic.options import Options, Side
from stator.autoscaling.dynamic.replay import DynamicPolicy
from stator.autoscaling.simulation import simulate
from stator.autoscaling.trace import START, Trace
from stator.autoscaling.tracking import TargetTracking

POLICY = TargetTracking("p", 70.0)
BOUNDS = Bounds(10, 1000)


def trace(*stretches: tuple[int, float]) -> Trace:
    """So many seconds of so many units each."""
    return Trace(START, [units for seconds, units in stretches for _ in range(seconds)])


def test_without_a_policy_a_bucket_lets_in_burst_and_rate() -> None:
    outcome = simulate(trace((600, 400.0)), BOUNDS, [], 100)
    assert sum(frame.served for frame in outcome.frames) == pytest.approx(100 * 300 + 100 * 600)
    assert outcome.throttled_percent == pytest.approx(100 * (240_000 - 90_000) / 240_000)
    assert outcome.provisioned_hours == pytest.approx(600 * 100 / 3600)
    assert outcome.changes == []


@pytest.mark.parametrize("target", [30.0, 70.0, 90.0])
@pytest.mark.parametrize("burst_seconds", [0.0, 300.0])
def test_from_a_tenth_to_three_times_the_capacity_it_follows_within_15_seconds(
    target: float, burst_seconds: float
) -> None:
    policy = replace(POLICY, target=target, scales_in=False)
    outcome = simulate(trace((60, 10.0), (60, 300.0)), BOUNDS, [policy], 100, burst_seconds=burst_seconds)
    assert outcome.frames[60 + 15].capacity >= 300
    assert all(frame.throttled == 0 for frame in outcome.frames[60 + 15 :])


def test_it_comes_back_after_the_cooldown() -> None:
    policy = replace(POLICY, in_cooldown=120.0)
    outcome = simulate(trace((70, 10.0), (60, 300.0), (400, 10.0)), BOUNDS, [policy], 100)
    assert outcome.frames[-1].capacity == 15
    lowered = [change.time for change in outcome.changes if change.after < change.before]
    assert lowered[0] <= START + 70
    assert lowered[1] >= lowered[0] + 120
    assert all(change.cause for change in outcome.changes)


def test_decreases_of_a_day_are_limited_as_a_tables_are() -> None:
    waves = trace(*[(120, 300.0 if at % 2 else 10.0) for at in range(24)])
    outcome = simulate(waves, BOUNDS, [POLICY], 100)
    assert sum(1 for change in outcome.changes if change.after < change.before) == 4
    assert len(outcome.refused) == 1  # the table says when it may be tried again


@given(
    demand=st.lists(st.floats(0, 2000), min_size=1, max_size=200),
    capacity=st.integers(1, 2000),
    burst_seconds=st.sampled_from([0.0, 300.0]),
)
def test_nothing_is_served_that_nobody_asked_for(demand: list[float], capacity: int, burst_seconds: float) -> None:
    outcome = simulate(Trace(START, demand), BOUNDS, [POLICY], capacity, burst_seconds=burst_seconds)
    assert [frame.demand for frame in outcome.frames] == demand
    assert all(0 <= frame.served <= frame.demand for frame in outcome.frames)
    assert all(10 <= frame.capacity <= 1000 for frame in outcome.frames[1:])
    assert 0 <= outcome.throttled_percent <= 100


def test_dynamic_dynamodbs_rules_react_when_their_time_has_come() -> None:
    side = Side(upper_threshold=90, lower_threshold=30, increase_with=100, min_provisioned=10)
    options = Options(write=side, lookback_window_start=1, lookback_period=1)
    policy = DynamicPolicy("d", options, "write", 60.0)
    outcome = simulate(trace((300, 200.0), (600, 10.0)), Bounds(10, 10_000), [policy], 100)
    times = [change.time - START for change in outcome.changes]
    assert times[0] >= 120  # a minute of lookback a minute ago
    assert outcome.changes[0].after >= 200
    assert outcome.frames[-1].capacity < 200


def test_dynamic_dynamodb_lowers_in_its_windows_only() -> None:
    side = Side(lower_threshold=30, min_provisioned=10)
    options = Options(write=side, lookback_window_start=1, lookback_period=1, maintenance_windows=((23 * 60, 1439),))
    outcome = simulate(trace((3600, 10.0)), Bounds(10, 10_000), [DynamicPolicy("d", options, "write", 60.0)], 100)
    assert outcome.changes == []
