"""What tables and indexes may do, and that it is what they can do: the bars of capacity, in virtual time."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.errors import (
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
    WireError,
)
from stator.items.capacity import write_units
from stator.items.throughput import (
    THROTTLES,
    Allowance,
    Peak,
    ReadTill,
    charge_page,
    charge_reads,
    check_read,
    check_reads,
    check_write,
    read_meter,
)
from stator.metrics.bucket import KEY_RANGE, MAX_ON_DEMAND, PROVISIONED
from stator.metrics.meter import NO_LIMITS, Limit, Meters
from stator.model.table import OnDemandThroughput, Table, Throughput, WarmThroughput
from stator.storage.store import Key
from tests.unit.items.conftest import index, table

BY_V = replace(index("by-v", "v:S", space=2), throughput=Throughput(10, 20))
LOCAL = index("local", "pk:S", "v:S", local=True, space=3)
PROVISIONED_TABLE = replace(table("pk:S", "sk:S", BY_V, LOCAL), throughput=Throughput(5, 100))
ON_DEMAND_TABLE = replace(PROVISIONED_TABLE, on_demand=True, throughput=Throughput())


def _meters(clock: ManualClock, mode: str = "provisioned", peaks: dict[int, Peak] | None = None) -> Meters:
    return Meters(clock, Allowance(mode, peaks or {}))


def _caught(check: Callable[[], object]) -> WireError | None:
    try:
        check()
    except WireError as error:
        return error
    return None


def test_a_provisioned_table_and_its_index_have_what_was_provisioned_and_300_seconds_of_it() -> None:
    allowance = Allowance("provisioned", {})
    limits = allowance(PROVISIONED_TABLE, None)
    assert limits.reads == (Limit(PROVISIONED, 5, 300.0),)
    assert limits.writes == (Limit(PROVISIONED, 100, 300.0),)
    assert (limits.read_keys, limits.write_keys) == (3000, 1000)
    assert allowance(PROVISIONED_TABLE, BY_V).writes == (Limit(PROVISIONED, 20, 300.0),)
    assert Allowance("off", {})(PROVISIONED_TABLE, None) is NO_LIMITS


def test_an_on_demand_table_has_no_end_but_its_maxima() -> None:
    allowance = Allowance("provisioned", {})
    assert allowance(ON_DEMAND_TABLE, None) == NO_LIMITS
    capped = replace(ON_DEMAND_TABLE, on_demand_throughput=OnDemandThroughput(None, 7))
    assert allowance(capped, None).reads == ()
    assert allowance(capped, None).writes == (Limit(MAX_ON_DEMAND, 7, 300.0),)
    assert allowance(capped, BY_V) == NO_LIMITS
    own = replace(BY_V, on_demand_throughput=OnDemandThroughput(9, None))
    assert allowance(capped, own).reads == (Limit(MAX_ON_DEMAND, 9, 300.0),)


@pytest.mark.parametrize(
    ("warm", "peak", "reads", "writes"),
    [
        (None, Peak(), 12_000, 4_000),
        (None, Peak(5_000.0, 1_999.0), 12_000, 4_000),
        (None, Peak(7_000.0, 9_000.0), 14_000, 18_000),
        (WarmThroughput(20_000, 5_000), Peak(), 20_000, 5_000),
        (WarmThroughput(20_000, 5_000), Peak(11_000.0, 2_000.0), 22_000, 5_000),
    ],
)
def test_all_on_demand_tables_can_be_held_to_what_the_service_would_bear(
    warm: WarmThroughput | None, peak: Peak, reads: float, writes: float
) -> None:
    limits = Allowance("all", {1: peak})(replace(ON_DEMAND_TABLE, warm_throughput=warm), None)
    assert limits.reads[0] == Limit(KEY_RANGE, reads, 1.0)
    assert limits.writes[0] == Limit(KEY_RANGE, writes, 1.0)
    assert (limits.reads[1].rate, limits.reads[1].shared) == (80_000, True)
    assert (limits.read_keys, limits.write_keys) == (3000, 1000)


def test_the_quota_of_a_table_is_the_end_of_doubling() -> None:
    limits = Allowance("all", {1: Peak(30_000.0, 20_000.0)})(ON_DEMAND_TABLE, None)
    assert [limit.kind for limit in (limits.reads[0], limits.writes[0])] == ["AccountLimitExceeded"] * 2
    assert (limits.reads[0].rate, limits.writes[0].rate) == (40_000, 40_000)


def test_what_a_provisioned_table_says_when_it_is_exhausted() -> None:
    meters = _meters(ManualClock())
    meter = meters.of(PROVISIONED_TABLE)
    check_read(meter, PROVISIONED_TABLE, b"k", "GetItem")
    meter.read(1500)
    with pytest.raises(ProvisionedThroughputExceededException) as caught:
        check_read(meter, PROVISIONED_TABLE, b"k", "GetItem")
    assert caught.value.message == (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    )
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things"
    reasons = [{"reason": "TableReadProvisionedThroughputExceeded", "resource": arn}]
    assert caught.value.fields == {"ThrottlingReasons": reasons}
    assert meter.throttled_by == {("TableReadProvisionedThroughputExceeded", "GetItem"): 1}
    check_write(meter, PROVISIONED_TABLE, b"k", "PutItem")


def test_what_an_index_says() -> None:
    meters = _meters(ManualClock())
    meter = read_meter(meters, PROVISIONED_TABLE, BY_V)
    meter.read(3001)
    error = _caught(lambda: check_read(meter, PROVISIONED_TABLE, b"k", "Query"))
    assert isinstance(error, ProvisionedThroughputExceededException)
    assert error.message.startswith("The level of configured provisioned throughput for one or more global secondary")
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things/index/by-v"
    reasons = [{"reason": "IndexReadProvisionedThroughputExceeded", "resource": arn}]
    assert error.fields == {"ThrottlingReasons": reasons}
    assert read_meter(meters, PROVISIONED_TABLE, LOCAL) is meters.of(PROVISIONED_TABLE)


def test_what_a_maximum_a_hot_key_and_an_account_say_on_demand() -> None:
    clock = ManualClock()
    capped = replace(ON_DEMAND_TABLE, on_demand_throughput=OnDemandThroughput(None, 1))
    meters = _meters(clock)
    meters.of(capped).write(300)
    error = _caught(lambda: check_write(meters.of(capped), capped, b"k", "PutItem"))
    assert isinstance(error, ThrottlingException)
    assert error.message == "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
    assert error.fields["throttlingReasons"][0]["reason"] == "TableWriteMaxOnDemandThroughputExceeded"

    meters = _meters(clock, "all")
    for _ in range(2000):
        meters.of(ON_DEMAND_TABLE).write(1, b"hot")
    error = _caught(lambda: check_write(meters.of(ON_DEMAND_TABLE), ON_DEMAND_TABLE, b"hot", "PutItem"))
    assert isinstance(error, ThrottlingException)
    assert error.message.startswith("Throughput exceeds the current capacity of your table or index. DynamoDB is")
    assert error.fields["throttlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    check_write(meters.of(ON_DEMAND_TABLE), ON_DEMAND_TABLE, b"cold", "PutItem")

    for number in range(3):  # each within its own quota, all together above the account's
        some = replace(ON_DEMAND_TABLE, space=10 + number, warm_throughput=WarmThroughput(40_000, 40_000))
        meters.of(some).write(30_000)
    fresh = replace(ON_DEMAND_TABLE, space=99)
    error = _caught(lambda: check_write(meters.of(fresh), fresh, b"k", "PutItem"))
    assert isinstance(error, RequestLimitExceeded)
    assert error.fields["ThrottlingReasons"][0]["reason"] == "TableWriteAccountLimitExceeded"


def test_a_page_charges_the_index_that_is_read_and_a_local_one_to_the_table() -> None:
    meters = _meters(ManualClock())
    charge_page(meters, PROVISIONED_TABLE, 0.0, {"by-v": 2.5}, b"k")
    assert (meters.of(PROVISIONED_TABLE).read_units, meters.of_index(PROVISIONED_TABLE, BY_V).read_units) == (0, 2.5)
    charge_page(meters, PROVISIONED_TABLE, 1.5, {"local": 0.5}, b"k")
    assert meters.of(PROVISIONED_TABLE).read_units == 2.0
    assert meters.of_index(PROVISIONED_TABLE, BY_V).read_units == 2.5


def test_a_transaction_is_let_in_as_far_as_capacity_goes() -> None:
    meters = _meters(ManualClock())
    meter = meters.of(PROVISIONED_TABLE)
    meter.read(1500 - 5)
    keys = [Key(1, bytes([number]), b"") for number in range(4)]
    refused = check_reads(meters, keys, [PROVISIONED_TABLE] * 4, "TransactGetItems")
    assert list(refused) == [3]  # 5 units are left, and each read takes at least 2
    assert all(isinstance(error, THROTTLES) for error in refused.values())
    charge_reads(meters, keys[:2], [PROVISIONED_TABLE] * 2, [0, 4097])
    assert meter.read_units == 1495 + 2 + 4


def test_a_till_lets_in_until_nothing_is_left_and_tells_the_first_refusal() -> None:
    meters = _meters(ManualClock())
    meters.of(PROVISIONED_TABLE).read(1500 - 2)
    till = ReadTill(meters, PROVISIONED_TABLE, "BatchGetItem")
    admitted = []
    for number in range(4):
        key = Key(1, bytes([number]), b"")
        admitted.append(till.admits(key))
        if admitted[-1]:
            till.charge(key, 1.0)
    assert admitted == [True, True, False, False]
    assert isinstance(till.refusal, ProvisionedThroughputExceededException)
    assert meters.of(PROVISIONED_TABLE).read_throttles == 2


def _demand(
    meters: Meters, clock: ManualClock, of: Table, seconds: int, keys: dict[bytes, int], units: int = 1
) -> dict[bytes, int]:
    """Ask for a write of each key so many times a second, evenly; returns the units that were let in."""
    served = dict.fromkeys(keys, 0)
    for _ in range(seconds * 10):
        clock.advance(0.1)
        for key, times in keys.items():
            for _ in range(times // 10):
                meter = meters.of(of)
                if _caught(lambda meter=meter, key=key: check_write(meter, of, key, "PutItem")) is None:  # type: ignore[misc]
                    meter.write(units, key)
                    served[key] += units
    return served


@pytest.mark.parametrize("size", [100, 3000])
def test_bar_a_table_of_100_units_serves_burst_and_rate_of_a_demand_of_400(size: int) -> None:
    clock = ManualClock()
    units = write_units(size)
    keys = {bytes([number]): 80 for number in range(5)}
    served = sum(_demand(_meters(clock), clock, PROVISIONED_TABLE, 600, keys, units).values())
    assert served == pytest.approx(100 * 300 + 100 * 600, rel=0.01)


def test_bar_the_same_with_a_hot_key() -> None:
    clock = ManualClock()
    meters = _meters(clock)
    served = _demand(meters, clock, PROVISIONED_TABLE, 600, {b"hot": 360, b"a": 20, b"b": 20})
    assert sum(served.values()) == pytest.approx(100 * 300 + 100 * 600, rel=0.01)
    large = replace(PROVISIONED_TABLE, throughput=Throughput(5, 2_000), space=7)
    served = _demand(meters, clock, large, 60, {b"hot": 2_000, b"a": 500, b"b": 300})
    assert served[b"hot"] == pytest.approx(1_000 * 60, rel=0.03)  # and a second's worth at the beginning
    assert (served[b"a"], served[b"b"]) == (500 * 60, 300 * 60)


def test_a_table_that_rests_saves_no_more_than_300_seconds() -> None:
    clock = ManualClock()
    meters = _meters(clock)
    _demand(meters, clock, PROVISIONED_TABLE, 200, {b"k": 400})
    clock.advance(100)
    served = sum(_demand(meters, clock, PROVISIONED_TABLE, 100, {b"k": 400}).values())
    assert served == pytest.approx(100 * 100 + 100 * 100, rel=0.01)
    clock.advance(86_400)
    served = sum(_demand(meters, clock, PROVISIONED_TABLE, 200, {b"k": 400}).values())
    assert served == pytest.approx(100 * 300 + 100 * 200, rel=0.01)
