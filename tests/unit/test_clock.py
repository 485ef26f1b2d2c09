from stator.clock import ManualClock, SteadyClock


def test_a_steady_clock_never_falls_and_never_stands_still() -> None:
    clock = ManualClock(100.0)
    steady = SteadyClock(clock)
    assert steady() == 100.0
    clock.advance(-50)
    assert steady() == 100.0
    clock.advance(10)
    assert steady() == 105.0
    clock.advance(10)
    assert steady() == 110.0
    clock.advance(60)
    assert steady() == 130.0


def test_a_steady_clock_begins_where_it_was() -> None:
    clock = ManualClock(100.0)
    steady = SteadyClock(clock, 200.0)
    assert steady() == 200.0
    clock.advance(150)
    assert steady() == 250.0


def test_a_steady_clock_goes_on_from_where_another_is() -> None:
    clock = ManualClock(100.0)
    steady = SteadyClock(clock)
    steady.reach(110.0)
    assert steady() == 110.0
    clock.advance(4.0)
    assert steady() == 112.0
    steady.reach(50.0)
    assert steady() == 112.0
    clock.advance(20.0)
    assert steady() == 124.0
