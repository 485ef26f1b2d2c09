import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.metrics.bucket import PROVISIONED
from stator.metrics.meter import NO_LIMITS, Level, Limit, Limits, Meters
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Table, Throughput

_KEYS = KeySchema((KeyAttribute("pk", "S"),))
_BY_V = Index("by-v", False, _KEYS, Projection("ALL"), 2, Throughput(3, 4))
_TABLE = Table(
    "123456789012", "eu-west-1", "t", "id", 0.0, {"pk": "S"}, _KEYS, 1, (_BY_V,), throughput=Throughput(5, 6)
)


def _provisioned(table: Table, index: Index | None) -> Limits:
    units = (table if index is None else index).throughput
    return Limits((Limit(PROVISIONED, units.read, 300.0),), (Limit(PROVISIONED, units.write, 300.0),), 3000.0, 1000.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_sums_grow_without_limits_and_nothing_is_refused(clock: ManualClock) -> None:
    meters = Meters(clock)
    meter = meters.of(_TABLE)
    for _ in range(1000):
        meter.read(0.5, b"k")
        meter.write(400, b"k")
    assert (meter.read_units, meter.write_units) == (500.0, 400_000.0)
    assert meter.reads is meter.writes is None
    assert meter.read_refusal(b"k") is meter.write_refusal(b"k") is None


def test_a_table_and_its_index_have_meters_of_their_own(clock: ManualClock) -> None:
    meters = Meters(clock, _provisioned)
    table, index = meters.of(_TABLE), meters.of_index(_TABLE, _BY_V)
    assert (table.space, table.index, index.space, index.index) == (1, None, 2, "by-v")
    assert {meter.table for meter in meters.all()} == {"t"}
    index.write(1201)
    assert index.write_refusal(None) == PROVISIONED
    assert table.write_refusal(None) is None
    assert index.read_refusal(None) is None
    assert meters.find(2) is index
    assert meters.find(3) is None


def test_the_meter_is_the_same_and_follows_the_table(clock: ManualClock) -> None:
    meters = Meters(clock, _provisioned)
    meter = meters.of(_TABLE)
    meter.write(1500)
    assert meters.of(_TABLE) is meter
    raised = replace(_TABLE, throughput=Throughput(5, 60))
    assert meters.of(raised) is meter
    assert meter.writes is not None
    assert (meter.writes.buckets[0].level, meter.writes.buckets[0].rate) == (300.0, 60)
    clock.advance(10)
    assert meter.writes.buckets[0].fill(clock()) == 900.0
    assert meter.writes.spent == 1500.0
    lowered = replace(_TABLE, throughput=Throughput(5, 1))
    meters.of(lowered)
    assert meter.writes.buckets[0].level == 300.0  # all that a table of one unit can have saved
    assert meter.write_units == 1500.0


def test_a_change_counts_from_when_it_is_made(clock: ManualClock) -> None:
    meters = Meters(clock, _provisioned)
    meters.of_index(_TABLE, _BY_V).write(1200)
    clock.advance(10)
    after = replace(_TABLE, indexes=(replace(_BY_V, throughput=Throughput(3, 100)),))
    meters.follow(replace(_TABLE, becomes=after))
    clock.advance(10)
    writes = meters.of_index(after, after.indexes[0]).writes
    assert writes is not None
    assert writes.buckets[0].fill(clock()) == 40 + 1000
    assert meters.find(_TABLE.space) is None  # none is made for it


def test_limits_come_and_go(clock: ManualClock) -> None:
    limits = [_provisioned(_TABLE, None)]
    meters = Meters(clock, lambda _table, _index: limits[-1])
    meter = meters.of(_TABLE)
    meter.write(10_000)
    assert meter.write_refusal(None) == PROVISIONED
    limits.append(NO_LIMITS)
    assert meters.of(_TABLE).write_refusal(None) == PROVISIONED  # until somebody says that there is news
    meters.refresh()
    assert meters.of(_TABLE).write_refusal(None) is None
    assert meters.of(_TABLE) is meter


def test_a_new_bucket_is_full_and_one_that_was_known_goes_on(clock: ManualClock) -> None:
    meters = Meters(clock, _provisioned)
    meters.levels[1] = Level(-50.0, None, clock() - 4)
    meter = meters.of(_TABLE)
    assert meter.reads is not None
    assert meter.writes is not None
    assert meter.reads.buckets[0].level == -30.0
    assert meter.writes.buckets[0].level == 1800.0


def test_a_shared_limit_is_that_of_all_tables_of_an_account_and_region(clock: ManualClock) -> None:
    everybody = Limits((), (Limit("Account", 100.0, 1.0, shared=True),))
    meters = Meters(clock, lambda _table, _index: everybody)
    elsewhere = replace(_TABLE, space=8, region="eu-central-1")
    one, two, other = meters.of(_TABLE), meters.of(replace(_TABLE, space=7, name="u")), meters.of(elsewhere)
    one.write(60)
    assert two.write_refusal(None) is None
    two.write(60)
    assert one.write_refusal(None) == two.write_refusal(None) == "Account"
    assert other.write_refusal(None) is None
    clock.advance(0.3)
    assert one.write_refusal(None) is None


def test_throttles_are_counted_by_reason_and_operation(clock: ManualClock) -> None:
    meters = Meters(clock, _provisioned)
    table, index = meters.of(_TABLE), meters.of_index(_TABLE, _BY_V)
    assert table.count_throttle(PROVISIONED, "PutItem", write=True) == "TableWriteProvisionedThroughputExceeded"
    table.count_throttle(PROVISIONED, "UpdateItem", write=True)
    assert index.count_throttle("KeyRange", "Query", write=False) == "IndexReadKeyRange"
    assert (table.read_throttles, table.write_throttles, index.read_throttles) == (0, 2, 1)
    assert table.throttled == {"TableWriteProvisionedThroughputExceeded": 2}
    assert table.throttled_by == {
        ("TableWriteProvisionedThroughputExceeded", "PutItem"): 1,
        ("TableWriteProvisionedThroughputExceeded", "UpdateItem"): 1,
    }


def test_meters_of_what_is_gone_are_forgotten_the_second_time(clock: ManualClock) -> None:
    meters = Meters(clock, _provisioned)
    meters.of(_TABLE)
    meters.of_index(_TABLE, _BY_V)
    meters.prune({2})
    assert meters.find(1) is not None
    meters.prune({1, 2})  # it is back
    meters.prune({2})
    assert meters.find(1) is not None
    meters.prune({2})
    assert meters.find(1) is None
    assert meters.find(2) is not None
