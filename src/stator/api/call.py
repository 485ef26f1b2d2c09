"""One call of an operation: who asks, where, with what, and the few parts of the house an operation may use."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct, field

from stator.archive.backups import Backups
from stator.archive.chains.reach import Reach
from stator.archive.jobs import Jobs
from stator.archive.places.location import Location
from stator.autoscaling.scalings import Scalings
from stator.clock import Clock
from stator.items.charge import ChargedWriter
from stator.items.read import Reader
from stator.journal.mappings import Mappings
from stator.journal.streams import Streams
from stator.metrics.alarms import Alarms
from stator.metrics.custom import Custom
from stator.metrics.insight_store import InsightStore
from stator.metrics.meter import Meters
from stator.metrics.recorder import Recorder, Tables
from stator.metrics.series_store import SeriesStore
from stator.tables.catalog import Catalog

Answer = bytes | dict[str, Any]
"""A reply body: JSON text ready to send, or an object to render as JSON."""


async def _no_cluster() -> dict[str, Any]:
    return {}


class Parts(Struct, frozen=True, kw_only=True):
    catalog: Catalog
    reader: Reader
    writer: ChargedWriter
    clock: Clock
    streams: Streams
    mappings: Mappings
    jobs: Jobs
    backups: Backups
    archive: Location
    reach: Reach
    buckets: Callable[[str], Location]  # by the name of a bucket of exports and imports; raises ArchiveError
    series: SeriesStore
    insights: InsightStore
    alarms: Alarms
    custom: Custom  # metrics that clients bring
    scalings: Scalings
    recorder: Recorder = field(default_factory=Recorder)
    cluster: Callable[[], Awaitable[dict[str, Any]]] = _no_cluster  # as DescribeCluster answers it
    kinesis: bool = False  # whether there is an endpoint that changes can be delivered to
    meters: Meters = field(default_factory=Meters)


class Call:
    """Made for each request, so plain slots, which are written to three times as fast as a Struct's fields."""

    __slots__ = ("account", "host", "parts", "region", "request", "table")

    def __init__(self, request: dict[str, Any], account: str, region: str, host: str, parts: Parts) -> None:
        self.request = request  # converted and constraint-checked against the operation's shape
        self.account = account  # 12 digits
        self.region = region
        self.host = host  # the Host header, as DescribeEndpoints answers it
        self.parts = parts
        self.table: Tables = request.get("TableName")  # whom metrics tell of it; an operation may know better
