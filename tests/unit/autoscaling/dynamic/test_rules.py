"""Dynamic DynamoDB's rules: which capacity follows from what was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.autoscaling.dynamic.options import Options, Side
from stator.autoscaling.dynamic.rules import (
    Measured,
    decide,
    in_maintenance,
    measure,
    only_increases,
    together,
)

SIDE = Side()


def seen(
    provisioned: int, percent: float, throttled: float = 0, by_provisioned: float = 0, by_consumed: float = 0
) -> Measured:
    return Measured(provisioned, percent, throttled, by_provisioned, by_consumed)


@pytest.mark.parametrize(
    ("side", "measured", "units"),
    [
        (SIDE, seen(100, 90), 100),  # reached is not exceeded
        (SIDE, seen(100, 91), 150),
        (SIDE, seen(100, 140), 210),  # from what is consumed
        (SIDE, seen(101, 91), 152),  # rounded up
        (replace(SIDE, increase_unit="units", increase_with=7), seen(100, 95), 107),
        (replace(SIDE, increase_unit="units", increase_with=7), seen(100, 150), 157),
        (replace(SIDE, increase_consumed_with=10), seen(100, 95), 110),
        (replace(SIDE, increase_consumed_unit="units"), seen(100, 95), 150),
        (replace(SIDE, max_provisioned=120), seen(100, 95), 120),
        (replace(SIDE, up_scaling=False), seen(100, 95), 100),
        (replace(SIDE, autoscaling=False), seen(100, 5), 100),
        (replace(SIDE, throttled_upper_threshold=10), seen(100, 50, throttled=10), 100),
        (replace(SIDE, throttled_upper_threshold=10), seen(100, 50, throttled=11), 150),
        (replace(SIDE, increase_consumed_scale=((0, 0), (50, 10), (90, 100))), seen(100, 60), 110),
        (replace(SIDE, increase_consumed_scale=((0, 0), (50, 10), (90, 100))), seen(100, 400), 800),
        (replace(SIDE, increase_consumed_scale=((200, 10),)), seen(100, 95), 100),
        (replace(SIDE, increase_throttled_by_consumed_scale=((5, 20),)), seen(100, 50, by_consumed=6), 120),
        (
            replace(
                SIDE,
                increase_throttled_by_provisioned_scale=((5, 20),),
                increase_throttled_by_provisioned_unit="units",
                increase_throttled_by_consumed_scale=((5, 90),),
            ),
            seen(100, 50, by_provisioned=6, by_consumed=6),
            190,  # the largest wins
        ),
        (SIDE, seen(100, 30), 100),  # reached is not below
        (SIDE, seen(100, 29), 50),
        (SIDE, seen(3, 20), 2),  # rounded down
        (SIDE, seen(1, 20), 1),
        (SIDE, seen(100, 0), 100),
        (replace(SIDE, scaling_down_on_0_percent=True), seen(100, 0), 50),
        (replace(SIDE, min_provisioned=80), seen(100, 20), 80),
        (replace(SIDE, down_scaling=False), seen(100, 20), 100),
        (replace(SIDE, decrease_unit="units", decrease_with=30), seen(100, 20), 70),
        (replace(SIDE, decrease_consumed_scale=((10, 60), (25, 20))), seen(100, 20), 80),
        (replace(SIDE, decrease_consumed_scale=((10, 60), (25, 20))), seen(100, 10), 40),
        (replace(SIDE, decrease_consumed_scale=((10, 60), (25, 20))), seen(100, 29), 100),
        (replace(SIDE, throttled_upper_threshold=5), seen(100, 20, throttled=6), 150),
        (replace(SIDE, throttled_upper_threshold=5, up_scaling=False), seen(100, 20, throttled=6), 100),
        (replace(SIDE, decrease_with=90), seen(100, 20), 100),  # 10 would be less than is consumed
        (replace(SIDE, min_provisioned=200), seen(100, 50), 200),
        (replace(SIDE, max_provisioned=50), seen(100, 40), 50),
        (replace(SIDE, max_provisioned=50), seen(100, 60), 100),  # consumption is above it
    ],
)
def test_units(side: Side, measured: Measured, units: int) -> None:
    verdict = decide(side, measured, 0)
    assert verdict.units == units
    assert verdict.reason


def test_lowering_waits_for_so_many_checks() -> None:
    side = replace(SIDE, checks_before_scale_down=3)
    first = decide(side, seen(100, 20), 0)
    second = decide(side, seen(100, 20), first.checks)
    assert (first.units, first.checks, second.units, second.checks) == (100, 1, 100, 2)
    assert decide(side, seen(100, 50), second.checks).checks == 2  # neither for nor against
    assert decide(side, seen(100, 95), second.checks).checks == 0
    third = decide(side, seen(100, 20), second.checks)
    assert (third.units, third.checks) == (50, 0)


def test_consumption_starts_the_count_anew() -> None:
    side = replace(SIDE, checks_before_scale_down=3, checks_reset_percent=40)
    assert decide(side, seen(100, 39), 2).checks == 2
    assert decide(side, seen(100, 40), 2).checks == 0


def test_percentages_are_of_rates() -> None:
    found = measure(100, consumed=15_000, throttled=3000, seconds=300)
    assert found == Measured(100, 50.0, 3000, 10.0, 20.0)
    assert measure(100, 0, 0, 300) == Measured(100, 0.0, 0, 0.0, 0.0)
    assert measure(0, 10, 0, 300).consumed_percent == 0


def test_reads_and_writes_go_down_together() -> None:
    options = Options(always_decrease_rw_together=True)
    assert together(options, (10, 10), (5, 10)) == (10, 10)
    assert together(options, (10, 10), (5, 20)) == (10, 20)
    assert together(options, (10, 10), (5, 5)) == (5, 5)
    assert together(options, (10, 1), (5, 1)) == (5, 1)  # the other is as low as it may be
    assert together(Options(), (10, 10), (5, 10)) == (5, 10)
    at_minimum = replace(options, write=Side(min_provisioned=10))
    assert together(at_minimum, (10, 10), (5, 10)) == (5, 10)


def test_windows_include_their_last_minute() -> None:
    options = Options(maintenance_windows=((1320, 1439), (0, 360)))
    assert [in_maintenance(options, minute) for minute in (1319, 1320, 1439, 0, 360, 361)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    assert in_maintenance(Options(), 700)


SIDES = st.builds(
    Side,
    upper_threshold=st.floats(1, 200),
    lower_threshold=st.floats(1, 200),
    increase_with=st.floats(1, 500),
    decrease_with=st.floats(1, 100),
    increase_unit=st.sampled_from(["percent", "units"]),
    decrease_unit=st.sampled_from(["percent", "units"]),
    scaling_down_on_0_percent=st.booleans(),
    min_provisioned=st.none() | st.integers(1, 50),
    max_provisioned=st.none() | st.integers(50, 1000),
)


@given(SIDES, st.integers(1, 2000), st.floats(0, 400))
def test_it_stays_within_bounds_and_above_consumption(side: Side, provisioned: int, percent: float) -> None:
    verdict = decide(side, seen(provisioned, percent), 0)
    assert verdict.units >= 1
    if verdict.units != provisioned:
        assert side.min_provisioned is None or verdict.units >= side.min_provisioned
        assert side.max_provisioned is None or verdict.units <= side.max_provisioned
        assert verdict.units >= int(provisioned * percent / 100)


def test_only_increases() -> None:
    assert only_increases((5, 5), (3, 8)) == (5, 8)
