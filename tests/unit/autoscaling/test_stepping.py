"""Steps by how far an alarm's metric is past its threshold."""

import pytest

from stator.autoscaling.load import Load
from stator.autoscaling.policy import Memory, Situation
from stator.autoscaling.stepping import CHANGE, EXACT, PERCENT, Step, StepScaling

STEPS = (Step(0, 10, 10), Step(10, None, 50), Step(-10, 0, -10), Step(None, -10, -50))


def wish(policy: StepScaling, breach: float | None, capacity: int = 100, memory: Memory | None = None) -> int:
    breaches = {} if breach is None else {policy.name: breach}
    return policy.wish(Situation(1000.0, "read", capacity, Load(0.0), memory or Memory(), breaches)).capacity


@pytest.mark.parametrize(
    "breach, percent, change, exact",
    [
        (0, 110, 110, 10),
        (9.9, 110, 110, 10),
        (10, 150, 150, 50),
        (1e9, 150, 150, 50),
        (-5, 90, 90, 1),
        (-10, 50, 50, 1),
        (-11, 50, 50, 1),
        (None, 100, 100, 100),
    ],
)
def test_steps(breach: float | None, percent: int, change: int, exact: int) -> None:
    for kind, expected in ((PERCENT, percent), (CHANGE, change), (EXACT, exact)):
        assert wish(StepScaling("p", kind, STEPS), breach) == expected


def test_percents_are_rounded_as_the_service_does() -> None:
    policy = StepScaling("p", PERCENT, (Step(0, None, 17), Step(None, 0, -17)))
    assert wish(policy, 1, capacity=3) == 4
    assert wish(policy, -1, capacity=3) == 2
    assert wish(policy, 1, capacity=40) == 46  # 6.8
    assert wish(policy, -1, capacity=40) == 34
    assert wish(policy, -1, capacity=1) == 1


def test_the_least_change_by_percents() -> None:
    policy = StepScaling("p", PERCENT, (Step(0, None, 10), Step(None, 0, -10)), magnitude_min=4)
    assert wish(policy, 1, capacity=10) == 14
    assert wish(policy, -1, capacity=10) == 6


def test_no_step_for_a_breach() -> None:
    assert wish(StepScaling("p", CHANGE, (Step(5, None, 1),)), 2) == 100


def test_an_alarm_that_stays_is_heeded_again_after_the_cooldown() -> None:
    policy = StepScaling("p", CHANGE, (Step(0, None, 1),), cooldown=120)
    assert wish(policy, 1, memory=Memory(out_at=900.0)) == 100
    assert wish(policy, 1, memory=Memory(out_at=880.0)) == 101
    assert wish(policy, 1, memory=Memory(in_at=999.0)) == 101
    assert wish(StepScaling("p", CHANGE, (Step(0, None, 1),)), 1, memory=Memory(out_at=950.0)) == 100
