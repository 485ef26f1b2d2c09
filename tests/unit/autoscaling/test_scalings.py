"""What a store keeps of scalings, and what it forgets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stator.autoscaling import scalings as scalings_module
from stator.autoscaling.activity import KEPT_SECONDS, SUCCESSFUL, Activity, describe_activity
from stator.autoscaling.decision import AT_MAX
from stator.autoscaling.policy import Memory
from stator.autoscaling.resource import Resource, parse_resource
from stator.autoscaling.scaling import (
    TRACKING,
    PolicyRecord,
    Scaling,
    ScheduledAction,
    State,
    decode,
    decode_state,
    encode,
    encode_state,
    fired,
)
from stator.autoscaling.scalings import Scalings
from stator.clock import ManualClock
from stator.storage.sqlite.engine import SqliteStore

WHERE = ("000000000001", "eu-west-1")
TABLE = Resource("music", None, "read")


def a_scaling(resource: Resource = TABLE, account: str = WHERE[0], **members: Any) -> Scaling:
    wanted: dict[str, Any] = {"id": "0" * 36, "minimum": 5, "maximum": 50, "created": 1.0, "role_arn": "arn:role"}
    return Scaling(account=account, region=WHERE[1], resource=resource, **wanted | members)


def an_action(name: str = "night", **members: Any) -> ScheduledAction:
    wanted: dict[str, Any] = {
        "id": "a",
        "schedule": "rate(1 day)",
        "zone": None,
        "start": None,
        "end": None,
        "minimum": 1,
        "maximum": 2,
        "created": 0.0,
        "done": 0.0,
    }
    return ScheduledAction(name=name, **wanted | members)


def an_activity(time: float, resource: Resource = TABLE, **members: Any) -> Activity:
    wanted: dict[str, Any] = {
        "id": f"{time}",
        "account": WHERE[0],
        "region": WHERE[1],
        "description": "d",
        "cause": "c",
        "status": SUCCESSFUL,
        "message": "m",
        "details": {},
    }
    return Activity(time=time, resource=resource, **wanted | members)


def run(work: Callable[[Scalings, ManualClock], Awaitable[None]]) -> None:
    async def within() -> None:
        store, clock = SqliteStore.open(None), ManualClock()
        try:
            await work(Scalings(store, clock), clock)
        finally:
            await store.close()

    asyncio.run(within())


@pytest.mark.parametrize(
    "resource_id, dimension, resource",
    [
        ("table/music", "dynamodb:table:ReadCapacityUnits", TABLE),
        ("table/music/index/by-year", "dynamodb:index:WriteCapacityUnits", Resource("music", "by-year", "write")),
        ("table/music", "dynamodb:index:ReadCapacityUnits", None),
        ("table/music/index/by-year", "dynamodb:table:ReadCapacityUnits", None),
        ("table/mu", "dynamodb:table:ReadCapacityUnits", None),
        ("music", "dynamodb:table:ReadCapacityUnits", None),
        ("table/music/", "dynamodb:table:ReadCapacityUnits", None),
        ("table/music\n", "dynamodb:table:ReadCapacityUnits", None),
        ("table/music", "ecs:service:DesiredCount", None),
    ],
)
def test_resources_by_their_names(resource_id: str, dimension: str, resource: Resource | None) -> None:
    assert parse_resource(resource_id, dimension) == resource
    if resource is not None:
        assert (resource.id, resource.dimension) == (resource_id, dimension)


def test_a_scaling_and_its_state_are_stored_whole() -> None:
    policy = PolicyRecord("p", "1", TRACKING, {"TargetValue": 70.0}, 1.0, ("alarm",))
    scaling = a_scaling(policies=(policy,), actions=(an_action(zone="Europe/Berlin"),), tags={"a": "b"})
    assert decode(encode(scaling)) == scaling
    state = State("0", Memory(1.0, 2.0, {"p.checks": 3.0}), 4, 5.0, 6.0, "told")
    assert decode_state(encode_state(state)) == state


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format"):
        decode(encode(a_scaling()).replace(b'"format":1', b'"format":2'))


def test_scalings_of_an_account_and_of_a_table() -> None:
    async def work(scalings: Scalings, clock: ManualClock) -> None:
        resources = [TABLE, Resource("music", "by-year", "write"), Resource("music2", None, "read")]
        for resource in resources:
            await scalings.change(*WHERE, resource, lambda before, each=resource: a_scaling(each))  # type: ignore[misc]
        other = a_scaling(account="000000000002")
        await scalings.change(other.account, other.region, TABLE, lambda before: other)
        assert {each.resource for each in await scalings.of(*WHERE)} == set(resources)
        assert {each.resource for each in await scalings.of(*WHERE, "music")} == set(resources[:2])
        assert len(await scalings.all()) == 4
        assert await scalings.find(*WHERE, resources[2]) == a_scaling(resources[2])
        assert await scalings.find(*WHERE, Resource("none", None, "read")) is None

    run(work)


def test_what_was_registered_anew_begins_anew() -> None:
    async def work(scalings: Scalings, clock: ManualClock) -> None:
        scaling = a_scaling()
        await scalings.change(*WHERE, TABLE, lambda before: scaling)
        state = State(scaling.id, Memory(out_at=7.0))
        await scalings.keep(scaling, state)
        assert await scalings.states([scaling]) == {scaling.sort: state}
        await scalings.change(*WHERE, TABLE, lambda before: None)
        await scalings.keep(scaling, state, an_activity(clock()))  # somebody was still at it
        assert (await scalings.activities(*WHERE, lambda each: True, most=10))[0] == []
        again = a_scaling(id="1" * 36)
        await scalings.change(*WHERE, TABLE, lambda before: again)
        assert await scalings.states([again]) == {again.sort: State(again.id)}

    run(work)


def test_an_error_changes_nothing() -> None:
    async def work(scalings: Scalings, clock: ManualClock) -> None:
        await scalings.change(*WHERE, TABLE, lambda before: a_scaling())

        def refuse(before: Scaling | None) -> Scaling:
            raise LookupError

        with pytest.raises(LookupError):
            await scalings.change(*WHERE, TABLE, refuse)
        assert await scalings.all() == [a_scaling()]

    run(work)


def test_a_scheduled_action_is_done_once() -> None:
    async def work(scalings: Scalings, clock: ManualClock) -> None:
        action = an_action()
        scaling = a_scaling(actions=(action,))
        await scalings.change(*WHERE, TABLE, lambda before: scaling)
        done = await scalings.fire(scaling, action, clock())
        assert done is not None
        assert (done.minimum, done.maximum, done.bounded) == (1, 2, 1)
        assert await scalings.fire(scaling, action, clock()) is None
        (activity,), _ = await scalings.activities(*WHERE, lambda each: True, most=10)
        assert activity.cause == "scheduled action name night was triggered"

    run(work)


@pytest.mark.parametrize(
    "minimum, maximum, bounds",
    [(10, 20, (10, 20)), (10, None, (10, 50)), (60, None, (60, 60)), (None, 20, (5, 20)), (None, 2, (2, 2))],
)
def test_bounds_that_a_scheduled_action_sets(minimum: int | None, maximum: int | None, bounds: tuple[int, int]) -> None:
    action = an_action(minimum=minimum, maximum=maximum)
    after = fired(a_scaling(actions=(action, an_action("day"))), action, 9.0)
    assert (after.minimum, after.maximum) == bounds
    assert [each.done for each in after.actions] == [9.0, 0.0]


def test_activities_come_newest_first_and_page_by_page() -> None:
    async def work(scalings: Scalings, clock: ManualClock) -> None:
        scaling = a_scaling()
        await scalings.change(*WHERE, TABLE, lambda before: scaling)
        activities = [an_activity(clock() + at) for at in range(7)]
        other = an_activity(clock() + 3, Resource("other", None, "read"), id="other")
        await scalings.keep(scaling, State(scaling.id), *activities, other)
        found: list[Activity] = []
        before: bytes | None = None
        pages = 0
        while pages == 0 or before is not None:
            page, before = await scalings.activities(*WHERE, lambda each: each.resource == TABLE, most=3, before=before)
            found += page
            pages += 1
        assert found == activities[::-1]
        assert pages == 3
        assert (await scalings.activities("000000000002", WHERE[1], lambda each: True, most=3))[0] == []

    run(work)


def test_old_activities_and_too_many_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scalings_module, "KEPT_MAX", 5)
    monkeypatch.setattr(scalings_module, "_PRUNED", 2)
    monkeypatch.setattr(scalings_module, "_ROWS", 4)

    async def work(scalings: Scalings, clock: ManualClock) -> None:
        scaling = a_scaling()
        await scalings.change(*WHERE, TABLE, lambda before: scaling)
        other = Resource("other", None, "read")
        old = [an_activity(clock() - KEPT_SECONDS - 1 - at) for at in range(3)]
        new = [an_activity(clock() - at) for at in range(8)]
        await scalings.keep(scaling, State(scaling.id), *old, *new, an_activity(clock() - 9, other, id="other"))
        assert await scalings.prune() == 3 + 3
        assert await scalings.prune() == 0
        left, _ = await scalings.activities(*WHERE, lambda each: True, most=100)
        assert left == [*new[:5], an_activity(clock() - 9, other, id="other")]

    run(work)


def test_why_it_was_not_scaled_is_told_with_figures() -> None:
    details = {"capacity": 50, "minimum": 5, "maximum": 50}
    described = describe_activity(an_activity(1.0, status="Failed", not_scaled=AT_MAX, details=details))
    assert described["NotScaledReasons"] == [{"Code": AT_MAX, "MaxCapacity": 50, "CurrentCapacity": 50}]
    assert "NotScaledReasons" not in describe_activity(an_activity(1.0))
