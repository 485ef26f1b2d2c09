"""Repeats the background duties: each at its pace, each in a task of its own, none able to hurt another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple

from stator.storage.routers.fence import LostTouch

_log = logging.getLogger(__name__)

RETRY_SECONDS_MIN = 1.0
RETRY_SECONDS_MAX = 60.0
GRACE_SECONDS = 10.0


class Duty(NamedTuple):
    name: str
    run_once: Callable[[], Coroutine[Any, Any, int]]  # returns how much it did; safe to stop between two runs
    pace_seconds: float  # between the end of one run and the start of the next
    eager: bool = False  # no pause after a run that did something
    everywhere: bool = False  # where several routers share a store: each does it, not only the one that leads


class Supervisor:
    """Runs duties from `start` to `close`, on the running loop. A run that fails is logged and tried again, each time
    after twice as long; a run that succeeds resets that. `pause` is how to wait: tests pass one they turn by hand.

    A duty that is nudged does not wait for its pace.
    """

    def __init__(self, duties: Iterable[Duty], pause: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._duties = tuple(duties)
        self._pause = pause
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, asyncio.Future[object]] = {}
        self._nudged: set[str] = set()  # while they ran
        self._stopping = False

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        for duty in self._duties:
            self._tasks[duty.name] = loop.create_task(self._repeat(duty), name=f"duty {duty.name}")

    def nudge(self, name: str) -> None:
        """Let a duty run as soon as it can, because there is something for it to do."""
        if name in self._pauses:
            self._pauses[name].cancel()
        else:
            self._nudged.add(name)

    async def close(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Let runs under way finish and begin no other. Past the grace, runs are cancelled."""
        self._stopping = True
        for pause in self._pauses.values():
            pause.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _repeat(self, duty: Duty) -> None:
        failures = 0
        while not self._stopping:
            self._nudged.discard(duty.name)
            try:
                done = await duty.run_once()
            except LostTouch:  # of which membership tells
                seconds = duty.pace_seconds
            except Exception:  # noqa: BLE001  whatever it was, the duty must go on
                failures += 1
                seconds = retry_seconds(duty.pace_seconds, failures)
                _log.exception("duty %s failed %d times in a row; again in %.0f s", duty.name, failures, seconds)
            else:
                failures = 0
                seconds = duty.pace_seconds
                if duty.name in self._nudged or (duty.eager and done):
                    continue
            await self._rest(duty, seconds)

    async def _rest(self, duty: Duty, seconds: float) -> None:
        if self._stopping:
            return
        pause = asyncio.ensure_future(self._pause(seconds))
        self._pauses[duty.name] = pause
        try:
            await asyncio.wait([pause])
        finally:
            del self._pauses[duty.name]
            pause.cancel()


def retry_seconds(pace_seconds: float, failures: int) -> float:
    """How long to wait after so many failures in a row, but never shorter than the duty's own pace."""
    doubled = max(pace_seconds, RETRY_SECONDS_MIN) * 2.0 ** min(failures - 1, 10)
    return max(pace_seconds, min(doubled, RETRY_SECONDS_MAX))
