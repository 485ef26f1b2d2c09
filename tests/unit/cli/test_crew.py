"""Threads side by side: all done, one failed, or stopped."""

import os
import signal
import threading

import pytest

from stator.cli.complaint import Complaint, Interrupted
from stator.cli.crew import Crew


def test_all_are_run_and_the_end_is_told() -> None:
    done: list[int] = []
    ticks: list[int] = []
    Crew().run([lambda: done.append(1), lambda: done.append(2)], lambda: ticks.append(len(done)))
    assert sorted(done) == [1, 2]
    assert ticks[-1] == 2


def test_a_failure_stops_the_others_and_is_raised() -> None:
    crew = Crew()

    def fail() -> None:
        raise Complaint("no")

    def wait() -> None:
        assert crew.stop.wait(20)
        raise Interrupted("stopped")  # as a client does that is asked to stop

    with pytest.raises(Complaint, match="no"):
        crew.run([wait, fail, wait])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_let_each_finish_its_step(number: signal.Signals) -> None:
    crew = Crew()
    before = signal.getsignal(signal.SIGTERM)
    finished: list[bool] = []
    begun = threading.Event()

    def work() -> None:
        begun.set()
        finished.append(crew.stop.wait(20))

    def send() -> None:
        begun.wait(20)
        os.kill(os.getpid(), number)
        crew.stop.wait(20)

    with pytest.raises(Interrupted):
        crew.run([work, send])
    assert finished == [True]
    assert signal.getsignal(signal.SIGTERM) is before
