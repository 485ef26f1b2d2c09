"""The metrics there are, and figures as the text that Prometheus reads. Names, labels and texts are docs/metrics.md."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metric(NamedTuple):
    name: str
    labels: tuple[str, ...]
    text: str
    counter: bool = False  # only grows; its samples are called by the name and `_total`
    histogram: bool = False

    @property
    def kind(self) -> str:
        return "counter" if self.counter else "histogram" if self.histogram else "gauge"


class Figure(NamedTuple):
    """What a metric is now, for one set of values of its labels; of a histogram the sum of all it has seen, and how
    many of them were not above each bound. The last bound is `+Inf`."""

    metric: Metric
    labels: tuple[str, ...]
    value: float
    buckets: Sequence[tuple[str, float]] = ()


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
ARCHIVE_USABLE = Metric(
    "stator_archive_usable",
    (),
    "Whether the archive could be read and written to when it was tried out: 1 or 0. That is at the start, and each "
    "minute until it could.",
)
ARCHIVE_FOREIGN = Metric(
    "stator_archive_foreign",
    _TABLE,
    "1 while the archive has changes of this table that another data directory wrote, so that none are added: the log "
    "says how to take over.",
)
ALARMS = Metric(
    "stator_alarms",
    ("account", "region", "state"),
    "Alarms by the state they were in when they were last looked at. Told by the server that looks at them.",
)
NOTICES = Metric(
    "stator_alarm_notices", (), "Notices of alarms that wait to be delivered. Told by the server that delivers them."
)
NOTICE_FAILURES = Metric(
    "stator_alarm_notice_failures", (), "Tries to deliver a notice that failed since the start.", counter=True
)
CONNECTIONS = Metric("stator_connections", (), "Connections of clients that are open now.")
REPLIES = Metric("stator_replies", (), "Requests answered since the start, failures among them.", counter=True)
REQUESTS = Metric(
    "stator_requests",
    ("operation",),
    "Requests for an operation since the start, refused ones too.",
    counter=True,
)
TABLE_REQUESTS = Metric(
    "stator_table_requests",
    (*_TABLE, "operation"),
    "Requests that succeeded since the start, by table. One that goes to several tables counts for each.",
    counter=True,
)
LATENCY = Metric(
    "stator_request_latency_seconds",
    ("operation",),
    "How long requests for items and stream records took that succeeded, from the first look to the answer. One that "
    "goes to several tables counts for each.",
    histogram=True,
)
REFUSED = Metric(
    "stator_refused_requests",
    (*_TABLE, "metric"),
    "Requests that failed since the start, by CloudWatch's metric of them: ConditionalCheckFailedRequests, "
    "SystemErrors, ThrottledRequests, TransactionConflict, UserErrors. The last one knows no table.",
    counter=True,
)
READ_UNITS = Metric("stator_consumed_read_units", _INDEX, "Read units consumed since the start.", counter=True)
WRITE_UNITS = Metric("stator_consumed_write_units", _INDEX, "Write units consumed since the start.", counter=True)
THROTTLES = Metric(
    "stator_throttled_events",
    (*_INDEX, "reason"),
    "Reads and writes refused since the start for want of capacity, by the reason that ThrottlingReasons tells.",
    counter=True,
)
LOST_SERIES = Metric(
    "stator_lost_samples",
    (),
    "What was not counted since the start because there was more to count than there is room for.",
    counter=True,
)
DATABASE_BYTES = Metric("stator_database_file_bytes", (), "Size of the database file. Not there in memory.")
LOG_BYTES = Metric(
    "stator_write_ahead_log_file_bytes",
    (),
    "Size of the write-ahead log's file, which is used again from its start. Not there in memory.",
)
STANDBY_LAG = Metric(
    "stator_standby_lag_seconds",
    (),
    "How far behind the primary a standby of --read-store was when last looked at, a second ago. Not there without "
    "one, and while none answers; past 10 the primary is read instead.",
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
    ARCHIVE_FOREIGN,
    ARCHIVE_USABLE,
    ALARMS,
    NOTICES,
    NOTICE_FAILURES,
    CONNECTIONS,
    REPLIES,
    REQUESTS,
    TABLE_REQUESTS,
    LATENCY,
    REFUSED,
    READ_UNITS,
    WRITE_UNITS,
    THROTTLES,
    LOST_SERIES,
    DATABASE_BYTES,
    LOG_BYTES,
    STANDBY_LAG,
)


def render(figures: Iterable[Figure]) -> bytes:
    """The text format of Prometheus, 0.0.4. Metrics of which there is no figure are left out."""
    # Importing it takes 0.1 s, and most servers are never asked.
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector, CollectorRegistry

    kinds = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}
    families: dict[Metric, CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily] = {}
    for metric, labels, value, buckets in figures:
        family = families.get(metric)
        if family is None:
            family = families[metric] = kinds[metric.kind](metric.name, metric.text, labels=metric.labels)
        if isinstance(family, HistogramMetricFamily):
            family.add_metric(labels, buckets, value)
        else:
            family.add_metric(labels, value)

    class Collected(Collector):
        def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
            return families.values()

    registry = CollectorRegistry()
    registry.register(Collected())
    return generate_latest(registry)
