"""What operations use, over a store in this process with no server around it."""

from stator.api.call import Parts
from stator.archive.backups import Backups
from stator.archive.chains.reach import Reach
from stator.archive.jobs import Jobs
from stator.archive.places.location import Location
from stator.autoscaling.scalings import Scalings
from stator.clock import Clock
from stator.items.charge import ChargedWriter
from stator.items.commit import Writer
from stator.items.read import Reader
from stator.journal.mappings import Mappings
from stator.journal.streams import Streams
from stator.metrics.alarms import Alarms
from stator.metrics.custom import Custom
from stator.metrics.insight_store import InsightStore
from stator.metrics.meter import Meters
from stator.metrics.series_store import SeriesStore
from stator.storage.store import Store
from stator.tables.catalog import Catalog


def furnish(store: Store, catalog: Catalog, clock: Clock) -> Parts:
    """Nothing limits the tables; the archive is in memory."""
    streams = Streams(store, clock)
    archive = Location.open("memory://furnished")
    meters = Meters()
    return Parts(
        catalog=catalog,
        reader=Reader(store),
        writer=ChargedWriter(Writer(store, catalog.latest), meters),
        clock=clock,
        streams=streams,
        mappings=Mappings(store, streams, clock),
        jobs=Jobs(store, clock, "furnished"),
        backups=Backups(store, archive, clock),
        archive=archive,
        reach=Reach(),
        buckets=archive.below,
        series=SeriesStore(store, clock),
        insights=InsightStore(store, clock),
        alarms=Alarms(store, clock),
        scalings=Scalings(store, clock),
        custom=Custom(store, clock),
        meters=meters,
    )
