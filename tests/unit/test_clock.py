from stator.clock import ManualClock, SteadyClock


def test_a_steady_clock_never_falls() -> None:
    clock = ManualClock(100.0)
    steady = SteadyClock(clock)
    assert steady() == 100.0
    clock.advance(-50)
    assert steady() == 100.0
    clock.advance(60)
    assert steady() == 110.0
