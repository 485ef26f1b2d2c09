"""How a restore begins, and how it is known that one is under way.

The target is there at once, CREATING, and its job in the same commit; a service loads it and makes it ACTIVE. What the
job is told of where the items come from is in its request, under `from`: `backup` with the `path` of a full copy, or
whatever another operation and its half of the service agree on.
"""

from typing import Any, NamedTuple

from msgspec.structs import replace

from stator.archive.backup import Backup
from stator.archive.job import Job
from stator.archive.jobs import Jobs
from stator.archive.restores import restoring
from stator.errors import LimitExceededException, TableAlreadyExistsException, TableInUseException, WireError
from stator.limits import RESTORES_MAX, TABLES_MAX
from stator.model.table import Restore, Status, Table
from stator.tables.catalog import Catalog, Edit
from stator.tables.quota import check_quota
from stator.tables.recovery import is_being_restored

JOB = "restore"


class Source(NamedTuple):
    """Where a table comes back from."""

    table: Table  # as it was
    backup_arn: str | None
    time: float  # the moment whose items come back, as RestoreDateTime tells it
    request: dict[str, Any]  # of the job


def from_backup(backup: Backup) -> Source:
    request = {"from": "backup", "path": backup.path, "backup_arn": backup.arn}
    return Source(backup.table, backup.arn, backup.created, request)


def are_under_way(jobs: Jobs, backup: Backup) -> bool:
    """Whether a table is being restored from a backup."""
    running = jobs.list(JOB, backup.table.account, backup.table.region)
    return any(not job.finished and job.request.get("backup_arn") == backup.arn for job in running)


async def begin(
    catalog: Catalog, jobs: Jobs, source: Source, request: dict[str, Any], *, place: tuple[str, str], now: float
) -> Table:
    """Make the target of a checked request, CREATING and with its job; `place` is its account and region.

    Raises TableAlreadyExistsException, TableInUseException, LimitExceededException or ValidationException.
    """
    account, region = place
    name = request["TargetTableName"]
    count = restoring.count_spaces(source.table, request)
    # Also asked inside the change; asked here so that a request in vain costs no spaces.
    check_request(catalog, source, request, place=place, now=now)
    _check_room(catalog, jobs, place)
    spaces = await catalog.create_spaces(count)
    try:
        table = restoring.build(source.table, request, place=place, spaces=spaces, now=now)
        restore = Restore(source.backup_arn, source.table.arn, source.time, in_progress=True)
        table = replace(table, status=Status.CREATING, restore=restore)
        job = Job(
            kind=JOB,
            id=table.id,
            account=account,
            region=region,
            table=name,
            created=now,
            request=source.request,
            spaces=table.spaces,
        )

        def decide(old: Table | None) -> Edit:
            _check_absent(old, name)
            _check_room(catalog, jobs, place)
            check_quota(None, table, catalog.tables())
            return Edit(table, puts=(jobs.put(job),))

        made = await catalog.change(account, region, name, decide)
    except WireError:
        await catalog.drop_spaces(spaces)
        raise
    jobs.note(job)
    return made


def check_request(
    catalog: Catalog, source: Source, request: dict[str, Any], *, place: tuple[str, str], now: float
) -> None:
    """Raises ValidationException for overrides that cannot be, and TableAlreadyExistsException or TableInUseException
    unless the target's name is free."""
    count = restoring.count_spaces(source.table, request)
    restoring.build(source.table, request, place=place, spaces=range(count), now=now)
    name = request["TargetTableName"]
    _check_absent(catalog.find(*place, name), name)


def _check_absent(table: Table | None, name: str) -> None:
    if table is None:
        return
    if is_being_restored(table):
        backup = None if table.restore is None else table.restore.source_backup_arn
        source = "" if backup is None else f" from backup: {backup}"
        raise TableInUseException(f"Table: {name} is already being restored{source}")
    raise TableAlreadyExistsException(f"Table already exists: {name}")


def _check_room(catalog: Catalog, jobs: Jobs, place: tuple[str, str]) -> None:
    account, region = place
    if sum(not job.finished for job in jobs.list(JOB, account, region)) >= RESTORES_MAX:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Only {RESTORES_MAX} restore operations can be done simultaneously"
        )
    if len(catalog.names(account, region)) >= TABLES_MAX:
        raise LimitExceededException(
            f"Subscriber limit exceeded: There is a limit of {TABLES_MAX} tables per subscriber"
        )
