"""How often provisioned throughput may be lowered: 4 times of a UTC day, and once after each hour without."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from stator.errors import LimitExceededException
from stator.model.table import Table, Throughput
from stator.tables.lifecycle import settle
from stator.tables.throughput import change, decreases_today
from stator.tables.update import plan

MIDNIGHT = 1_750_032_000.0  # 2025-06-16T00:00:00Z
HOUR = 3600


def _lower(throughput: Throughput, now: float) -> Throughput:
    return change(throughput, replace(throughput, write=throughput.write - 1), now, now)[1]


def test_no_more_than_27_times_a_day_however_one_tries() -> None:
    throughput = Throughput(5, 1000)
    times = []
    for minute in range(24 * 60):
        now = MIDNIGHT + minute * 60
        try:
            throughput = _lower(throughput, now)
        except LimitExceededException:
            continue
        times.append(minute)
    assert times == [0, 1, 2, *range(3, 24 * 60, 60)]
    assert len(times) == 27
    assert decreases_today(throughput, MIDNIGHT + 86_399) == 27
    assert decreases_today(throughput, MIDNIGHT + 86_400) == 0
    assert decreases_today(_lower(throughput, MIDNIGHT + 86_400), MIDNIGHT + 86_401) == 1


def test_the_day_is_that_of_utc() -> None:
    late = MIDNIGHT + 23.9 * HOUR
    throughput = Throughput(5, 1000)
    for number in range(4):
        throughput = _lower(throughput, late + number)
    with pytest.raises(LimitExceededException) as caught:
        _lower(throughput, late + 10)
    assert (
        "Number of decreases today: 4. Last decrease at Monday, June 16, 2025 at 11:54:03 PM Coordinated Universal "
        in (caught.value.message)
    )
    assert _lower(throughput, MIDNIGHT + 24 * HOUR).decreases_today == 1  # less than an hour later


def test_reads_and_writes_lowered_together_are_one_decrease() -> None:
    assert change(Throughput(5, 5), Throughput(1, 1), MIDNIGHT, MIDNIGHT)[1].decreases_today == 1


def test_a_table_and_each_index_have_decreases_of_their_own(make_table: Callable[..., Table]) -> None:
    table = make_table()
    for number in range(4):
        wanted = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 100 - number}
        table = replace(table, throughput=Throughput(5, 101 - number, None, table.throughput.last_decrease, number))
        settled = settle(
            plan(table, {"ProvisionedThroughput": wanted}, now=MIDNIGHT, settles_at=MIDNIGHT).table, MIDNIGHT
        )
        assert settled is not None
        table = settled
    with pytest.raises(LimitExceededException):
        plan(
            table,
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            now=MIDNIGHT + 1,
            settles_at=MIDNIGHT + 1,
        )
    update = {"IndexName": "by-year", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    edit = plan(table, {"GlobalSecondaryIndexUpdates": [{"Update": update}]}, now=MIDNIGHT + 1, settles_at=MIDNIGHT + 1)
    after = settle(edit.table, MIDNIGHT + 1)
    assert after is not None
    assert after.indexes[0].throughput.decreases_today == 1


def test_a_switch_to_on_demand_counts_no_decreases_of_another_day(make_table: Callable[..., Table]) -> None:
    table = make_table()
    old = Throughput(3, 4, None, MIDNIGHT - HOUR, 3)
    index = replace(table.indexes[0], throughput=old)
    table = replace(table, throughput=old, indexes=(index, *table.indexes[1:]))
    edit = plan(table, {"BillingMode": "PAY_PER_REQUEST"}, now=MIDNIGHT, settles_at=MIDNIGHT + 1)
    assert decreases_today(edit.table.throughput, MIDNIGHT) == 0
    after = settle(edit.table, MIDNIGHT + 1)
    assert after is not None
    assert after.throughput == replace(old, read=0, write=0)
    assert after.indexes[0].throughput == Throughput(0, 0, None, MIDNIGHT + 1, 1)
