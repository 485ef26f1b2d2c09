"""Do the jobs that operations wished for: up to JOBS_MAX at a time, each in a task of its own and under a lease. One of
a kind of which none is done begins even beyond that: long imports keep no backup waiting.

A runner gets its job and works until it is done. It saves its progress as it goes, and after a crash, a failure or a
graceful stop it is called again with what it saved last; so whatever it does between two saves must bear being done
twice. Returning ends the job COMPLETED, unless the runner has finished it itself. JobFailed ends it FAILED,
CancelledJob CANCELLED. Any other exception is logged, and the job tried again after a pause that grows.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from stator.archive.job import CANCELLED, COMPLETED, FAILED, Job
from stator.archive.jobs import LEASE_SECONDS, CancelledJob, JobFailed, Jobs, LeaseLost
from stator.archive.places.failure import ArchiveError
from stator.metrics.metric import JOBS, JOBS_RETRYING, Figure
from stator.services.parts import Parts
from stator.services.supervisor import retry_seconds
from stator.storage.failure import StoreError
from stator.storage.routers.fence import LostTouch

Runner = Callable[[Job], Awaitable[None]]

_log = logging.getLogger(__name__)

JOBS_MAX = 4
PACE_SECONDS = 1.0  # between two looks
_FORGET_SECONDS = 600.0

Name = tuple[str, str, str, str]


class Trouble(NamedTuple):
    """A job that failed for no reason of its own."""

    failures: int  # in a row
    again: float  # when it is tried again


class JobRunner:
    """`run_once` is the duty: it starts what is due and renews leases; it does not wait for the work itself. `close`
    stops what runs and gives up the leases, and whoever comes next goes on from what was saved."""

    def __init__(self, parts: Parts, jobs: Jobs, runners: Mapping[str, Runner]) -> None:
        self._clock = parts.clock
        self._jobs = jobs
        self._runners = runners
        self._running: dict[Name, tuple[Job, asyncio.Task[None]]] = {}
        self._troubles: dict[Name, Trouble] = {}
        self._forget_at = 0.0
        self._closing = False

    @property
    def running(self) -> int:
        return len(self._running)

    async def run_once(self) -> int:
        """Returns how many jobs it started."""
        await self._renew()
        now = self._clock()
        if now >= self._forget_at:
            self._forget_at = now + _FORGET_SECONDS
            await self._jobs.forget_old()
        started = 0
        for job in self._jobs.open():
            if self._closing:
                break
            if not (self._has_room(job.kind) and self._is_due(job, now)):
                continue
            taken = await self._jobs.take(job)
            if taken is not None and not self._closing:
                self._start(taken)
                started += 1
        return started

    async def close(self) -> None:
        """Stop what runs. Takes as long as its shortest step."""
        self._closing = True
        running = list(self._running.values())
        for _, task in running:
            task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)
        for job, _ in running:
            with contextlib.suppress(StoreError):  # then the lease runs out, or the owner is known to be gone
                await self._jobs.release(job)

    def figures(self) -> list[Figure]:
        """How many jobs there are in which state, and how many of them wait for another try."""
        states = Counter((job.kind, job.state) for job in self._jobs.all())
        retrying = Counter(name[0] for name in self._troubles)
        return [Figure(JOBS, labels, count) for labels, count in states.items()] + [
            Figure(JOBS_RETRYING, (kind,), count) for kind, count in retrying.items()
        ]

    async def settle(self) -> None:
        """Return once nothing runs: for tests and tools."""
        while self._running:
            await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)

    def _has_room(self, kind: str) -> bool:
        return len(self._running) < JOBS_MAX or all(name[0] != kind for name in self._running)

    def _is_due(self, job: Job, now: float) -> bool:
        name = _name(job)
        if name in self._running or job.kind not in self._runners:
            return False
        trouble = self._troubles.get(name)
        return trouble is None or trouble.again <= now

    def _start(self, job: Job) -> None:
        task = asyncio.get_running_loop().create_task(self._work(job), name=f"job {job.name}")
        self._running[_name(job)] = (job, task)

    async def _renew(self) -> None:
        now = self._clock()
        for name, (job, task) in list(self._running.items()):
            known = self._jobs.find(*name)
            if known is None or known.finished or known.until - now > LEASE_SECONDS / 2:
                continue
            try:
                await self._jobs.renew(job)
            except LeaseLost:
                task.cancel()

    async def _work(self, job: Job) -> None:
        name = _name(job)
        try:
            await self._run(job)
        except asyncio.CancelledError:
            if not self._closing:
                _log.warning("job %s is another process's now", job.name)
            raise
        except (LeaseLost, LostTouch):
            self._troubles.pop(name, None)  # finished, deleted or somebody else's
        except ArchiveError as error:  # its text says all there is to say
            _log.warning("job %s %s: %s", job.name, self._failed(name), error)
        except Exception:  # noqa: BLE001  whatever it was, others go on and so will this one
            _log.exception("job %s %s", job.name, self._failed(name))
        else:
            self._troubles.pop(name, None)
        finally:
            del self._running[name]

    def _failed(self, name: Name) -> str:
        """Note a failure, and say so."""
        failures = self._troubles.get(name, Trouble(0, 0.0)).failures + 1
        seconds = retry_seconds(PACE_SECONDS, failures)
        self._troubles[name] = Trouble(failures, self._clock() + seconds)
        return f"failed {failures} times in a row; again in {seconds:.0f} s"

    async def _run(self, job: Job) -> None:
        """Have the work done, and write down how it ended. Raises what is to be tried again."""
        state, failure = COMPLETED, None
        try:
            await self._runners[job.kind](job)
        except JobFailed as error:
            _log.warning("job %s failed: %s", job.name, error)
            state, failure = FAILED, (error.code, error.message)
        except CancelledJob:
            state = CANCELLED
        known = self._jobs.find(*_name(job))
        if known is not None and not known.finished:
            await self._jobs.finish(job, state, failure=failure)


def _name(job: Job) -> Name:
    return job.kind, job.account, job.region, job.id
