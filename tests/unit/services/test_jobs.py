"""The runner of jobs, its clock turned by hand."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stator.archive.job import CANCELLED, COMPLETED, FAILED, RUNNING, Job
from stator.archive.jobs import LEASE_SECONDS, CancelledJob, JobFailed, Jobs
from stator.archive.places.failure import Unreachable
from stator.clock import ManualClock
from stator.limits import DAY_SECONDS
from stator.metrics.metric import JOBS, JOBS_RETRYING, Figure
from stator.services.jobs import JOBS_MAX, JobRunner, Runner
from stator.services.parts import Parts
from stator.storage.failure import StoreFailure
from stator.storage.sqlite.engine import SqliteStore
from stator.tables.catalog import Catalog

PLACE = ("123456789012", "eu-west-1")


class House:
    """A store, and processes that come and go on it."""

    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self._parts = Parts(catalog, store, clock)
        self.owners = 0

    async def start(self, runner: Runner | None = None, *, alone: bool = True, **kinds: Runner) -> "Process":
        self.owners += 1
        jobs = Jobs(self.store, self.clock, f"process-{self.owners}", is_gone=lambda owner: alone)
        await jobs.load()
        runners = kinds | ({} if runner is None else {"test": runner})
        return Process(jobs, JobRunner(self._parts, jobs, runners))


class Process:
    def __init__(self, jobs: Jobs, runner: JobRunner) -> None:
        self.jobs = jobs
        self.runner = runner

    async def wish(self, id: str = "1", **members: Any) -> Job:
        return await self.jobs.add(Job(members.pop("kind", "test"), id, *PLACE, **members))

    async def turn(self) -> int:
        """One run of the duty, and all that comes of it."""
        started = await self.runner.run_once()
        await self.runner.settle()
        return started

    def state(self, id: str = "1") -> str:
        found = self.jobs.find("test", *PLACE, id)
        assert found is not None
        return found.state


@asynccontextmanager
async def opened() -> AsyncIterator[House]:
    clock = ManualClock()
    store = SqliteStore.open(None)
    try:
        yield House(store, await Catalog.open(store, clock), clock)
    finally:
        await store.close()


def run(body: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened() as house:
            await body(house)

    asyncio.run(main())


def raising(error: Exception) -> Runner:
    async def runner(job: Job) -> None:
        raise error

    return runner


async def nothing(job: Job) -> None:
    pass


def test_a_job_is_done_once() -> None:
    async def body(house: House) -> None:
        done: list[Job] = []

        async def runner(job: Job) -> None:
            done.append(job)

        process = await house.start(runner)
        await process.wish(request={"a": 1})
        assert await process.turn() == 1
        assert await process.turn() == 0
        assert [(job.request, job.owner) for job in done] == [({"a": 1}, process.jobs.owner)]
        assert process.state() == COMPLETED

    run(body)


@pytest.mark.parametrize(
    ("runner", "state", "failure"),
    [
        (nothing, COMPLETED, None),
        (raising(JobFailed("S3NoSuchBucket", "Gone")), FAILED, ("S3NoSuchBucket", "Gone")),
        (raising(CancelledJob()), CANCELLED, None),
    ],
)
def test_how_a_job_ends(runner: Runner, state: str, failure: tuple[str, str] | None) -> None:
    async def body(house: House) -> None:
        process = await house.start(runner)
        await process.wish()
        await process.turn()
        (job,) = process.jobs.all()
        assert (job.state, job.failure) == (state, failure)
        assert await process.turn() == 0
        again = await house.start(runner)
        assert await again.turn() == 0

    run(body)


def test_a_runner_may_finish_its_job_itself() -> None:
    async def body(house: House) -> None:
        async def runner(job: Job) -> None:
            await process.jobs.finish(job, FAILED, failure=("A", "b"), items=3)

        process = await house.start(runner)
        await process.wish()
        await process.turn()
        (job,) = process.jobs.all()
        assert (job.state, job.failure, job.progress) == (FAILED, ("A", "b"), {"items": 3})

    run(body)


def test_a_job_whose_row_goes_while_it_is_done_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async def body(house: House) -> None:
        async def runner(job: Job) -> None:
            await process.jobs.forget(job)
            await process.jobs.save(job, items=1)

        process = await house.start(runner)
        await process.wish()
        assert await process.turn() == 1
        assert process.jobs.all() == []
        assert await process.turn() == 0

    with caplog.at_level(logging.WARNING):
        run(body)
    assert caplog.records == []


def test_a_failure_is_tried_again_after_pauses_that_grow(caplog: pytest.LogCaptureFixture) -> None:
    async def body(house: House) -> None:
        process = await house.start(raising(StoreFailure("the disk")))
        await process.wish()
        pauses = []
        for _ in range(9):
            assert await process.turn() == 1
            assert process.state() == RUNNING
            waited = 0
            while await process.runner.run_once() == 0:
                house.clock.advance(1)
                waited += 1
            await process.runner.settle()
            pauses.append(waited)
            house.clock.advance(60)  # past the pause of the second failure
        assert pauses[:1] == [1]
        assert all(1 <= pause <= 60 for pause in pauses)
        assert pauses == sorted(pauses)
        assert pauses[-1] == 60

    run(body)
    assert "job test 1 of 123456789012/eu-west-1/ failed 3 times in a row; again in 4 s" in caplog.text


def test_what_was_saved_is_where_it_goes_on() -> None:
    async def body(house: House) -> None:
        seen: list[int] = []

        async def runner(job: Job) -> None:
            step = job.progress.get("step", 0)
            seen.append(step)
            await process.jobs.save(job, step=step + 1)
            if step < 3:
                raise OSError("no")

        process = await house.start(runner)
        await process.wish()
        for _ in range(4):
            await process.turn()
            house.clock.advance(60)
        assert seen == [0, 1, 2, 3]
        assert process.state() == COMPLETED

    run(body)


def test_success_forgets_the_failures_before() -> None:
    async def body(house: House) -> None:
        process = await house.start(raising(OSError("no")))
        await process.wish()
        await process.turn()
        assert process.runner._troubles
        process.runner._runners = {"test": nothing}
        house.clock.advance(60)
        await process.turn()
        assert not process.runner._troubles

    run(body)


def test_so_many_at_a_time_the_oldest_first() -> None:
    async def body(house: House) -> None:
        begun: list[str] = []
        go = asyncio.Event()

        async def runner(job: Job) -> None:
            begun.append(job.id)
            await go.wait()

        process = await house.start(runner)
        for number in range(JOBS_MAX + 2):
            await process.wish(f"{number}", created=100.0 - number)
        assert await process.runner.run_once() == JOBS_MAX
        assert await process.runner.run_once() == 0
        await asyncio.sleep(0)
        assert begun == ["5", "4", "3", "2"]
        assert process.runner.running == JOBS_MAX
        go.set()
        await process.runner.settle()
        assert await process.turn() == 2
        assert begun[JOBS_MAX:] == ["1", "0"]
        assert process.jobs.open() == []

    run(body)


def test_long_jobs_of_one_kind_keep_no_other_waiting() -> None:
    async def body(house: House) -> None:
        async def forever(job: Job) -> None:
            await asyncio.Event().wait()

        process = await house.start(forever, other=nothing)
        for number in range(JOBS_MAX + 1):
            await process.wish(f"{number}", created=1.0)
        assert await process.runner.run_once() == JOBS_MAX
        await process.wish("first", kind="other", created=2.0)
        await process.wish("second", kind="other", created=3.0)
        assert await process.runner.run_once() == 1
        await asyncio.sleep(0.01)
        assert await process.runner.run_once() == 1
        await asyncio.sleep(0.01)
        assert [job.state for job in process.jobs.list("other", *PLACE)] == [COMPLETED, COMPLETED]
        assert process.runner.running == JOBS_MAX
        await process.runner.close()

    run(body)


def test_an_archive_that_is_away_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async def body(house: House) -> None:
        process = await house.start(raising(Unreachable("s3://b cannot be reached: is the endpoint right?")))
        await process.wish(table="music")
        await process.turn()
        assert process.state() == RUNNING
        assert process.runner.figures() == [Figure(JOBS, ("test", RUNNING), 1), Figure(JOBS_RETRYING, ("test",), 1)]

    run(body)
    (record,) = caplog.records
    assert record.getMessage() == (
        "job test 1 of 123456789012/eu-west-1/music failed 1 times in a row; again in 1 s: "
        "s3://b cannot be reached: is the endpoint right?"
    )
    assert record.exc_info is None


def test_a_kind_that_nobody_does_waits_and_hinders_none() -> None:
    async def body(house: House) -> None:
        process = await house.start(nothing)
        for number in range(JOBS_MAX):
            await process.wish(f"{number}", kind="other", created=1.0)
        await process.wish("mine", created=2.0)
        assert await process.turn() == 1
        assert process.state("mine") == COMPLETED
        assert len(process.jobs.open()) == JOBS_MAX

    run(body)


def test_leases_are_renewed_while_the_work_goes_on() -> None:
    async def body(house: House) -> None:
        go = asyncio.Event()

        async def runner(job: Job) -> None:
            await go.wait()

        process, other = await house.start(runner, alone=False), await house.start(nothing, alone=False)
        await process.wish()
        await process.runner.run_once()
        for _ in range(int(LEASE_SECONDS)):
            house.clock.advance(LEASE_SECONDS / 2)
            await process.runner.run_once()
            await other.jobs.load()
            assert await other.turn() == 0
        go.set()
        await process.runner.settle()
        assert process.state() == COMPLETED

    run(body)


def test_a_lease_that_is_lost_stops_the_work(caplog: pytest.LogCaptureFixture) -> None:
    async def body(house: House) -> None:
        stopped = asyncio.Event()

        async def runner(job: Job) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        process, other = await house.start(runner, alone=False), await house.start(nothing, alone=False)
        await process.wish()
        await process.runner.run_once()
        await asyncio.sleep(0)
        house.clock.advance(LEASE_SECONDS)  # nobody renewed it
        await other.jobs.load()
        assert await other.turn() == 1
        assert other.state() == COMPLETED
        await process.runner.run_once()
        await process.runner.settle()
        assert stopped.is_set()
        assert process.runner.running == 0

    run(body)
    assert "is another process's now" in caplog.text


def test_closing_stops_what_runs_and_another_process_goes_on_at_once() -> None:
    async def body(house: House) -> None:
        async def runner(job: Job) -> None:
            await process.jobs.save(job, step=7)
            await asyncio.Event().wait()

        seen: list[Any] = []

        async def successor(job: Job) -> None:
            seen.append(job.progress)

        process = await house.start(runner, alone=False)
        await process.wish()
        await process.runner.run_once()
        await asyncio.sleep(0.01)
        await process.runner.close()
        assert process.runner.running == 0
        assert await process.runner.run_once() == 0
        (left,) = process.jobs.open()
        assert left.owner is None
        heir = await house.start(successor, alone=False)
        assert await heir.turn() == 1
        assert seen == [{"step": 7}]
        assert heir.state() == COMPLETED

    run(body)


def test_closing_does_not_wait_for_a_stubborn_job_twice() -> None:
    """A job that ends as it is closed is finished, and its lease is nobody's to give up."""

    async def body(house: House) -> None:
        async def runner(job: Job) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await process.jobs.finish(job)
                raise

        process = await house.start(runner)
        await process.wish()
        await process.runner.run_once()
        await asyncio.sleep(0)
        await process.runner.close()
        assert process.state() == COMPLETED

    run(body)


def test_old_jobs_are_forgotten_now_and_then() -> None:
    async def body(house: House) -> None:
        process = await house.start(nothing)
        await process.wish()
        await process.turn()
        house.clock.advance(DAY_SECONDS)
        await process.turn()
        assert process.jobs.all() == []

    run(body)
