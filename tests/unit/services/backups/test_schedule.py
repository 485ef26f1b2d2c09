"""Backups by the clock: due when the last is old, whoever made it, and one at a time."""

from pathlib import Path

from stator.archive.instances.wish import JOB
from stator.services.backups.schedule import COMMENT, Schedule
from tests.unit.services.backups.test_instance_backup import House, run

SECONDS = 3600.0


async def comments(house: House) -> list[str]:
    return [job.request["comment"] for job in house.jobs.list(JOB, "", "")]


def test_as_often_as_is_set(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("things")
        schedule = Schedule(house.parts, SECONDS)
        assert await schedule.run_once() == 1
        assert await schedule.run_once() == 0  # it is under way
        await house.work()
        assert await schedule.run_once() == 0
        house.clock.advance(SECONDS - 1)
        assert await schedule.run_once() == 0
        house.clock.advance(1)
        assert await schedule.run_once() == 1
        await house.work()
        assert await comments(house) == [COMMENT, COMMENT]
        assert len(await house.archive.list("instance/")) >= 4

    run(tmp_path, main)


def test_others_count_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("things")
        await house.back_up("by hand")
        for job in house.jobs.list(JOB, "", ""):
            await house.jobs.forget(job)  # jobs are forgotten after a day, backups are not
        house.clock.advance(SECONDS - 1)
        assert await Schedule(house.parts, SECONDS).run_once() == 0
        house.clock.advance(1)
        assert await Schedule(house.parts, SECONDS).run_once() == 1

    run(tmp_path, main)


def test_one_that_was_stopped_is_not_begun_again_at_once(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("things")
        schedule = Schedule(house.parts, SECONDS)
        assert await schedule.run_once() == 1
        (job,) = house.jobs.open()
        await house.jobs.request_cancel(job)
        await house.work()
        assert house.jobs.open() == []
        assert await schedule.run_once() == 0

    run(tmp_path, main)


def test_nothing_unless_it_is_set(tmp_path: Path) -> None:
    async def main(house: House) -> None:
        await house.create("things")
        assert await Schedule(house.parts, 0.0).run_once() == 0
        assert house.jobs.all() == []

    run(tmp_path, main)
