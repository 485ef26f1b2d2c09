"""What a background duty may use, and what more those who do jobs may."""

from collections.abc import Callable
from functools import partial
from typing import Self

from msgspec import Struct, field

from stator.archive.backups import Backups
from stator.archive.chains.reach import Reach
from stator.archive.jobs import Jobs
from stator.archive.places.location import Location
from stator.archive.restores import restores
from stator.clock import Clock
from stator.items.commit import Writer
from stator.metrics.meter import Meters
from stator.metrics.recorder import Recorder
from stator.services.joint_store import JointStore
from stator.storage.routers.membership import Membership
from stator.storage.store import Store
from stator.tables.catalog import Catalog


def _none() -> int:
    return 0


class Parts(Struct, frozen=True):
    catalog: Catalog
    store: Store
    clock: Clock
    replies: Callable[[], int] = _none  # how many requests have been answered
    recorder: Recorder = field(default_factory=Recorder)
    routers: Membership | None = None  # where several share the store


class JobParts(Parts, frozen=True, kw_only=True):
    """`steady` is the clock of the journals: it never falls."""

    steady: Clock
    writer: Writer
    jobs: Jobs
    backups: Backups
    archive: Location
    reach: Reach
    buckets: Callable[[str], Location]  # by the name of a bucket of exports and imports; raises ArchiveError
    meters: Meters = field(default_factory=Meters)

    @classmethod
    def furnish(
        cls,
        catalog: Catalog,
        store: Store,
        clock: Clock,
        *,
        steady: Clock,
        jobs: Jobs,
        archive: Location,
        shared: JointStore | None = None,
    ) -> Self:
        """What follows from these; buckets are folders of the archive. `shared`: `store` is that of several routers."""
        told = None if shared is None else shared.told
        backups = Backups(told or store, archive, clock)
        backups.guard(partial(restores.are_under_way, jobs))
        return cls(
            catalog,
            store,
            clock,
            steady=steady,
            writer=Writer(store, catalog.latest, steady),
            jobs=jobs,
            backups=backups,
            archive=archive,
            reach=Reach(told),
            buckets=archive.below,
            routers=None if shared is None else shared.membership,
        )
