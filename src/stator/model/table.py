"""What a table is: its keys, its indexes, where its rows live and everything that DescribeTable tells of it.

Frozen values: a change makes a new one. Times are seconds since the epoch.
"""

from enum import StrEnum

from msgspec import Struct, field

from stator.limits import DAY_SECONDS


class Status(StrEnum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    UPDATING = "UPDATING"
    DELETING = "DELETING"


class Build(StrEnum):
    """How far an index that was added to a live table is. Nobody reads it yet.

    There are two states because not every router knows of it at the same moment: were one to put the entry of an item,
    and another that has not heard of the index to change the item, nobody would take the entry out again.
    """

    ALLOTTED = "ALLOTTED"  # writes take out of it the entry of the item as it was, and put none
    FILLING = "FILLING"  # writes maintain it, and older items are being brought in


class KeyAttribute(Struct, frozen=True):
    name: str
    type: str  # S, N or B


class KeySchema(Struct, frozen=True):
    """The key of a table or index. Tables and local indexes have one hash and at most one range attribute; global
    indexes up to four of each."""

    hash: tuple[KeyAttribute, ...]
    range: tuple[KeyAttribute, ...] = ()

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        return self.hash + self.range


class Projection(Struct, frozen=True):
    type: str  # ALL, KEYS_ONLY or INCLUDE
    attributes: tuple[str, ...] = ()  # NonKeyAttributes, as requested


class Throughput(Struct, frozen=True):
    """Provisioned capacity, in units a second; zeros when on demand."""

    read: int = 0
    write: int = 0
    last_increase: float | None = None
    last_decrease: float | None = None
    decreases_today: int = 0


class OnDemandThroughput(Struct, frozen=True):
    """Maxima in request units a second; None where not set."""

    read_max: int | None = None
    write_max: int | None = None


class WarmThroughput(Struct, frozen=True):
    read: int
    write: int


class Index(Struct, frozen=True):
    """A secondary index. Its rows live in a space of their own."""

    name: str
    local: bool
    keys: KeySchema
    projection: Projection
    space: int
    throughput: Throughput = Throughput()
    on_demand_throughput: OnDemandThroughput | None = None
    warm_throughput: WarmThroughput | None = None
    build: Build | None = None  # None once it is complete


class Stream(Struct, frozen=True):
    view_type: str
    label: str  # its creation time, YYYY-MM-DDTHH:MM:SS.mmm


class TimeToLive(Struct, frozen=True):
    attribute: str
    enabled: bool
    changed: float
    space: int | None = None  # of the entries that say when items expire; None until a duty has made it
    filled: bool = False  # whether the items of before have their entries
    allotted: bool = False  # writes take entries out and put none: as with an index, see `Build`


class Destination(Struct, frozen=True):
    """A Kinesis stream that the changes of a table's items go to, or went to."""

    stream_arn: str
    status: str  # ENABLING, ACTIVE, UPDATING, DISABLING, DISABLED or ENABLE_FAILED
    changed: float  # when it was last enabled, updated or disabled
    precision: str | None = None  # MILLISECOND or MICROSECOND; None where no client has said
    description: str | None = None  # why it is ENABLE_FAILED


class Insight(Struct, frozen=True):
    """Contributor Insights of a table, or of a global index by its name: wished for, or not any more."""

    index: str | None
    enabled: bool
    mode: str  # ACCESSED_AND_THROTTLED_KEYS or THROTTLED_KEYS
    changed: float
    created: float  # what its rules are named by


class Restore(Struct, frozen=True):
    """Where a table was restored from."""

    source_backup_arn: str | None
    source_table_arn: str | None
    time: float  # the moment whose items came back
    in_progress: bool


class Recovery(Struct, frozen=True):
    """Recovery to a point in time, while it is enabled."""

    since: float
    period_days: int

    def earliest(self, now: float) -> float:
        """The first time that is covered: what has left the period is not."""
        return max(self.since, now - self.period_days * DAY_SECONDS)


class Table(Struct, frozen=True):
    account: str
    region: str
    name: str
    id: str  # a UUID, new at each creation
    created: float
    attribute_types: dict[str, str]  # AttributeDefinitions in the order given
    keys: KeySchema
    space: int
    indexes: tuple[Index, ...] = ()
    on_demand: bool = False
    on_demand_since: float | None = None  # LastUpdateToPayPerRequestDateTime
    throughput: Throughput = Throughput()
    on_demand_throughput: OnDemandThroughput | None = None
    warm_throughput: WarmThroughput | None = None
    stream: Stream | None = None  # while enabled
    latest_stream_label: str | None = None
    journal_readers: tuple[str, ...] = ()  # who reads the change journal besides the stream
    destinations: tuple[Destination, ...] = ()  # at most one of them live, the newest first
    time_to_live: TimeToLive | None = None
    insights: tuple[Insight, ...] = ()
    restore: Restore | None = None
    recovery: Recovery | None = None
    table_class: str | None = None
    table_class_changed: float | None = None
    deletion_protection: bool = False
    sse_key_arn: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    status: Status = Status.ACTIVE
    settles_at: float | None = (
        None  # when CREATING, UPDATING or DELETING passes; None once it has, or while work is left
    )
    becomes: "Table | None" = None  # while UPDATING: the table after it

    @property
    def arn(self) -> str:
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.name}"

    @property
    def derives(self) -> bool:
        """Whether writes of items write more rows than those of the items."""
        return bool(self.indexes) or (self.time_to_live is not None and self.time_to_live.space is not None)

    @property
    def spaces(self) -> tuple[int, ...]:
        """Every space that holds rows of the table."""
        setting = self.time_to_live
        own = () if setting is None or setting.space is None else (setting.space,)
        return (self.space, *(index.space for index in self.indexes), *own)

    def index(self, name: str) -> Index | None:
        """The index of that name, be it local or global."""
        for index in self.indexes:
            if index.name == name:
                return index
        return None

    @property
    def journaled(self) -> bool:
        """Whether changes go into the table's journal."""
        return self.stream is not None or bool(self.journal_readers)

    @property
    def journal_images(self) -> str:
        """Which images of a changed item the journal keeps: a text that holds NEW, OLD, both or neither."""
        if self.journal_readers or self.stream is None:
            return "NEW_AND_OLD_IMAGES"
        return self.stream.view_type
