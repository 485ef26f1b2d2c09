"""What becomes of several wishes."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.autoscaling.decision import AT_MAX, AT_MIN, Bounds, Decision, decide
from stator.autoscaling.load import Load
from stator.autoscaling.policy import Memory, Situation, Wish


@dataclass(frozen=True)
class Wisher:
    """A policy that wants what it is told to."""

    name: str
    capacity: int
    votes_on_scale_in: bool = True

    def wish(self, situation: Situation) -> Wish:
        return Wish(self.capacity, f"{self.capacity} it is")


def outcome(bounds: Bounds, *wishes: Wisher, capacity: int = 10) -> Decision:
    return decide(bounds, wishes, Situation(0.0, "read", capacity, Load(0.0)))


WIDE = Bounds(1, 100)


def test_the_largest_increase_wins() -> None:
    assert outcome(WIDE, Wisher("a", 5), Wisher("b", 30), Wisher("c", 20)) == Decision(30, "policy b: 30 it is")


def test_a_decrease_needs_everybody_who_votes() -> None:
    assert outcome(WIDE, Wisher("a", 5), Wisher("b", 10)).capacity == 10
    assert outcome(WIDE, Wisher("a", 5), Wisher("b", 7)) == Decision(7, "policy b: 7 it is")
    assert outcome(WIDE, Wisher("a", 5), Wisher("b", 10, votes_on_scale_in=False)).capacity == 5
    assert outcome(WIDE, Wisher("b", 5, votes_on_scale_in=False)).capacity == 10


def test_bounds_cut_off_and_say_so() -> None:
    assert outcome(Bounds(1, 20), Wisher("a", 30)) == Decision(
        20, "policy a: 30 it is; 30 are wanted and the maximum is 20"
    )
    assert outcome(Bounds(8, 20), Wisher("a", 3)) == Decision(8, "policy a: 3 it is; 3 are enough and the minimum is 8")


def test_at_a_bound_the_wish_is_kept_from_coming_true() -> None:
    at_max, at_min = outcome(Bounds(1, 10), Wisher("a", 30)), outcome(Bounds(10, 20), Wisher("a", 3))
    assert (at_max.capacity, at_max.not_scaled) == (10, AT_MAX)
    assert (at_min.capacity, at_min.not_scaled) == (10, AT_MIN)


def test_what_is_suspended_does_not_happen() -> None:
    assert outcome(Bounds(1, 100, out_suspended=True), Wisher("a", 30)) == Decision(10)
    assert outcome(Bounds(1, 100, in_suspended=True), Wisher("a", 3)) == Decision(10)


def test_policies_keep_a_capacity_within_its_bounds() -> None:
    assert outcome(Bounds(20, 30), Wisher("a", 10)) == Decision(20, "minimum capacity is 20 and the capacity was 10")
    assert outcome(Bounds(1, 5), Wisher("a", 10)) == Decision(5, "maximum capacity is 5 and the capacity was 10")
    assert outcome(Bounds(20, 100), Wisher("a", 50)).capacity == 50


def test_without_policies_only_what_is_forced_happens() -> None:
    assert outcome(Bounds(20, 30)) == Decision(10)
    assert outcome(Bounds(20, 30, forced="")) == Decision(20, "minimum capacity was set to 20")
    by_action = Bounds(1, 5, forced=" by scheduled action night")
    assert outcome(by_action) == Decision(5, "maximum capacity was set to 5 by scheduled action night")


def test_notes_of_other_policies_stay() -> None:
    class Noting(Wisher):
        def wish(self, situation: Situation) -> Wish:
            return Wish(10, "", {"checks": 2.0})

    memory = Memory(notes={"a.checks": 1.0, "a.gone": 1.0, "b.checks": 7.0})
    decision = decide(WIDE, [Noting("a", 10), Wisher("b", 10)], Situation(0.0, "read", 10, Load(0.0), memory))
    assert decision.notes == {"a.checks": 2.0, "b.checks": 7.0}


@given(
    capacity=st.integers(1, 1000),
    minimum=st.integers(1, 1000),
    span=st.integers(0, 1000),
    wishes=st.lists(st.tuples(st.integers(1, 2000), st.booleans()), min_size=1, max_size=4),
)
@pytest.mark.parametrize("suspended", [False, True])
def test_the_outcome_is_within_bounds(
    suspended: bool, capacity: int, minimum: int, span: int, wishes: list[tuple[int, bool]]
) -> None:
    bounds = Bounds(minimum, minimum + span, in_suspended=suspended, out_suspended=suspended)
    policies = [Wisher(f"p{at}", units, votes) for at, (units, votes) in enumerate(wishes)]
    decision = outcome(bounds, *policies, capacity=capacity)
    assert minimum <= decision.capacity <= minimum + span
    assert decision.capacity == capacity or decision.cause
