"""The metrics there are, and figures as the text that Prometheus reads. Names, labels and texts are docs/metrics.md."""

from collections.abc import Iterable
from typing import NamedTuple

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metric(NamedTuple):
    name: str
    labels: tuple[str, ...]
    text: str
    counter: bool = False  # only grows; its samples are called by the name and `_total`


class Figure(NamedTuple):
    """What a metric is now, for one set of values of its labels."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


_TABLE = ("account", "region", "table")
_INDEX = (*_TABLE, "index")

PROGRESS = Metric(
    "stator_online_index_percentage_progress",
    _INDEX,
    "How far an index that was added to a table is filled: CloudWatch's OnlineIndexPercentageProgress. "
    "Only there while it is being filled.",
)
TABLE_ITEMS = Metric("stator_table_items", _TABLE, "Items of the table, exact.")
TABLE_BYTES = Metric("stator_table_size_bytes", _TABLE, "Bytes of these items as DynamoDB counts them.")
INDEX_ENTRIES = Metric("stator_index_entries", _INDEX, "Entries of the index, exact.")
INDEX_BYTES = Metric("stator_index_size_bytes", _INDEX, "Bytes of these entries as DynamoDB counts them.")
JOBS = Metric(
    "stator_jobs",
    ("kind", "state"),
    "Backups, restores, exports, imports, bulk puts and backups of the instance by how far they are: RUNNING and "
    "CANCELLING ones, and those that ended COMPLETED, FAILED or CANCELLED and are told of still.",
)
JOBS_RETRYING = Metric(
    "stator_jobs_retrying", ("kind",), "Of the running ones those whose last try failed: the log says why."
)
ARCHIVE_SEGMENT_AGE = Metric(
    "stator_archive_segment_age_seconds",
    _TABLE,
    "How much of the table's latest past is not in the archive yet: what would be lost with the data directory. "
    "For tables with recovery to a point in time, and for all once the instance is backed up.",
)
ARCHIVE_COPY_AGE = Metric(
    "stator_archive_copy_age_seconds",
    _TABLE,
    "Age of the newest full copy of a table with recovery to a point in time. One that nothing was written to since "
    "its copy needs no newer one.",
)
ARCHIVE_FAILURES = Metric(
    "stator_archive_failures", (), "Failures to keep the archive up to date since the start.", counter=True
)
CONNECTIONS = Metric("stator_connections", (), "Connections of clients that are open now.")
REPLIES = Metric("stator_replies", (), "Requests answered since the start, failures among them.", counter=True)
DATABASE_BYTES = Metric("stator_database_file_bytes", (), "Size of the database file. Not there in memory.")
LOG_BYTES = Metric(
    "stator_write_ahead_log_file_bytes",
    (),
    "Size of the write-ahead log's file, which is used again from its start. Not there in memory.",
)

METRICS = (
    PROGRESS,
    TABLE_ITEMS,
    TABLE_BYTES,
    INDEX_ENTRIES,
    INDEX_BYTES,
    JOBS,
    JOBS_RETRYING,
    ARCHIVE_SEGMENT_AGE,
    ARCHIVE_COPY_AGE,
    ARCHIVE_FAILURES,
    CONNECTIONS,
    REPLIES,
    DATABASE_BYTES,
    LOG_BYTES,
)


def render(figures: Iterable[Figure]) -> bytes:
    """The text format of Prometheus, 0.0.4. Metrics of which there is no figure are left out."""
    # Importing it takes 0.1 s, and most servers are never asked.
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector, CollectorRegistry

    families: dict[Metric, CounterMetricFamily | GaugeMetricFamily] = {}
    for metric, labels, value in figures:
        family = families.get(metric)
        if family is None:
            kind = CounterMetricFamily if metric.counter else GaugeMetricFamily
            family = families[metric] = kind(metric.name, metric.text, labels=metric.labels)
        family.add_metric(labels, value)

    class Collected(Collector):
        def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
            return families.values()

    registry = CollectorRegistry()
    registry.register(Collected())
    return generate_latest(registry)
