"""A store with a table and an auto scaler, second by second."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from stator.autoscaling.activity import Activity
from stator.autoscaling.resource import READ, Resource
from stator.autoscaling.scaling import STEPPING, TRACKING, PolicyRecord, Scaling, ScheduledAction
from stator.autoscaling.scalings import Scalings
from stator.clock import ManualClock
from stator.metrics.alarms import Alarms
from stator.metrics.recorder import Sample
from stator.metrics.series import one, series
from stator.metrics.series_store import SeriesStore
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Table, Throughput
from stator.services.autoscaling.autoscaler import Autoscaler
from stator.services.parts import Parts
from stator.storage.sqlite.engine import SqliteStore
from stator.tables.catalog import Catalog, Edit

WHO = ("111122223333", "eu-west-1")
KEYS = KeySchema((KeyAttribute("pk", "S"),))
INDEX = Index("by-g", False, KeySchema((KeyAttribute("g", "S"),)), Projection("ALL"), 8, Throughput(100, 100))
TABLE = Table(
    *WHO, "music", "id", 1.0, {"pk": "S", "g": "S"}, KEYS, 7, indexes=(INDEX,), throughput=Throughput(100, 100)
)
READS, WRITES = Resource("music", None, "read"), Resource("music", None, "write")
INDEX_READS = Resource("music", "by-g", "read")


class House:
    """Consumes `demand` of each resource, up to what is provisioned; what is more is refused."""

    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        self.scalings = Scalings(store, clock)
        self.series = SeriesStore(store, clock)
        self.alarms = Alarms(store, clock)
        self.demand: dict[Resource, float] = {}
        self.restart()

    def restart(self) -> None:
        parts = Parts(self.catalog, self.store, self.clock)
        self.autoscaler = Autoscaler(parts, self.scalings, self.series, self.alarms)

    async def keep(self, table: Table) -> None:
        await self.catalog.change(table.account, table.region, table.name, lambda _: Edit(table))

    @property
    def table(self) -> Table:
        return self.catalog.require(*WHO, "music")

    def throughput(self, resource: Resource) -> Throughput:
        return self.table.throughput if resource.index is None else self.table.indexes[0].throughput

    def units(self, resource: Resource) -> int:
        throughput = self.throughput(resource)
        return throughput.read if resource.unit == READ else throughput.write

    async def pass_(self, seconds: int) -> int:
        """So many seconds, with a run at the end of each. How many changes there were."""
        changes = 0
        for _ in range(seconds):
            for resource, demand in self.demand.items():
                self._count(resource, demand)
            self.clock.advance(1)
            changes += await self.autoscaler.run_once()
        return changes

    def _count(self, resource: Resource, demand: float) -> None:
        served = min(demand, float(self.units(resource)))
        unit = "Read" if resource.unit == READ else "Write"
        counts = {f"Consumed{unit}CapacityUnits": served, f"{unit}ProvisionedThroughputThrottleEvents": demand - served}
        for name, value in counts.items():
            if value:
                told = series(name, **resource.dimensions)
                self.series.add([Sample(*WHO, told, one(float(int(self.clock())), value))])

    async def activities(self, resource: Resource) -> list[Activity]:
        """The oldest first."""
        found, _ = await self.scalings.activities(*WHO, lambda each: each.resource == resource, most=10_000)
        return found[::-1]

    async def register(self, resource: Resource, minimum: int = 5, maximum: int = 1000, **members: Any) -> Scaling:
        """With a policy of target tracking at 70 %, unless others are given."""
        chosen: dict[str, Any] = {"policies": (tracking(resource),), "bounded": 1} | members
        scaling = Scaling(
            account=WHO[0],
            region=WHO[1],
            resource=resource,
            id=f"{resource.unit}{resource.index or ''}",
            minimum=minimum,
            maximum=maximum,
            created=self.clock(),
            role_arn="arn",
            **chosen,
        )
        await self.scalings.change(*WHO, resource, lambda _: scaling)
        return scaling

    async def edit(self, resource: Resource, **members: Any) -> None:
        await self.scalings.change(*WHO, resource, lambda scaling: scaling and replace(scaling, **members))


def tracking(resource: Resource, target: float = 70.0, **members: Any) -> PolicyRecord:
    configuration: Mapping[str, Any] = {
        "TargetValue": target,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": f"DynamoDB{resource.unit.capitalize()}CapacityUtilization"
        },
        **members,
    }
    names = tuple(f"TargetTracking-{resource.id}-{each}" for each in ("High", "Low", "PHigh", "PLow"))
    return PolicyRecord("follow", f"p-{resource.unit}", TRACKING, configuration, 1.0, names)


def stepping(**members: Any) -> PolicyRecord:
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 50}]
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, **members}
    return PolicyRecord("steps", "s", STEPPING, configuration, 1.0)


def action(name: str, schedule: str, created: float, **members: Any) -> ScheduledAction:
    chosen: dict[str, Any] = {
        "id": name,
        "zone": None,
        "start": None,
        "end": None,
        "minimum": None,
        "maximum": None,
        "done": created,
    }
    return ScheduledAction(name=name, schedule=schedule, created=created, **chosen | members)


def run(work: Callable[[House], Awaitable[None]], table: Table = TABLE) -> None:
    async def within() -> None:
        store, clock = SqliteStore.open(None), ManualClock()
        try:
            house = House(store, await Catalog.open(store, clock), clock)
            await house.keep(table)
            await work(house)
        finally:
            await store.close()

    asyncio.run(within())
