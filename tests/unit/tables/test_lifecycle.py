from collections.abc import Callable

import pytest
from msgspec.structs import replace

from stator.errors import LimitExceededException, ResourceInUseException, WireError
from stator.model.table import Build, Index, Status, Table, Throughput
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


def with_build(table: Table, build: Build | None, *, name: str = "fresh") -> Table:
    index = replace(table.indexes[0], name=name, space=9, build=build)
    return replace(table, indexes=(*table.indexes, index))


def settled(table: Table) -> Table:
    after = lifecycle.settle(table, 10.0)
    assert after is not None
    return after


def fresh(table: Table) -> Index:
    return table.indexes[-1]


def test_a_new_index_is_allotted_then_filled_then_complete(make_table: Callable[..., Table]) -> None:
    allotted = with_build(make_table(), Build.ALLOTTED)
    shown = lifecycle.update(allotted, lifecycle.await_filling(allotted), 10.0)
    assert (shown.status, fresh(shown).build) == (Status.UPDATING, Build.ALLOTTED)
    waiting = settled(shown)
    filling = lifecycle.begin_filling(waiting, 9)
    for table, build in ((waiting, Build.ALLOTTED), (filling, Build.FILLING)):
        assert (table.status, fresh(table).build, table.settles_at) == (Status.UPDATING, build, None)
        assert settled(table) is table  # no time ends it
    for table in (shown, waiting, filling):
        assert [lifecycle.index_status(table, index) for index in table.indexes] == [Status.ACTIVE, Status.CREATING]
    assert lifecycle.complete_index(filling, 9) == with_build(make_table(), None)


def test_a_table_without_a_new_index_has_nothing_to_fill(make_table: Callable[..., Table]) -> None:
    for table in (make_table(), replace(with_build(make_table(), Build.FILLING), status=Status.UPDATING)):
        assert lifecycle.await_filling(table) is table


def test_a_table_that_changes_meanwhile_is_filled_as_what_it_becomes(make_table: Callable[..., Table]) -> None:
    waiting = replace(with_build(make_table(), Build.ALLOTTED), status=Status.UPDATING)
    updating = lifecycle.begin_filling(lifecycle.update(waiting, replace(waiting, tags={"a": "1"}), 10.0), 9)
    assert [fresh(table).build for table in (updating, settled(updating))] == [Build.FILLING, Build.FILLING]


def test_what_else_keeps_a_table_busy_outlasts_the_filling(make_table: Callable[..., Table]) -> None:
    filling = replace(with_build(make_table(), Build.FILLING), status=Status.UPDATING)
    updating = lifecycle.update(filling, replace(filling, tags={"a": "1"}), 10.0)
    complete = lifecycle.complete_index(updating, 9)
    assert (complete.status, fresh(complete).build) == (Status.UPDATING, None)
    after = settled(complete)
    assert (after.status, after.tags, fresh(after).build) == (Status.ACTIVE, {"a": "1"}, None)


def test_an_index_taken_away_while_it_is_filled(make_table: Callable[..., Table]) -> None:
    filling = replace(with_build(make_table(), Build.FILLING), status=Status.UPDATING)
    deleting = lifecycle.update(filling, lifecycle.without_index(filling, "fresh"), 10.0)
    assert lifecycle.index_status(deleting, fresh(deleting)) is Status.DELETING
    assert settled(deleting) == make_table()


@pytest.mark.parametrize(
    "state, verb, name, error",
    [
        (Build.ALLOTTED, "Create", "other", LimitExceededException),
        (Build.ALLOTTED, "Delete", "by-year", LimitExceededException),
        (Build.ALLOTTED, "Delete", "fresh", ResourceInUseException),
        (Build.ALLOTTED, "Update", "fresh", ResourceInUseException),
        (Build.FILLING, "Create", "other", LimitExceededException),
        (Build.FILLING, "Create", "fresh", LimitExceededException),
        (Build.FILLING, "Delete", "by-year", LimitExceededException),
        (Build.FILLING, "Update", "by-year", ResourceInUseException),
        (Build.FILLING, "Delete", "fresh", None),
        (Build.FILLING, "Update", "fresh", None),
        (None, "Create", "other", None),
        (None, "Delete", "by-year", None),
    ],
)
def test_what_may_happen_to_indexes_meanwhile(
    make_table: Callable[..., Table], state: Build | None, verb: str, name: str, error: type[WireError] | None
) -> None:
    table = with_build(make_table(), state)
    if state is Build.ALLOTTED:
        table = lifecycle.update(table, lifecycle.await_filling(table), 10.0)
    elif state is Build.FILLING:
        table = replace(table, status=Status.UPDATING)
    updates = [{verb: {"IndexName": name}}]
    if error is None:
        lifecycle.check_indexable(table, updates)
        return
    with pytest.raises(error):
        lifecycle.check_indexable(table, updates)


def test_a_table_that_a_job_fills_stays_creating_until_it_is_done(make_table: Callable[..., Table]) -> None:
    table = lifecycle.create_by_job(make_table())
    assert lifecycle.settle(table, 10.0**12) is table
    assert table.status is Status.CREATING
    with pytest.raises(ResourceInUseException, match="Table is being created: music"):
        lifecycle.check_idle(table)
    assert lifecycle.complete_creation(table) == make_table()


def test_only_a_creation_is_completed(make_table: Callable[..., Table]) -> None:
    deleting = lifecycle.delete(make_table(), 1.0)
    assert lifecycle.complete_creation(deleting) is deleting
    updating = lifecycle.update(make_table(), make_table(), 1.0)
    assert lifecycle.complete_creation(updating) is updating
