"""One store for several routers: who of this process uses it in which way, and follows what others do.

Everybody reads and writes through the fence. Those whose rows others keep copies of write through `told`. A copy is
loaded once the membership is open and before it joins, so that it misses nothing.
"""

import os
import platform
from collections.abc import Mapping
from typing import Any, Self

from msgspec import Struct

from stator.archive import backups
from stator.archive import job as jobs
from stator.archive.backups import Backups
from stator.archive.chains import reach
from stator.archive.chains.reach import Reach
from stator.archive.jobs import Jobs
from stator.clock import Clock, SteadyClock
from stator.journal.mapping import MAPPINGS
from stator.journal.mappings import Mappings
from stator.storage.routers.fence import Fence
from stator.storage.routers.membership import Membership
from stator.storage.routers.mutex import Mutex
from stator.storage.routers.news import Telling
from stator.storage.store import Store
from stator.tables import history
from stator.tables.catalog import Catalog
from stator.tables.places import TABLES

TOLD = (TABLES, history.KEY.partition, jobs.PARTITION, MAPPINGS, backups.PARTITION, reach.KEY.partition)
"""What begins the partitions of the rows that others keep copies of."""


class JointStore(Struct, frozen=True):
    membership: Membership
    fence: Fence
    told: Telling

    @classmethod
    async def open(cls, store: Store, steady: SteadyClock, id: str, about: Mapping[str, Any]) -> Self:
        """`store` is the engine; it has a method `cut_off` where others reach it by connections that can be ended. What
        is opened from now on follows the others; nobody knows of this router yet."""
        fence = Fence(store)
        process = {"host": platform.node(), "pid": os.getpid()}
        cut_off = getattr(store, "cut_off", None)
        membership = Membership(store, fence, steady, id, about={**process, **about}, cut_off=cut_off)
        await membership.open()
        return cls(membership, fence, Telling(fence, TOLD))

    def jobs(self, clock: Clock) -> Jobs:
        """The jobs of all routers."""
        membership = self.membership
        mutex = Mutex(self.fence, "jobs", membership.id, membership.refresh)
        return Jobs(self.told, clock, membership.id, is_gone=membership.is_gone, beginning=mutex)

    async def join(self, catalog: Catalog, jobs: Jobs, mappings: Mappings, backups: Backups, reach: Reach) -> None:
        """Have these follow what others do, and take part."""
        for take in (catalog.take, jobs.take_up, mappings.take_up, backups.take_up, reach.take_up):
            self.membership.subscribe(take)
        await reach.take_up(self.fence, None)
        await self.membership.join()
