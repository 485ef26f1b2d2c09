"""Token buckets: in the long run exactly the rate, whatever operations cost and whenever they come."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.clock import ManualClock
from stator.metrics.bucket import KEY_RANGE, KEYS_MAX, PROVISIONED, Bucket, Budget, KeyRates

RATES = st.floats(1, 40_000)
STEPS = st.lists(st.tuples(st.floats(0, 400), st.floats(0.5, 800)), max_size=60)  # seconds passed, units wanted


def _play(bucket: Bucket, steps: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Each step asks once; returns what was let in, the largest of it, and the time."""
    now = let_in = largest = 0.0
    for seconds, units in steps:
        now += seconds
        if bucket.fill(now) > 0:
            bucket.take(units, now)
            let_in += units
            largest = max(largest, units)
    return let_in, largest, now


@given(RATES, STEPS)
def test_no_more_is_let_in_than_burst_and_rate_and_one_debt(rate: float, steps: list[tuple[float, float]]) -> None:
    let_in, largest, now = _play(Bucket(PROVISIONED, rate, 300.0, 0.0), steps)
    assert let_in <= rate * (300.0 + now) + largest + 1e-6 * (1 + let_in)


@given(RATES, STEPS)
def test_the_level_stays_between_a_debt_and_the_capacity(rate: float, steps: list[tuple[float, float]]) -> None:
    bucket = Bucket(PROVISIONED, rate, 300.0, 0.0)
    _, largest, now = _play(bucket, steps)
    assert -largest <= bucket.fill(now) <= bucket.capacity


@given(RATES, st.lists(st.floats(0, 10_000), min_size=1, max_size=20))
def test_how_often_it_is_filled_makes_no_difference(rate: float, times: list[float]) -> None:
    often, once = Bucket(PROVISIONED, rate, 300.0, 0.0), Bucket(PROVISIONED, rate, 300.0, 0.0)
    for bucket in (often, once):
        bucket.take(rate * 1000, 0.0)
    for now in sorted(times):
        often.fill(now)
    assert often.level == pytest.approx(once.fill(max(times)), rel=1e-9, abs=1e-6 * rate)


@given(RATES, RATES, st.floats(0, 400))
def test_a_change_of_the_rate_brings_no_units(before: float, after: float, seconds: float) -> None:
    bucket = Bucket(PROVISIONED, before, 300.0, 0.0)
    bucket.take(before * 200, 0.0)
    level = bucket.fill(seconds)
    bucket.change(after, 300.0, seconds)
    assert bucket.level == min(level, after * 300)
    expected = min(bucket.level + 7 * after, after * 300)
    assert bucket.fill(seconds + 7) == pytest.approx(expected)


@given(st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_a_clock_that_goes_to_and_fro_brings_no_more_than_the_way_forward(times: list[float]) -> None:
    bucket = Bucket(PROVISIONED, 1.0, 300.0, 0.0)
    bucket.take(1e9, 0.0)
    forward = 0.0
    for before, now in pairwise([0.0, *times]):
        bucket.fill(now)
        forward += max(0.0, now - before)
    assert bucket.level <= -1e9 + 300 + forward + 1.0


def test_a_level_that_was_written_down_goes_on_from_its_time() -> None:
    bucket = Bucket(PROVISIONED, 10.0, 300.0, 1000.0)
    bucket.restore(-50.0, 990.0, 1000.0)
    assert bucket.level == 50.0
    bucket.restore(5000.0, 1000.0, 1000.0)
    assert bucket.level == bucket.capacity
    bucket.restore(7.0, 2000.0, 1000.0)  # by a clock that is ahead
    assert bucket.level == 7.0


def test_a_budget_names_the_bucket_that_is_empty_and_counts_what_is_pending() -> None:
    clock = ManualClock(0.0)
    maximum, shared = Bucket("Max", 1.0, 10.0, 0.0), Bucket("Account", 5.0, 1.0, 0.0)
    budget = Budget((maximum, shared), None, clock)
    assert budget.refusal(b"k") is None
    assert budget.refusal(b"k", 4.9) is None
    assert budget.refusal(b"k", 5.0) == "Account"
    budget.charge(7.0, b"k")
    assert (maximum.level, shared.level, budget.spent) == (3.0, -2.0, 7.0)
    clock.advance(0.4)
    assert budget.refusal(b"k") == "Account"
    clock.advance(0.1)
    assert budget.refusal(b"k") is None
    budget.take(4.0)
    assert budget.refusal(b"k") == "Max"
    assert budget.spent == 7.0


@given(RATES, STEPS, st.sampled_from([None, b"k"]))
def test_who_finds_it_open_would_be_let_in(rate: float, steps: list[tuple[float, float]], key: bytes | None) -> None:
    clock = ManualClock(0.0)
    budget = Budget((Bucket(PROVISIONED, rate, 300.0, 0.0),), KeyRates(rate), clock)
    for seconds, units in steps:
        clock.advance(seconds / 400)
        refusal = budget.refusal(key)
        assert not (budget.open and refusal)
        if refusal is None:
            budget.charge(units, key)
            assert budget.open == (budget.buckets[0].level > 0 and budget.refusal(b"k") is None)


@given(RATES, st.lists(st.tuples(st.floats(0, 1), st.floats(0.5, 30)), max_size=60), st.booleans())
def test_what_is_owed_for_a_moment_makes_next_to_no_difference(
    rate: float, steps: list[tuple[float, float]], full: bool
) -> None:
    clock = ManualClock(0.0)
    lazy, exact = (Budget((Bucket(PROVISIONED, rate, 300.0, 0.0),), KeyRates(1000.0), clock) for _ in range(2))
    for budget in (lazy, exact):
        budget.lower(rate * (300.0 if full else 2.0))
    for seconds, units in steps:
        clock.advance(seconds)
        lazy.charge(units, b"k")
        exact.charge(units, b"k")
        exact.settle()
    # Refilling ends at the capacity, so what a full bucket is owed may be lost: a twentieth of a second's worth.
    assert lazy.spent == pytest.approx(exact.spent)
    left, expected = lazy.level, exact.level
    assert left is not None
    assert expected is not None
    assert expected - 0.05 * rate - 1e-6 * rate <= left <= expected + 1e-6 * rate


def test_most_charges_are_added_up_and_none_where_little_is_left() -> None:
    clock = ManualClock(0.0)
    bucket = Bucket(PROVISIONED, 100.0, 300.0, 0.0)
    budget = Budget((bucket,), None, clock)
    budget.charge(1.0, b"k")
    assert bucket.level == 29_999.0
    for _ in range(5):
        budget.charge(1.0, b"k")
    assert (bucket.level, budget.owed, budget.spent) == (29_999.0, 5.0, 6.0)
    budget.charge(1.0, b"k")
    assert (bucket.level, budget.owed, budget.spent) == (29_993.0, 0.0, 7.0)
    budget.charge(1.0, b"k")
    budget.charge(1.0, None)  # no key's: nothing of it may wait to be charged to one
    assert (bucket.level, budget.owed) == (29_991.0, 0.0)
    budget.lower(2.0)
    for left in (1.0, 0.0, -1.0):
        budget.charge(1.0, b"k")
        assert (bucket.level, budget.owed, budget.open) == (left, 0.0, left > 0)


def _open(budget: Budget) -> bool:
    return budget.open


def test_what_another_process_took_and_what_is_shared_has_to_be_asked_for() -> None:
    clock = ManualClock(0.0)
    alone = Budget((Bucket(PROVISIONED, 10.0, 300.0, 0.0),), None, clock)
    assert not _open(alone)  # nobody knows yet
    alone.charge(1.0, None)
    assert _open(alone)
    alone.take(5000.0)
    assert not _open(alone)
    shared = Budget((Bucket("Max", 10.0, 300.0, 0.0), Bucket("Account", 10.0, 1.0, 0.0)), None, clock)
    shared.charge(1.0, None)
    assert not _open(shared)
    alone.lower(7.0)
    assert alone.buckets[0].level == 2999.0 - 5000.0
    clock.advance(300)
    alone.charge(1.0, None)
    assert _open(alone)
    alone.lower(-1.0)
    assert not _open(alone)
    assert alone.buckets[0].level == -1.0


def _drive(keys: KeyRates, demand: dict[bytes, float], seconds: int) -> dict[bytes, float]:
    """Ask for so many units a second of each key, one at a time and evenly; returns what was let in."""
    served = dict.fromkeys(demand, 0.0)
    for tick in range(seconds * 100):
        now = tick / 100
        for key, wanted in demand.items():
            for _ in range(round(wanted / 100)):
                if not keys.refuses(key, now):
                    keys.charge(key, 1.0, now)
                    served[key] += 1
    return served


def test_a_hot_key_is_held_to_its_limit_and_others_are_not_held_at_all() -> None:
    served = _drive(KeyRates(1000.0), {b"hot": 3000, b"warm": 900, b"cool": 100}, 60)
    assert served[b"hot"] == pytest.approx(60_000, rel=0.03)  # it may have a second's worth at once
    assert served[b"warm"] == 54_000
    assert served[b"cool"] == 6_000


def test_as_much_as_the_limit_over_many_keys_is_nobodys_matter() -> None:
    keys = KeyRates(1000.0)
    demand = {str(number).encode(): 100.0 for number in range(20)}
    assert sum(_drive(keys, demand, 10).values()) == 20_000


def test_keys_without_a_debt_take_no_room() -> None:
    keys = KeyRates(1000.0)
    most = 0
    for number in range(50_000):
        keys.charge(str(number).encode(), 1.0, number / 10_000)  # 10,000 a second, each key once
        most = max(most, len(keys.full_at))
    assert 0 < most <= KEYS_MAX + 1


@pytest.mark.parametrize("large", [1.0, 8.0, 400.0])
def test_what_a_large_operation_overdraws_its_key_pays_back(large: float) -> None:
    keys = KeyRates(1000.0)
    served, now = 0.0, 0.0
    while now < 600.0:
        if not keys.refuses(b"k", now):
            keys.charge(b"k", large, now)
            served += large
        now += large / 2000.0
    assert served == pytest.approx(600_000, rel=0.01)


def test_a_clock_set_back_does_not_lock_a_key_out() -> None:
    keys = KeyRates(1000.0)
    for _ in range(5000):
        keys.charge(b"k", 1.0, 1e9)
    assert keys.refuses(b"k", 1e9)
    assert not keys.refuses(b"k", 1e9 - 10_000)
    keys.charge(b"k", 1.0, 1e9 - 10_000)
    assert not keys.refuses(b"k", 1e9 - 10_000)


def test_a_budget_refuses_a_hot_key_and_lets_others_in() -> None:
    budget = Budget((Bucket(PROVISIONED, 10_000.0, 300.0, 0.0),), KeyRates(1000.0), ManualClock(0.0))
    for _ in range(3000):
        budget.charge(1.0, b"hot")
    assert budget.refusal(b"hot") == KEY_RANGE
    assert not budget.open
    assert budget.refusal(b"other") is None
    assert budget.refusal(None) is None  # a scan reads no single key
