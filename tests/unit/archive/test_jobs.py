"""Jobs in a store: who may work on them, what they hold, and races for them."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from stator.archive.job import CANCELLED, CANCELLING, COMPLETED, FAILED, RUNNING, Job
from stator.archive.jobs import LEASE_SECONDS, Jobs, LeaseLost
from stator.clock import ManualClock
from stator.limits import DAY_SECONDS
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change

PLACE = ("123456789012", "eu-west-1")


def job(id: str = "1", kind: str = "export", **members: Any) -> Job:
    return Job(kind, id, *PLACE, **members)


class Scene:
    """A store and the processes that open it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = SqliteStore.open(None)

    async def process(self, owner: str, *, alone: bool = False) -> Jobs:
        jobs = Jobs(self.store, self.clock, owner, is_gone=lambda owner: alone)
        await jobs.load()
        return jobs


@asynccontextmanager
async def opened() -> AsyncIterator[Scene]:
    scene = Scene()
    try:
        yield scene
    finally:
        await scene.store.close()


def run(body: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened() as scene:
            await body(scene)

    asyncio.run(main())


def test_a_job_is_found_by_those_who_look_later() -> None:
    async def body(scene: Scene) -> None:
        one = await scene.process("one")
        added = await one.add(job(table="music", created=scene.clock(), request={"a": 1}, spaces=(4,)))
        assert added.updated == scene.clock()
        for jobs in (one, await scene.process("two")):
            assert jobs.find("export", *PLACE, "1") == added
            assert jobs.open() == jobs.list("export", *PLACE) == jobs.all() == [added]
            assert jobs.list("import", *PLACE) == []
            assert jobs.list("export", PLACE[0], "eu-west-2") == []
            assert jobs.find("export", *PLACE, "2") is None

    run(body)


def test_jobs_are_told_the_oldest_first() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        for id, created in (("b", 3.0), ("a", 3.0), ("z", 1.0)):
            await jobs.add(job(id, created=created))
        assert [each.id for each in jobs.open()] == ["z", "a", "b"]
        assert [each.id for each in jobs.list("export", *PLACE)] == ["z", "a", "b"]

    run(body)


def test_more_jobs_than_a_page_are_loaded() -> None:
    async def body(scene: Scene) -> None:
        first = await scene.process("one")
        puts = [first.put(job(f"{number:05}", created=1.0)) for number in range(2500)]
        await scene.store.transact((), lambda _: Change(puts=puts))
        assert len((await scene.process("two")).all()) == 2500

    run(body)


def test_a_job_that_went_with_another_commit_is_noted() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        wish = job(created=7.0)
        put = jobs.put(wish)
        await scene.store.transact((), lambda _: Change(puts=[put]))
        assert jobs.open() == []
        noted = jobs.note(wish)
        assert noted.updated == 7.0
        assert jobs.open() == [noted] == (await scene.process("two")).open()

    run(body)


def test_progress_is_kept_and_added_to() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        taken = await jobs.take(await jobs.add(job()))
        assert taken is not None
        scene.clock.advance(5)
        saved = await jobs.save(taken, chunk=1, items=10)
        saved = await jobs.save(taken, chunk=2)  # also by who holds an older copy
        assert saved.progress == {"chunk": 2, "items": 10}
        assert (saved.owner, saved.until, saved.updated) == ("one", scene.clock() + LEASE_SECONDS, scene.clock())
        assert jobs.find("export", *PLACE, "1") == saved == (await scene.process("x")).find("export", *PLACE, "1")

    run(body)


@pytest.mark.parametrize(("state", "failure"), [(COMPLETED, None), (FAILED, ("Code", "It is so")), (CANCELLED, None)])
def test_a_finished_job_stays_finished(state: str, failure: tuple[str, str] | None) -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        taken = await jobs.take(await jobs.add(job(spaces=(9,))))
        assert taken is not None
        assert jobs.held_spaces() == {9}
        scene.clock.advance(5)
        done = await jobs.finish(taken, state, failure=failure, items=3)
        assert (done.state, done.failure, done.progress) == (state, failure, {"items": 3})
        assert (done.owner, done.updated) == (None, scene.clock())
        assert jobs.held_spaces() == set()
        assert jobs.open() == []
        assert jobs.list("export", *PLACE) == [done]
        assert await jobs.take(done) is None
        for late in (jobs.save(taken, items=4), jobs.finish(taken), jobs.renew(taken)):
            with pytest.raises(LeaseLost):
                await late
        assert await jobs.request_cancel(taken) == done
        assert (await scene.process("two")).all() == [done]

    run(body)


def test_nothing_is_finished_as_running() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        for state in (RUNNING, CANCELLING, "Completed"):
            with pytest.raises(ValueError, match=state):
                jobs.finishing(job(), state)

    run(body)


def test_a_job_ends_with_the_commit_of_what_it_made() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        taken = await jobs.take(await jobs.add(job()))
        assert taken is not None
        await jobs.save(taken, items=1)
        done = jobs.finishing(taken, chunk=2)
        put = jobs.put(done)
        await scene.store.transact((), lambda _: Change(puts=[put]))
        jobs.note(done)
        assert done.progress == {"items": 1, "chunk": 2}
        assert jobs.all() == (await scene.process("two")).all() == [done]
        assert done.finished

    run(body)


def test_a_lease_keeps_others_away_until_it_is_over() -> None:
    async def body(scene: Scene) -> None:
        one, two = await scene.process("one"), await scene.process("two")
        made = await one.add(job())
        await two.load()
        mine = await one.take(made)
        assert mine is not None
        scene.clock.advance(LEASE_SECONDS - 1)
        assert await two.take(made) is None
        await one.renew(mine)
        scene.clock.advance(LEASE_SECONDS - 1)
        assert await two.take(made) is None
        scene.clock.advance(1)
        assert (await two.take(made)) is not None
        with pytest.raises(LeaseLost):
            await one.save(mine, items=1)
        with pytest.raises(LeaseLost):
            await one.finish(mine)
        with pytest.raises(LeaseLost):
            await one.renew(mine)
        await one.release(mine)  # of another's lease: nothing
        assert await one.take(made) is None

    run(body)


def test_a_lease_that_is_given_up_is_free_at_once() -> None:
    async def body(scene: Scene) -> None:
        one, two = await scene.process("one"), await scene.process("two")
        mine = await one.take(await one.add(job()))
        assert mine is not None
        await one.release(mine)
        assert await two.take(mine) is not None

    run(body)


def test_who_is_alone_takes_what_a_dead_process_had() -> None:
    async def body(scene: Scene) -> None:
        dead = await scene.process("dead", alone=True)
        mine = await dead.take(await dead.add(job()))
        assert mine is not None
        heir = await scene.process("heir", alone=True)
        assert (await heir.take(heir.open()[0])) is not None

    run(body)


def test_of_many_who_race_for_jobs_one_gets_each() -> None:
    async def body(scene: Scene) -> None:
        rng = random.Random(7)
        first = await scene.process("maker")
        wishes = [await first.add(job(f"{number}")) for number in range(40)]
        processes = [await scene.process(f"p{number}") for number in range(5)]
        tries = [(jobs, wish) for jobs in processes for wish in wishes]
        rng.shuffle(tries)
        taken = await asyncio.gather(*(jobs.take(wish) for jobs, wish in tries))
        winners = [(won.id, won.owner) for won in taken if won is not None]
        assert len(winners) == 40
        assert {id for id, _ in winners} == {wish.id for wish in wishes}
        # Each of them saves; those who did not win cannot.
        owner = dict(winners)
        outcomes = await asyncio.gather(
            *(jobs.save(wish, by=jobs.owner) for jobs, wish in tries), return_exceptions=True
        )
        for (jobs, wish), outcome in zip(tries, outcomes, strict=True):
            assert isinstance(outcome, LeaseLost) == (owner[wish.id] != jobs.owner)
        stored = {each.id: each.progress["by"] for each in (await scene.process("later")).all()}
        assert stored == owner

    run(body)


def test_random_schedules_never_let_two_work_at_once() -> None:
    """Processes that come and go, leases that end: a save succeeds only for the last who took the job."""

    async def one_schedule(scene: Scene, seed: int) -> None:
        rng = random.Random(seed)
        processes = [await scene.process(f"{seed}-{number}") for number in range(3)]
        wish = await processes[0].add(job(f"s{seed}"))
        last: str | None = None
        until = 0.0
        for step in range(60):
            jobs = rng.choice(processes)
            action = rng.randrange(4)
            if action == 0:
                taken = await jobs.take(wish)
                free = last in (None, jobs.owner) or scene.clock() >= until
                assert (taken is not None) == free
                if taken is not None:
                    last, until = jobs.owner, scene.clock() + LEASE_SECONDS
            elif action == 1:
                scene.clock.advance(rng.choice([1, 5, LEASE_SECONDS]))
            elif action == 2 and last == jobs.owner:
                await jobs.save(wish, step=step)
                until = scene.clock() + LEASE_SECONDS
            elif action == 2:
                with pytest.raises(LeaseLost):
                    await jobs.save(wish, step=step)
            elif last == jobs.owner and rng.random() < 0.3:
                await jobs.release(wish)
                last = None

    async def body(scene: Scene) -> None:
        for seed in range(20):
            await one_schedule(scene, seed)

    run(body)


def test_cancelling_is_seen_by_who_works() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        taken = await jobs.take(await jobs.add(job()))
        assert taken is not None
        asked = await jobs.request_cancel(taken)
        assert asked.cancelling
        saved = await jobs.save(taken, items=1)
        assert saved.cancelling
        assert jobs.open() == [saved]
        assert (await jobs.finish(taken, CANCELLED)).state == CANCELLED

    run(body)


def test_who_watches_is_told_of_changes_and_not_of_renewals() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        seen: list[str] = []
        jobs.watch(lambda each: seen.append(each.state))
        before = jobs.changes
        made = await jobs.add(job())
        taken = await jobs.take(made)
        assert taken is not None
        await jobs.renew(taken)
        await jobs.save(taken, items=1)
        await jobs.request_cancel(taken)
        await jobs.release(taken)
        assert seen == [RUNNING, RUNNING, RUNNING, CANCELLING]
        assert jobs.changes == before + 4

    run(body)


def test_finished_jobs_are_forgotten_in_time() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        for kind in ("export", "import", "bulk", "backup", "restore", "instance"):
            taken = await jobs.take(await jobs.add(job(kind=kind, created=scene.clock())))
            assert taken is not None
            await jobs.finish(taken)
            await jobs.add(job("open", kind, created=scene.clock()))
        scene.clock.advance(DAY_SECONDS - 1)
        assert await jobs.forget_old() == 0
        scene.clock.advance(1)
        assert await jobs.forget_old() == 3
        scene.clock.advance(89 * DAY_SECONDS - 1)
        assert await jobs.forget_old() == 0
        scene.clock.advance(1)
        assert await jobs.forget_old() == 3
        left = (await scene.process("two")).all()
        assert {each.id for each in left} == {"open"}
        assert left == jobs.all()

    run(body)


def test_a_late_answer_does_not_open_a_finished_job() -> None:
    async def body(scene: Scene) -> None:
        jobs = await scene.process("one")
        taken = await jobs.take(await jobs.add(job()))
        assert taken is not None
        done = await jobs.finish(taken)
        jobs.note(replace(taken, progress={"late": 1}))
        assert jobs.all() == [done]

    run(body)


def test_what_others_do_to_jobs_is_followed() -> None:
    async def body(scene: Scene) -> None:
        one, two = await scene.process("one"), await scene.process("two")
        seen: list[tuple[str, str]] = []
        two.watch(lambda job: seen.append((job.id, job.state)))
        wish = await one.add(job())
        await two.take_up(scene.store, [wish.key, wish.key._replace(partition=b"another's")])
        assert two.open() == [wish]
        mine = await one.take(wish)
        assert mine is not None
        await one.finish(mine)
        await two.take_up(scene.store, [wish.key])
        assert two.open() == []
        await one.forget(wish)
        await two.take_up(scene.store, [wish.key])
        assert two.all() == []
        await two.take_up(scene.store, [wish.key])
        await one.add(job("2"))
        await two.take_up(scene.store, None)
        assert [each.id for each in two.all()] == ["2"]
        assert seen == [("1", RUNNING), ("1", COMPLETED), ("1", COMPLETED)]

    run(body)


def test_who_works_on_a_job_knows_best_how_far_it_is_but_hears_that_it_is_to_stop() -> None:
    async def body(scene: Scene) -> None:
        one, two = await scene.process("one"), await scene.process("two")
        mine = await one.take(await one.add(job()))
        assert mine is not None
        old = (await scene.store.get([mine.key]))[0]
        await one.save(mine, done=5)
        assert old is not None

        class Late(SqliteStore):
            """Answers with what was there a moment ago."""

            async def get(self, keys: Any, consistent: bool = True) -> Any:
                return [old]

        late = Late.open(None)
        await one.take_up(late, [mine.key])
        assert one.open()[0].progress == {"done": 5}
        await late.close()
        await two.load()
        await two.request_cancel(mine)
        await one.take_up(scene.store, [mine.key])
        assert one.open()[0].cancelling

    run(body)
