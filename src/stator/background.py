"""What a server does that no request waits for: its duties with their paces, and who does which kind of job."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Self

from msgspec import Struct

from stator.archive import backup
from stator.archive.exports import exports
from stator.archive.instances import wish
from stator.archive.intake.intake import BULK, IMPORT
from stator.archive.job import Job
from stator.archive.restores import recovering, restores
from stator.autoscaling.scalings import Scalings
from stator.clock import Clock, system_clock
from stator.config import Settings
from stator.journal.streams import Streams
from stator.metrics.alarms import Alarms
from stator.metrics.metric import Figure
from stator.metrics.series_store import SeriesStore
from stator.model.table import Table
from stator.services import jobs as job_duty
from stator.services import journals, reclaim, tokens, ttl
from stator.services.alarms.delivery import Delivery
from stator.services.alarms.topic import Topics
from stator.services.alarms.watch import Watch
from stator.services.archive_trial import ArchiveTrial
from stator.services.autoscaling.autoscaler import Autoscaler
from stator.services.backfill import Backfill
from stator.services.backups.backup import BackupRunner
from stator.services.backups.instance_backup import InstanceBackups
from stator.services.backups.schedule import Schedule
from stator.services.chains.archivist import Archivist
from stator.services.chains.catalog_archive import CatalogArchive
from stator.services.exports.export import ExportRunner
from stator.services.intake.bulk_put import BulkPutRunner
from stator.services.intake.importer import ImportRunner
from stator.services.jobs import JobRunner, Runner
from stator.services.kinesis.client import KinesisClient
from stator.services.kinesis.delivery import KinesisDelivery
from stator.services.lease import Lease
from stator.services.metering import Metering
from stator.services.parts import JobParts
from stator.services.restores.chain_origin import ChainOrigin
from stator.services.restores.restore import BackupOrigin, Origin, RestoreRunner
from stator.services.supervisor import GRACE_SECONDS, Duty, Supervisor
from stator.services.triggers.triggers import Triggers
from stator.storage.routers.fence import LostTouch
from stator.tables.destinations import ACTIVE, live

_LEASE_SECONDS = 0.25
_ALARMS_SECONDS = 2.0
_NOTICES_SECONDS = 1.0
_KINESIS_SECONDS = 0.2
_TRIGGERS_SECONDS = 0.1
_RECLAIM_SECONDS = 5.0
_ORPHANS_SECONDS = 600.0
_BACKFILL_SECONDS = 1.0
_TOKENS_SECONDS = 60.0
_BACKUPS_SECONDS = 60.0
_COPIES_SECONDS = 5.0  # between two looks whether a table needs a new copy
_ARCHIVE_SECONDS = 60.0
_PRUNE_SECONDS = 600.0
_INSTANCES_SECONDS = 3600.0
_SCHEDULE_SECONDS = 60.0
_ROLL_SECONDS = 5.0  # at most between two looks at the age of shards
_TRIM_SECONDS = 60.0
_METERING_SECONDS = 1.0
_GAUGES_SECONDS = 60.0
_POINTS_SECONDS = 60.0
_SERIES_SECONDS = 3600.0
_AUTOSCALER_SECONDS = 1.0


class Term(Struct):
    """What is done once, from `begin` to `close`. Several routers have terms one after the other, and whatever
    remembers something is made anew for each."""

    supervisor: Supervisor
    jobs: JobRunner
    delivery: KinesisDelivery
    triggers: Triggers
    archivist: Archivist
    trial: ArchiveTrial
    unwatch: Callable[[], None]

    @classmethod
    def begin(
        cls, parts: JobParts, streams: Streams, triggers: Triggers, settings: Settings, more: Sequence[Duty]
    ) -> Self:
        ages = {"segment_seconds": settings.archive_segment_seconds, "copy_seconds": settings.archive_copy_seconds}
        archivist = Archivist(parts, parts.reach, **ages)
        catalog, trial = CatalogArchive(parts), ArchiveTrial(parts.archive)
        instances = InstanceBackups(parts, catalog, archivist)
        jobs = JobRunner(parts, parts.jobs, {**runners(parts, archivist), wish.JOB: instances.run})
        delivery = KinesisDelivery(parts, _kinesis(settings))
        supervisor = Supervisor(
            [
                *duties(parts, jobs, settings),
                *journal_duties(parts, streams, archivist, settings),
                Duty("catalog", catalog.run_once, settings.archive_segment_seconds),
                Duty("archive", trial.run_once, _ARCHIVE_SECONDS),
                Duty("instances", instances.prune, _INSTANCES_SECONDS),
                Duty("schedule", Schedule(parts, settings.instance_backup_seconds).run_once, _SCHEDULE_SECONDS),
                Duty("kinesis", delivery.run_once, _KINESIS_SECONDS, eager=True),
                Duty("triggers", triggers.run_once, _TRIGGERS_SECONDS),
                *more,
            ]
        )
        look, look_at_job = partial(_nudge, supervisor), partial(_nudge_jobs, supervisor)
        parts.catalog.watch(look)
        parts.jobs.watch(look_at_job)

        def unwatch() -> None:
            parts.catalog.unwatch(look)
            parts.jobs.unwatch(look_at_job)

        supervisor.start()
        return cls(supervisor, jobs, delivery, triggers, archivist, trial, unwatch)

    def figures(self) -> list[Figure]:
        """What it has to tell of itself."""
        return [*self.jobs.figures(), *self.archivist.figures(), *self.trial.figures()]

    async def close(self, *, lost: bool = False) -> None:
        """Let what takes a moment finish, and stop what takes longer where it can go on. All at once where the lead is
        `lost`: another router does it now."""
        async with contextlib.AsyncExitStack() as stack:  # the last comes first, and none keeps the others from it
            stack.callback(self.archivist.close)
            stack.push_async_callback(self.triggers.close)
            stack.push_async_callback(self.delivery.close)
            stack.push_async_callback(self.jobs.close)
            stack.push_async_callback(self.supervisor.close, 0.0 if lost else GRACE_SECONDS)
            stack.callback(self.unwatch)


class Background(Struct):
    """All of it, from `begin` to `close`: what every router does for itself, and a term while this one leads."""

    own: Supervisor
    lease: Lease[Term]
    metering: Metering

    @classmethod
    def begin(
        cls,
        parts: JobParts,
        streams: Streams,
        triggers: Triggers,
        settings: Settings,
        *,
        metering: Metering,
        more: Sequence[Duty] = (),
    ) -> Self:
        more = [*metering_duties(metering), *more]
        single = [duty for duty in more if not duty.everywhere]
        routers = parts.routers
        lease = Lease(
            lambda: 1 if routers is None else routers.term,
            lambda: Term.begin(parts, streams, triggers, settings, single),
        )
        lease.look()
        own = [duty for duty in more if duty.everywhere]
        if routers is not None:
            own.append(Duty("lease", lease.run_once, _LEASE_SECONDS))
        supervisor = Supervisor(own)
        supervisor.start()
        return cls(supervisor, lease, metering)

    @property
    def term(self) -> Term:
        """What this router does for all of them. Raises LookupError while another one does it."""
        if self.lease.term is None:
            raise LookupError("another router leads")
        return self.lease.term

    def figures(self) -> list[Figure]:
        """What it has to tell of itself."""
        return [] if self.lease.term is None else self.lease.term.figures()

    async def close(self) -> None:
        """Let what takes a moment finish, and stop what takes longer where it can go on."""
        await self.own.close()
        await self.lease.close()
        with contextlib.suppress(LostTouch):  # then its last seconds are lost
            await self.metering.close()


def runners(parts: JobParts, archivist: Archivist) -> Mapping[str, Runner]:
    """Who does the jobs, by kind; those of the instance aside."""
    origins: dict[str, Origin] = {"backup": BackupOrigin(), recovering.FROM: ChainOrigin(parts, archivist)}
    return {
        backup.JOB: BackupRunner(parts, parts.backups).run,
        restores.JOB: RestoreRunner(parts, parts.archive, origins).run,
        exports.KIND: ExportRunner(parts, archivist).run,
        IMPORT: ImportRunner(parts).run,
        BULK: BulkPutRunner(parts).run,
    }


def duties(parts: JobParts, jobs: JobRunner, settings: Settings) -> list[Duty]:
    """What is done again and again, save what has to do with journals and what talks to other servers."""
    expire = partial(ttl.run_once, parts, parts.writer, {})
    orphans = reclaim.Orphans(parts, parts.jobs.held_spaces)
    return [
        Duty("reclaim", partial(reclaim.run_once, parts, parts.jobs.held_spaces), _RECLAIM_SECONDS),
        *([] if parts.routers is None else [Duty("orphans", orphans.run_once, _ORPHANS_SECONDS)]),
        Duty("backfill", Backfill(parts).run_once, _BACKFILL_SECONDS, eager=True),
        Duty("tokens", partial(tokens.run_once, parts), _TOKENS_SECONDS),
        Duty("backups", parts.backups.look, _BACKUPS_SECONDS),
        Duty("jobs", jobs.run_once, job_duty.PACE_SECONDS),
        Duty("ttl", expire, settings.ttl_interval_seconds, eager=True),
    ]


def journal_duties(parts: JobParts, streams: Streams, archivist: Archivist, settings: Settings) -> list[Duty]:
    """What puts journals into the archive, cuts streams from them and keeps them short."""
    shard_seconds = settings.stream_shard_seconds
    roll_seconds = min(_ROLL_SECONDS, shard_seconds / 4)
    return [
        Duty("seal", archivist.seal_once, archivist.pace_seconds),
        Duty("copies", archivist.copy_once, _COPIES_SECONDS),
        Duty("prune", archivist.prune_once, _PRUNE_SECONDS),
        Duty("roll", partial(journals.roll_once, parts, streams, shard_seconds), roll_seconds),
        Duty("trim", partial(journals.trim_once, parts, streams, archivist.sealed), _TRIM_SECONDS),
    ]


def metering_duties(metering: Metering) -> list[Duty]:
    """What turns counts into the points of metrics."""
    return [
        Duty("metering", metering.run_once, _METERING_SECONDS, everywhere=True),
        Duty("gauges", metering.gauge_once, _GAUGES_SECONDS),
        Duty("points", metering.prune_once, _POINTS_SECONDS, eager=True),
        Duty("series", metering.prune_names, _SERIES_SECONDS),
    ]


def scaling_duties(
    parts: JobParts, scalings: Scalings, series: SeriesStore, alarms: Alarms, low_seconds: int
) -> list[Duty]:
    """What scales tables and indexes by what is asked of them."""
    autoscaler = Autoscaler(parts, scalings, series, alarms, low_seconds=low_seconds)
    return [
        Duty("autoscaler", autoscaler.run_once, _AUTOSCALER_SECONDS),
        Duty("scaling activities", autoscaler.prune_once, _PRUNE_SECONDS),
    ]


class Alarming(Struct):
    """What lets alarms go off, and tells of it."""

    alarms: Alarms
    watch: Watch
    delivery: Delivery

    @classmethod
    def furnish(cls, alarms: Alarms, series: SeriesStore, settings: Settings, clock: Clock) -> Self:
        keys = settings.alarm_sns_access_key, settings.alarm_sns_secret_key
        topics = Topics(settings.alarm_sns_endpoint, *keys, system_clock)  # signatures need the real time
        return cls(alarms, Watch(alarms, series, clock), Delivery(alarms, topics, clock))

    def duties(self) -> list[Duty]:
        return [
            Duty("alarms", self.watch.run_once, _ALARMS_SECONDS),
            Duty("notices", self.delivery.run_once, _NOTICES_SECONDS, eager=True),
            Duty("alarm history", self.alarms.prune, _PRUNE_SECONDS, eager=True),
        ]

    def figures(self) -> list[Figure]:
        return [*self.watch.figures(), *self.delivery.figures()]


def _nudge(supervisor: Supervisor, table: Table) -> None:
    """A wish in a table's definition need not wait for the duty that grants it to come round."""
    if any(index.build for index in table.indexes):
        supervisor.nudge("backfill")
    if table.time_to_live is not None and table.time_to_live.enabled and not table.time_to_live.filled:
        supervisor.nudge("ttl")
    if table.recovery is not None:
        supervisor.nudge("seal")
    destination = live(table)
    if destination is not None and destination.status != ACTIVE:
        supervisor.nudge("kinesis")


def _nudge_jobs(supervisor: Supervisor, job: Job) -> None:
    """A new job begins at once, and the end of one makes room for another."""
    if job.finished or job.owner is None:
        supervisor.nudge("jobs")


def _kinesis(settings: Settings) -> KinesisClient | None:
    if not settings.kinesis_endpoint:
        return None
    keys = settings.kinesis_access_key, settings.kinesis_secret_key
    return KinesisClient(settings.kinesis_endpoint, *keys, system_clock)  # signatures need the real time
