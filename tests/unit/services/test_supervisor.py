"""Duties under a clock turned by hand."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from stator.services.supervisor import Duty, Supervisor, retry_seconds


class HandPause:
    """Every wait is written down and ends when `turn` says so."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._waiting: list[asyncio.Future[None]] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def turn(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Work:
    def __init__(self, *outcomes: Exception | int) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0

    async def __call__(self) -> int:
        self.runs += 1
        outcome = self.outcomes.pop(0) if self.outcomes else 0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_each_duty_at_its_pace() -> None:
    async def scene() -> None:
        pause, first, second = HandPause(), Work(), Work(3)
        supervisor = Supervisor([Duty("first", first, 5.0), Duty("second", second, 0.5)], pause)
        supervisor.start()
        await settle()
        assert (first.runs, second.runs, sorted(pause.asked)) == (1, 1, [0.5, 5.0])
        await pause.turn()
        assert (first.runs, second.runs) == (2, 2)
        await supervisor.close()
        assert (first.runs, second.runs) == (2, 2)

    run(scene())


def test_failures_back_off_and_are_told(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        pause, work, healthy = HandPause(), Work(KeyError("x"), OSError("y"), 1, ValueError("z")), Work()
        supervisor = Supervisor([Duty("shaky", work, 2.0), Duty("healthy", healthy, 9.0)], pause)
        supervisor.start()
        await settle()
        for _ in range(4):
            await pause.turn()
        assert [seconds for seconds in pause.asked if seconds != 9.0] == [2.0, 4.0, 2.0, 2.0, 2.0]
        assert healthy.runs == 5
        await supervisor.close()

    run(scene())
    assert caplog.text.count("duty shaky failed") == 3
    assert "duty shaky failed 2 times in a row; again in 4 s" in caplog.text


@pytest.mark.parametrize(
    ("pace", "failures", "seconds"),
    [(0.1, 1, 1.0), (0.1, 3, 4.0), (5.0, 4, 40.0), (5.0, 5000, 60.0), (300.0, 9, 300.0)],
)
def test_retry_seconds(pace: float, failures: int, seconds: float) -> None:
    assert retry_seconds(pace, failures) == seconds


def test_a_run_under_way_is_finished() -> None:
    async def scene() -> None:
        gate, finished = asyncio.Event(), []

        async def work() -> int:
            await gate.wait()
            finished.append(True)
            return 1

        supervisor = Supervisor([Duty("long", work, 1.0)], HandPause())
        supervisor.start()
        await settle()
        closing = asyncio.ensure_future(supervisor.close())
        await settle()
        assert not closing.done()
        gate.set()
        await closing
        assert finished == [True]

    run(scene())


def test_past_the_grace_a_run_is_cut() -> None:
    async def scene() -> None:
        cut = []

        async def work() -> int:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cut.append(True)
                raise
            return 0

        supervisor = Supervisor([Duty("endless", work, 1.0)], HandPause())
        supervisor.start()
        await settle()
        await supervisor.close(grace_seconds=0.0)
        assert cut == [True]

    run(scene())


def test_closing_twice_or_unstarted_is_harmless() -> None:
    async def scene() -> None:
        supervisor = Supervisor([Duty("idle", Work(), 1.0)], HandPause())
        await supervisor.close()
        await supervisor.close()

    run(scene())


def test_a_nudge_ends_the_pause() -> None:
    async def scene() -> None:
        pause, first, second = HandPause(), Work(), Work()
        supervisor = Supervisor([Duty("first", first, 5.0), Duty("second", second, 5.0)], pause)
        supervisor.start()
        await settle()
        supervisor.nudge("first")
        await settle()
        assert (first.runs, second.runs) == (2, 1)
        await pause.turn()  # the pause that was cut short is no second nudge
        assert (first.runs, second.runs) == (3, 2)
        await supervisor.close()

    run(scene())


def test_a_nudge_during_a_run_asks_for_another() -> None:
    async def scene() -> None:
        gate, runs = asyncio.Event(), []

        async def work() -> int:
            runs.append(1)
            await gate.wait()
            return 0

        pause = HandPause()
        supervisor = Supervisor([Duty("busy", work, 5.0)], pause)
        supervisor.start()
        await settle()
        supervisor.nudge("busy")
        supervisor.nudge("busy")
        gate.set()
        await settle()
        assert (len(runs), pause.asked) == (2, [5.0])
        await supervisor.close()

    run(scene())


def test_an_eager_duty_goes_on_while_there_is_something_to_do() -> None:
    async def scene() -> None:
        pause, work = HandPause(), Work(3, 1, OSError("x"), 2)
        supervisor = Supervisor([Duty("eager", work, 5.0, eager=True)], pause)
        supervisor.start()
        await settle()
        assert (work.runs, pause.asked) == (3, [5.0])  # a failure waits
        await pause.turn()
        assert (work.runs, pause.asked) == (5, [5.0, 5.0])
        await supervisor.close()

    run(scene())
