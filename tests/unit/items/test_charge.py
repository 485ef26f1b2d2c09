"""Writes are let in while there is capacity and charged what ConsumedCapacity says."""

from typing import Any

import pytest
from msgspec.structs import replace

from stator.clock import ManualClock
from stator.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    ProvisionedThroughputExceededException,
    TransactionCanceledException,
    ValidationException,
    WireError,
)
from stator.items.charge import ChargedWriter
from stator.items.decide import CheckWrite, DeleteWrite, Guard, Outcome, UpdateWrite
from stator.items.idempotency import Replay, token_of
from stator.items.keys import item_key
from stator.items.throughput import Allowance
from stator.metrics.meter import Meter, Meters
from stator.model.table import Table, Throughput
from stator.values.attribute import Item
from tests.unit.items.conftest import Make, Running, index, item, put


class Never:
    """A condition that does not hold; or, of an INSERT, one that finds an item."""

    def __init__(self, error: WireError | None = None) -> None:
        self._error = error

    def holds(self, _: Item) -> bool:
        if self._error is not None:
            raise self._error
        return False


class Paying:
    """A writer that charges, on a running store with a clock of its own."""

    def __init__(self, running: Running, make: Make) -> None:
        self.running = running
        self.clock = ManualClock()
        self.meters = Meters(self.clock, Allowance("provisioned", {}))
        self.writer = ChargedWriter(running.writer, self.meters)
        made = make("pk:S", "", index("by-v", "v:S"), index("local", "pk:S", "w:S", local=True))
        by_v, local = made.indexes
        self.table: Table = replace(
            made,
            throughput=Throughput(100, 100),
            indexes=(replace(by_v, throughput=Throughput(100, 10)), local),
        )

    @property
    def meter(self) -> Meter:
        return self.meters.of(self.table)

    @property
    def by_v(self) -> Meter:
        return self.meters.of_index(self.table, self.table.indexes[0])

    def put(self, operation: str = "PutItem", guard: Any = None, **attributes: Any) -> Any:
        one = put(self.table, item(**attributes)) if guard is None else put(self.table, item(**attributes), guard=guard)
        return self.running.run(self.writer.commit(one, operation))

    def key(self, pk: str) -> Any:
        return item_key(self.table, item(pk=pk))

    def exhaust(self, meter: Meter) -> None:
        assert meter.writes is not None
        meter.writes.take(meter.writes.buckets[0].fill(self.clock()))


@pytest.fixture
def paying(running: Running, make_table: Make) -> Paying:
    return Paying(running, make_table)


def test_a_write_costs_the_larger_of_before_and_after(paying: Paying) -> None:
    paying.put(pk="a", fill="x" * 2500)
    assert paying.meter.write_units == 3
    paying.put(pk="a")
    assert paying.meter.write_units == 6
    paying.put(pk="a")
    assert paying.meter.write_units == 7
    paying.running.run(paying.writer.commit(DeleteWrite(paying.table, paying.key("none")), "DeleteItem"))
    assert paying.meter.write_units == 8
    assert paying.by_v.write_units == 0


def test_a_global_index_pays_itself_and_a_local_one_by_its_table(paying: Paying) -> None:
    paying.put(pk="a", v="1")
    assert (paying.meter.write_units, paying.by_v.write_units) == (1, 1)
    paying.put(pk="a", v="2")
    assert (paying.meter.write_units, paying.by_v.write_units) == (2, 3)
    paying.put(pk="b", w="1")
    assert (paying.meter.write_units, paying.by_v.write_units) == (4, 3)


def test_a_refused_condition_costs_the_item_that_is_there(paying: Paying) -> None:
    paying.put(pk="a", fill="x" * 5000)
    before = paying.meter.write_units
    with pytest.raises(ConditionalCheckFailedException):
        paying.put(pk="a", guard=Guard(Never()))
    assert paying.meter.write_units == before + 5
    with pytest.raises(ConditionalCheckFailedException):
        paying.put(pk="none", guard=Guard(Never()), fill="x" * 5000)
    assert paying.meter.write_units == before + 6
    with pytest.raises(DuplicateItemException):
        paying.put(pk="a", guard=Guard(Never(DuplicateItemException())))
    assert paying.meter.write_units == before + 11


def test_other_faults_cost_nothing(paying: Paying) -> None:
    with pytest.raises(ValidationException):
        paying.put(pk="a", guard=Guard(Never(ValidationException("no"))))
    assert paying.meter.write_units == 0


def test_an_exhausted_table_takes_nothing_until_it_has_a_unit(paying: Paying) -> None:
    paying.exhaust(paying.meter)
    with pytest.raises(ProvisionedThroughputExceededException) as caught:
        paying.put(pk="a")
    reason = caught.value.fields["ThrottlingReasons"][0]
    assert reason == {"reason": "TableWriteProvisionedThroughputExceeded", "resource": paying.table.arn}
    assert paying.running.rows(paying.table.space) == []
    assert paying.meter.write_units == 0
    paying.clock.advance(0.01)
    paying.put(pk="a")
    assert paying.meter.write_throttles == 1


def test_an_exhausted_index_keeps_the_base_write_out_but_only_one_that_it_follows(paying: Paying) -> None:
    paying.put(pk="a", v="1", fill="1")
    paying.exhaust(paying.by_v)
    with pytest.raises(ProvisionedThroughputExceededException) as caught:
        paying.put(pk="a", v="2")
    arn = f"{paying.table.arn}/index/by-v"
    reason = {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": arn}
    assert caught.value.fields["ThrottlingReasons"] == [reason]
    assert paying.by_v.throttled_by == {("IndexWriteProvisionedThroughputExceeded", "PutItem"): 1}
    assert b'"1"' in paying.running.rows(paying.table.space)[0].value
    with pytest.raises(ProvisionedThroughputExceededException):
        paying.running.run(paying.writer.commit(DeleteWrite(paying.table, paying.key("a")), "DeleteItem"))
    paying.put(pk="b", fill="not in the index")
    assert paying.meter.write_units == 2
    paying.clock.advance(0.1)
    paying.put(pk="a", v="2")


def test_a_hot_key_of_an_index_keeps_out_what_goes_there_and_nothing_else(paying: Paying) -> None:
    plenty = Throughput(10_000, 10_000)
    indexes = (replace(paying.table.indexes[0], throughput=plenty), *paying.table.indexes[1:])
    paying.table = replace(paying.table, throughput=plenty, indexes=indexes)
    for number in range(16):
        paying.put(pk=str(number), v="hot", fill="x" * 100_000)  # 98 units each
    with pytest.raises(ProvisionedThroughputExceededException) as caught:
        paying.put(pk="a", v="hot")
    reason = caught.value.fields["ThrottlingReasons"][0]["reason"]
    assert reason == "IndexWriteKeyRangeThroughputExceeded"
    paying.put(pk="a", v="cold")
    paying.put(pk="b")
    with pytest.raises(ProvisionedThroughputExceededException):
        paying.running.run(paying.writer.commit(DeleteWrite(paying.table, paying.key("0")), "DeleteItem"))
    paying.clock.advance(1)
    paying.put(pk="a", v="hot")


def test_bar_an_index_of_10_units_under_a_demand_of_40(paying: Paying) -> None:
    served = 0
    for number in range(40 * 60):
        paying.clock.advance(1 / 40)
        try:
            paying.put(pk=str(number), v="x")
            served += 1
        except ProvisionedThroughputExceededException:
            continue
    # Saved: 300 s of 10. As long as that lasts all are served, so what the rate brings comes on top of it.
    assert served == 40 * 60
    refused = 0
    for number in range(40 * 240):
        paying.clock.advance(1 / 40)
        try:
            paying.put(pk=str(number), v="y" + str(number % 2))
            served += 1
        except ProvisionedThroughputExceededException:
            refused += 1
    assert refused > 0
    assert paying.by_v.write_units == pytest.approx(300 * 10 + 300 * 10, rel=0.01)
    assert paying.meter.write_units == served


def test_what_a_batch_has_no_capacity_for_is_told_by_its_error(paying: Paying) -> None:
    assert paying.meter.writes is not None
    paying.exhaust(paying.meter)
    paying.meter.writes.take(-2.0)  # two units are left
    writes = [put(paying.table, item(pk=str(number))) for number in range(4)]
    done = paying.running.run(paying.writer.commit_batch(writes, "BatchWriteItem"))
    assert [type(one) for one in done] == [Outcome, Outcome, *[ProvisionedThroughputExceededException] * 2]
    assert len(paying.running.rows(paying.table.space)) == 2
    assert paying.meter.write_units == 2
    with pytest.raises(ProvisionedThroughputExceededException):
        paying.running.run(paying.writer.commit_batch(writes, "BatchWriteItem"))
    assert paying.meter.write_throttles == 2 + 4


def test_an_index_leaves_out_of_a_batch_what_it_cannot_follow(paying: Paying) -> None:
    assert paying.by_v.writes is not None
    paying.exhaust(paying.by_v)
    paying.by_v.writes.take(-1.0)
    attributes: list[dict[str, str]] = [{"v": "1"}, {}, {"v": "2"}, {"w": "3"}]
    writes = [put(paying.table, item(pk=str(number), **one)) for number, one in enumerate(attributes)]
    done = paying.running.run(paying.writer.commit_batch(writes, "BatchWriteItem"))
    assert [isinstance(one, Outcome) for one in done] == [True, True, False, True]
    assert len(paying.running.rows(paying.table.space)) == 3
    assert (paying.meter.write_units, paying.by_v.write_units) == (3 + 1, 1)
    only = [put(paying.table, item(pk="z", v="9"))]
    with pytest.raises(ProvisionedThroughputExceededException):
        paying.running.run(paying.writer.commit_batch(only, "BatchWriteItem"))


def test_a_transaction_costs_the_table_twice_and_indexes_once(paying: Paying) -> None:
    writes = [put(paying.table, item(pk="a", v="1")), CheckWrite(paying.table, paying.key("b"), Guard())]
    paying.running.run(paying.writer.transact(writes, "TransactWriteItems"))
    assert (paying.meter.write_units, paying.by_v.write_units) == (4, 1)


def test_a_cancelled_transaction_costs_the_items_that_are_there(paying: Paying) -> None:
    paying.put(pk="a", fill="x" * 1500)
    before = paying.meter.write_units
    writes = [
        put(paying.table, item(pk="a"), guard=Guard(Never())),
        UpdateWrite(paying.table, paying.key("b"), item(pk="b"), None),
    ]
    with pytest.raises(TransactionCanceledException):
        paying.running.run(paying.writer.transact(writes, "TransactWriteItems"))
    assert paying.meter.write_units == before + 2 * 2 + 2 * 1


def test_a_transaction_without_capacity_is_cancelled_and_says_where(paying: Paying) -> None:
    assert paying.meter.writes is not None
    paying.exhaust(paying.meter)
    paying.meter.writes.take(-1.0)
    writes = [put(paying.table, item(pk=pk)) for pk in "abc"]
    with pytest.raises(TransactionCanceledException) as caught:
        paying.running.run(paying.writer.transact(writes, "TransactWriteItems"))
    codes = [reason["Code"] for reason in caught.value.fields["CancellationReasons"]]
    assert codes == ["None", "ProvisionedThroughputExceeded", "ProvisionedThroughputExceeded"]
    assert paying.meter.write_units == 0
    assert paying.running.rows(paying.table.space) == []


def test_an_index_without_capacity_cancels_a_transaction_for_nothing(paying: Paying) -> None:
    paying.exhaust(paying.by_v)
    writes = [put(paying.table, item(pk="a")), put(paying.table, item(pk="b", v="1"))]
    with pytest.raises(TransactionCanceledException) as caught:
        paying.running.run(paying.writer.transact(writes, "TransactWriteItems"))
    first, second = caught.value.fields["CancellationReasons"]
    assert first == {"Code": "None"}
    assert second["Code"] == "ProvisionedThroughputExceeded"
    assert second["Message"].startswith("The level of configured provisioned throughput for one or more global")
    assert paying.meter.write_units == 0


def test_a_replay_is_charged_for_reading(paying: Paying) -> None:
    writes = [put(paying.table, item(pk="a", fill="x" * 5000))]
    token = token_of("TransactWriteItems", "1", "r", {"ClientRequestToken": "t"}, paying.clock)
    paying.running.run(paying.writer.transact(writes, "TransactWriteItems", token))
    written = paying.meter.write_units
    done = paying.running.run(paying.writer.transact(writes, "TransactWriteItems", token))
    assert isinstance(done, Replay)
    assert (paying.meter.write_units, paying.meter.read_units) == (written, 4)
