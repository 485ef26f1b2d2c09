"""The jobs of a store, open and finished, and who works on which.

A copy of all rows is kept in memory, as of table definitions. A job is worked on under a lease: `take` gives it to this
process for LEASE_SECONDS, each `save` and `renew` for as long again, and a process that lost it writes no more.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec.structs import replace

from stator.archive import job as jobs
from stator.archive.job import CANCELLED, CANCELLING, COMPLETED, FAILED, Job, decode
from stator.clock import Clock
from stator.limits import DAY_SECONDS
from stator.storage.rows import rows_of
from stator.storage.store import Change, Key, Put, Row, Store

LEASE_SECONDS = 30.0
KEPT_SECONDS = {"export": 90 * DAY_SECONDS, "import": 90 * DAY_SECONDS, "bulk": 90 * DAY_SECONDS}
"""How long finished jobs are told of, by kind; others for a day."""

Name = tuple[str, str, str, str]  # kind, account, region and id


class LeaseLost(Exception):
    """Another process works on the job now, or it is finished or gone."""


class JobFailed(Exception):
    """What a runner raises to end its job FAILED."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class CancelledJob(Exception):
    """What a runner raises to end its job CANCELLED."""


class Jobs:
    """`owner` tells this process from all others. `is_gone` tells whether the owner of a lease that is not this one's
    is dead, so that its job may be taken at once. Others may write jobs too: `take_up` follows what they do, and they
    must share `beginning`.

    `load` comes first. `changes` grows with each change; `watch` has somebody called with the job of each.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        owner: str,
        *,
        is_gone: Callable[[str], bool] = lambda owner: True,
        beginning: AbstractAsyncContextManager[None] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.owner = owner
        self._is_gone = is_gone
        self._jobs: dict[Name, Job] = {}
        self._watchers: list[Callable[[Job], None]] = []
        self.changes = 0
        # For operations with a ClientToken: held from the look for a job that has it until the new one can be found.
        self.beginning = beginning or asyncio.Lock()

    async def load(self, store: Store | None = None) -> None:
        """Read every job anew."""
        found = [decode(row.value) for row in await rows_of(store or self._store, 0, jobs.PARTITION)]
        self._jobs = {_name(job): job for job in found}
        self.changes += 1

    async def take_up(self, store: Store, keys: Sequence[Key] | None) -> None:
        """Follow what was done to these rows; None: to any. Reads from `store`."""
        if keys is None:
            await self.load(store)
            return
        wanted = [key for key in keys if key.partition == jobs.PARTITION]
        for key, row in zip(wanted, await store.get(wanted) if wanted else (), strict=True):
            if row is not None:
                self._follow(decode(row.value))
            elif (name := _name_in(key)) in self._jobs:
                self._announce(self._jobs.pop(name))

    def watch(self, watcher: Callable[[Job], None]) -> None:
        """Call `watcher` with the job after each change but renewals of its lease."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[Job], None]) -> None:
        self._watchers.remove(watcher)

    def find(self, kind: str, account: str, region: str, id: str) -> Job | None:
        return self._jobs.get((kind, account, region, id))

    def all(self) -> list[Job]:
        return sorted(self._jobs.values(), key=_age)

    def open(self) -> list[Job]:
        """Those that are not finished, the oldest first."""
        return sorted((job for job in self._jobs.values() if not job.finished), key=_age)

    def list(self, kind: str, account: str, region: str) -> list[Job]:
        """Those of a kind, open and finished, the oldest first."""
        return sorted((job for name, job in self._jobs.items() if name[:3] == (kind, account, region)), key=_age)

    def held_spaces(self) -> set[int]:
        """The spaces of open jobs, which nobody may drop."""
        return {space for job in self._jobs.values() if not job.finished for space in job.spaces}

    def put(self, job: Job) -> Put:
        """The row of a new job, to go with another commit; `note` the job once that is done."""
        return jobs.put(self._dated(job))

    def note(self, job: Job) -> Job:
        """Take up a job that a commit has written."""
        job = self._dated(job)
        self._remember(job)
        return job

    async def add(self, job: Job) -> Job:
        """Write a new job by itself."""
        job = self._dated(job)
        put = jobs.put(job)
        await self._store.transact([put.key], lambda rows: Change(puts=[put]))
        self._remember(job)
        return job

    async def take(self, job: Job) -> Job | None:
        """The job with this process's lease; None when another process works on it, or nobody has to any more."""

        def edit(now: Job) -> Job:
            if now.owner not in (None, self.owner) and now.until > self._clock() and not self._is_gone(now.owner):
                raise LeaseLost(now.name)
            return self._leased(now)

        try:
            return await self._change(job, edit)
        except LeaseLost:
            return None

    async def renew(self, job: Job) -> Job:
        """The job with a lease from now on. Raises LeaseLost."""
        return await self._change(job, lambda now: self._leased(self._mine(now)), quiet=True)

    async def save(self, job: Job, **progress: Any) -> Job:
        """Write down how far the job is, members of `progress` beside those there are; renews the lease. The answer
        tells whether it is `cancelling`. Raises LeaseLost."""

        def edit(now: Job) -> Job:
            after = self._leased(self._mine(now))
            return replace(after, progress=after.progress | progress, updated=self._clock())

        return await self._change(job, edit)

    async def finish(
        self, job: Job, state: str = COMPLETED, *, failure: tuple[str, str] | None = None, **progress: Any
    ) -> Job:
        """End the job COMPLETED, FAILED (with its code and message) or CANCELLED. Raises LeaseLost."""
        _check(state)
        return await self._change(job, lambda now: self._finished(self._mine(now), state, failure, progress))

    def finishing(
        self, job: Job, state: str = COMPLETED, *, failure: tuple[str, str] | None = None, **progress: Any
    ) -> Job:
        """The job as it ends, for a commit that `put`s it with what it has made; `note` it then."""
        _check(state)
        return self._finished(self._jobs.get(_name(job), job), state, failure, progress)

    async def release(self, job: Job) -> None:
        """Give up the lease, so that somebody else goes on at once."""
        try:
            await self._change(job, lambda now: replace(self._mine(now), owner=None, until=0.0), quiet=True)
        except LeaseLost:
            return

    async def request_cancel(self, job: Job) -> Job:
        """Have whoever works on an open job stop. Returns the job as it is then; a finished one stays as it is."""
        try:
            return await self._change(job, lambda now: replace(now, state=CANCELLING, updated=self._clock()))
        except LeaseLost:
            return self._jobs.get(_name(job), job)

    async def forget(self, job: Job) -> None:
        """Remove the job's row."""
        key = job.key
        await self._store.transact([key], lambda rows: Change(deletes=[key]))
        self._jobs.pop(_name(job), None)
        self._announce(job)

    async def forget_old(self) -> int:
        """Remove the jobs that were finished long ago; returns how many."""
        now = self._clock()
        old = [
            job
            for job in self._jobs.values()
            if job.finished and job.updated + KEPT_SECONDS.get(job.kind, DAY_SECONDS) <= now
        ]
        for job in old:
            await self.forget(job)
        return len(old)

    async def _change(self, job: Job, edit: Callable[[Job], Job], *, quiet: bool = False) -> Job:
        """Store what `edit` makes of an open job's row. Raises LeaseLost for one that is finished or gone."""
        key = job.key

        def decide_change(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None:
                raise LeaseLost(job.name)
            now = decode(rows[0].value)
            if now.finished:
                return Change(result=(now, True))
            after = edit(now)
            return Change(puts=[jobs.put(after)], result=(after, False))

        after: Job
        after, over = await self._store.transact([key], decide_change)
        self._remember(after, quiet=quiet)
        if over:
            raise LeaseLost(job.name)
        return after

    def _mine(self, job: Job) -> Job:
        if job.owner != self.owner:
            raise LeaseLost(job.name)
        return job

    def _leased(self, job: Job) -> Job:
        return replace(job, owner=self.owner, until=self._clock() + LEASE_SECONDS)

    def _finished(self, job: Job, state: str, failure: tuple[str, str] | None, progress: dict[str, Any]) -> Job:
        return replace(
            job,
            state=state,
            failure=failure,
            progress=job.progress | progress,
            updated=self._clock(),
            owner=None,
            until=0.0,
        )

    def _dated(self, job: Job) -> Job:
        return job if job.updated else replace(job, updated=job.created or self._clock())

    def _remember(self, job: Job, *, quiet: bool = False) -> None:
        known = self._jobs.get(_name(job))
        if known is not None and known.finished and not job.finished:
            return  # the answer of an earlier commit came later
        self._jobs[_name(job)] = job
        if not quiet:
            self._announce(job)

    def _follow(self, job: Job) -> None:
        known = self._jobs.get(_name(job))
        if known == job:
            return
        if known is not None and known.owner == job.owner == self.owner and known.state == job.state:
            return  # this process wrote it, and may have written more since
        self._remember(job)

    def _announce(self, job: Job) -> None:
        self.changes += 1
        for watcher in tuple(self._watchers):
            watcher(job)


def _check(state: str) -> None:
    if state not in (COMPLETED, FAILED, CANCELLED):
        raise ValueError(f"{state} is no state of a finished job")


def _name(job: Job) -> Name:
    return job.kind, job.account, job.region, job.id


def _name_in(key: Key) -> Name:
    kind, account, region, id = key.sort.decode().split("/", 3)
    return kind, account, region, id


def _age(job: Job) -> tuple[float, str, Name]:
    return job.created, job.id, _name(job)
