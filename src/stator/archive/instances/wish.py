"""How a backup of the instance is wished for: one at a time, under an id that no other has."""

from stator.archive.instances import instance
from stator.archive.job import Job
from stator.archive.jobs import Jobs
from stator.errors import BackupInUseException

JOB = "instance"
"""The kind of the job."""


async def wish(jobs: Jobs, now: float, *, comment: str = "", keep: bool = False) -> Job:
    """Raises BackupInUseException while one is being made."""
    under_way = find_open(jobs)
    if under_way is not None:
        raise BackupInUseException(f"A backup of the instance is being made already: {under_way.id}")
    while jobs.find(JOB, "", "", instance.id_of(now)) is not None:
        now += 0.001
    return await jobs.add(
        Job(JOB, instance.id_of(now), "", "", created=now, request={"comment": comment, "keep": keep})
    )


def find_open(jobs: Jobs) -> Job | None:
    return next((job for job in jobs.open() if job.kind == JOB), None)
