from collections.abc import Callable
from dataclasses import replace

import pytest

from stator.errors import ResourceInUseException
from stator.model.table import Status, Table, Throughput
from stator.tables import lifecycle

LEAD = "Attempt to change a resource which is still in use: "


def test_a_settled_table_stays_as_it_is(make_table: Callable[..., Table]) -> None:
    table = make_table()
    assert lifecycle.settle(table, 0.0) is table


@pytest.mark.parametrize(("now", "settled"), [(9.999, False), (10.0, True)])
def test_statuses_pass_at_their_time(make_table: Callable[..., Table], now: float, settled: bool) -> None:
    table = make_table()
    after = replace(table, throughput=Throughput(1, 1))
    creating = lifecycle.create(table, 10.0)
    updating = lifecycle.update(table, after, 10.0)
    deleting = lifecycle.delete(table, 10.0)
    assert lifecycle.settle(creating, now) == (table if settled else creating)
    assert lifecycle.settle(updating, now) == (after if settled else updating)
    assert lifecycle.settle(deleting, now) == (None if settled else deleting)


def test_what_is_amended_while_updating_stays(make_table: Callable[..., Table]) -> None:
    table = make_table()
    updating = lifecycle.update(table, replace(table, throughput=Throughput(1, 1)), 10.0)
    amended = lifecycle.amend(updating, lambda each: replace(each, tags={"a": "1"}))
    assert (amended.status, amended.tags, amended.throughput) == (Status.UPDATING, {"a": "1"}, table.throughput)
    after = lifecycle.settle(amended, 10.0)
    assert after is not None
    assert (after.status, after.tags, after.throughput) == (Status.ACTIVE, {"a": "1"}, Throughput(1, 1))


def test_index_statuses_follow_from_the_table(make_table: Callable[..., Table]) -> None:
    table = make_table()
    kept, changed, gone = (replace(table.indexes[0], name=name) for name in ("kept", "changed", "gone"))
    table = replace(table, indexes=(kept, changed, gone))
    after = replace(table, indexes=(kept, replace(changed, throughput=Throughput(9, 9))))
    updating = lifecycle.update(table, after, 10.0)
    assert [lifecycle.index_status(updating, index) for index in updating.indexes] == [
        Status.ACTIVE,
        Status.UPDATING,
        Status.DELETING,
    ]
    assert lifecycle.index_status(lifecycle.create(table, 10.0), kept) is Status.CREATING
    assert lifecycle.index_status(table, kept) is Status.ACTIVE


def test_who_is_in_the_way(make_table: Callable[..., Table]) -> None:
    table = make_table()
    lifecycle.check_idle(table)
    updating = lifecycle.update(table, table, 10.0)
    for busy, text in (
        (lifecycle.create(table, 10.0), "Table is being created: music"),
        (updating, "Table is being updated: music"),
        (lifecycle.delete(table, 10.0), "Table is being deleted: music"),
    ):
        with pytest.raises(ResourceInUseException) as caught:
            lifecycle.check_idle(busy)
        assert caught.value.message == LEAD + text
