"""The background duties of a server with their paces, and who does which kind of job."""

from collections.abc import Mapping
from functools import partial

from stator.archive import backup, restores
from stator.config import Settings
from stator.journal.streams import Streams
from stator.model.table import Table
from stator.services import jobs as job_duty
from stator.services import journals, reclaim, tokens, ttl
from stator.services.backfill import Backfill
from stator.services.backup import BackupRunner
from stator.services.jobs import JobRunner, Runner
from stator.services.parts import JobParts
from stator.services.restore import BackupOrigin, RestoreRunner
from stator.services.supervisor import Duty, Supervisor
from stator.tables.destinations import ACTIVE, live

KEYS_SECONDS = 1.0
KINESIS_SECONDS = 0.2
TRIGGERS_SECONDS = 0.1

_RECLAIM_SECONDS = 5.0
_BACKFILL_SECONDS = 1.0
_TOKENS_SECONDS = 60.0
_BACKUPS_SECONDS = 60.0
_ROLL_SECONDS = 5.0  # at most between two looks at the age of shards
_TRIM_SECONDS = 60.0


def runners(parts: JobParts) -> Mapping[str, Runner]:
    """Who does the jobs, by kind."""
    return {
        backup.JOB: BackupRunner(parts, parts.backups).run,
        restores.JOB: RestoreRunner(parts, parts.archive, {"backup": BackupOrigin()}).run,
    }


def duties(parts: JobParts, jobs: JobRunner, streams: Streams, settings: Settings) -> list[Duty]:
    """What is done again and again, save what talks to other servers."""
    shard_seconds = settings.stream_shard_seconds
    roll_seconds = min(_ROLL_SECONDS, shard_seconds / 4)
    expire = partial(ttl.run_once, parts, parts.writer, {})
    return [
        Duty("reclaim", partial(reclaim.run_once, parts), _RECLAIM_SECONDS),
        Duty("backfill", Backfill(parts).run_once, _BACKFILL_SECONDS, eager=True),
        Duty("tokens", partial(tokens.run_once, parts), _TOKENS_SECONDS),
        Duty("backups", parts.backups.sync, _BACKUPS_SECONDS),
        Duty("jobs", jobs.run_once, job_duty.PACE_SECONDS),
        Duty("ttl", expire, settings.ttl_interval_seconds, eager=True),
        Duty("roll", partial(journals.roll_once, parts, streams, shard_seconds), roll_seconds),
        Duty("trim", partial(journals.trim_once, parts, streams), _TRIM_SECONDS),
    ]


def nudge(supervisor: Supervisor, table: Table) -> None:
    """A wish in a table's definition need not wait for the duty that grants it to come round."""
    if any(index.build for index in table.indexes):
        supervisor.nudge("backfill")
    if table.time_to_live is not None and table.time_to_live.enabled and not table.time_to_live.filled:
        supervisor.nudge("ttl")
    destination = live(table)
    if destination is not None and destination.status != ACTIVE:
        supervisor.nudge("kinesis")
