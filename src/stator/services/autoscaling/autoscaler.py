"""Scale what is registered: look at each table once a second, and change what is provisioned as policies say.

What is done, and what could not be done, is told as a scaling activity, in the same commit as the change itself. All
that is kept from one run to the next and matters is in the store, so that another router can go on at any time.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from stator.autoscaling.activity import Activity, activity_put
from stator.autoscaling.configuration import policies_of
from stator.autoscaling.decision import decide
from stator.autoscaling.load import LAG_SECONDS, Load
from stator.autoscaling.policy import Policy, Situation
from stator.autoscaling.resource import READ, capacity_of, next_decrease, throughput_of
from stator.autoscaling.scaling import Scaling, ScheduledAction, State, state_put
from stator.autoscaling.scalings import Scalings
from stator.autoscaling.schedule import ScheduleError
from stator.autoscaling.tracking import LOW_SECONDS, TRIGGER_SECONDS
from stator.errors import LimitExceededException, ResourceInUseException, WireError
from stator.metrics.alarms import Alarms
from stator.metrics.series_store import SeriesStore
from stator.model.table import Status, Table
from stator.services.autoscaling.alarm_keeper import AlarmKeeper
from stator.services.autoscaling.sight import Sight
from stator.services.autoscaling.wanted import Wanted, unscalable
from stator.services.parts import Parts
from stator.tables.catalog import Edit, not_found
from stator.tables.quota import check_quota
from stator.tables.update import plan

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 60.0  # after a refusal that time alone does not end


class Autoscaler:
    """`low_seconds`: how long consumption must have been low before target tracking scales in."""

    def __init__(
        self, parts: Parts, scalings: Scalings, points: SeriesStore, alarms: Alarms, *, low_seconds: int = LOW_SECONDS
    ) -> None:
        self._parts = parts
        self._scalings = scalings
        self._sight = Sight(points, alarms, low_seconds)
        self._alarms = AlarmKeeper(alarms)
        self._low_seconds = low_seconds
        self._policies: dict[bytes, tuple[Scaling, list[Policy]]] = {}

    async def run_once(self) -> int:
        """How many capacities were changed."""
        now = self._parts.clock()
        scalings = await self._scalings.all()
        self._sight.begin(scalings, now)
        self._alarms.forget(scalings)
        if len(self._policies) > 2 * len(scalings):
            self._policies.clear()
        if not scalings:
            return 0
        scalings = [await self._fire(scaling, now) for scaling in scalings]
        states = await self._scalings.states(scalings)
        changed = 0
        for _, group in groupby(scalings, key=_place):
            of_table = list(group)
            try:
                changed += await self._scale(of_table, states, now)
            except Exception:  # noqa: BLE001  one table must not keep the others from being scaled
                _log.exception("table %s could not be scaled", of_table[0].resource.table)
            await asyncio.sleep(0)
        return changed

    async def prune_once(self) -> int:
        """Forget what is too old. How much that was."""
        return await self._scalings.prune() + await self._alarms.sweep(self._scalings)

    # -- scheduled actions --------------------------------------------------------------------------------------------

    async def _fire(self, scaling: Scaling, now: float) -> Scaling:
        """Do the scheduled actions that are due, each once however often it was missed, in the order of the last time
        that each should have been done."""
        try:
            due = [(last, action) for action in scaling.actions if (last := _last_due(action, now)) is not None]
        except ScheduleError:  # a time zone that was known once
            _log.exception("the scheduled actions of %s cannot be done", scaling.arn)
            return scaling
        if due and scaling.scheduled_suspended:
            await self._scalings.skip(scaling, now)
            return scaling
        for _, action in sorted(due, key=lambda each: each[0]):
            scaling = await self._scalings.fire(scaling, action, now) or scaling
        return scaling

    # -- policies -----------------------------------------------------------------------------------------------------

    async def _scale(self, scalings: Sequence[Scaling], states: Mapping[bytes, State], now: float) -> int:
        """All of one table."""
        first = scalings[0]
        table = self._parts.catalog.find(first.account, first.region, first.resource.table)
        capacities = [capacity_of(table, scaling.resource) for scaling in scalings]
        loads = await self._sight.loads(scalings, now)
        wishes: list[Wanted] = []
        for scaling, capacity, load in zip(scalings, capacities, loads, strict=True):
            state = states[scaling.sort]
            if capacity is None or table is None:
                await self._keep(scaling, state, *unscalable(scaling, state, _why_not(table, scaling), now))
                continue
            await self._alarms.keep(scaling, capacity)
            wanted = await self._decide(scaling, state, capacity, load, now)
            if wanted.decision.capacity == capacity:
                await self._keep(scaling, state, *wanted.unscaled())
            elif not wanted.blocked:
                wishes.append(wanted)
        if not wishes or table is None or table.status is not Status.ACTIVE:
            return 0  # a change of before, or an index on its way: there will be another second
        return await self._act(table, wishes)

    async def _decide(self, scaling: Scaling, state: State, capacity: int, load: Load, now: float) -> Wanted:
        seen = now - LAG_SECONDS
        situation = Situation(
            seen,
            scaling.resource.unit,
            capacity,
            load,
            state.memory,
            await self._sight.breaches(scaling, now),
            await self._sight.metrics(scaling, now),
        )
        decision = decide(scaling.bounds(state), self._policies_of(scaling), situation)
        if decision.capacity == capacity and decision.not_scaled is None:
            return Wanted(scaling, state, decision, capacity, seen, now, {})
        figures = {
            "capacity": capacity,
            "wanted": decision.capacity,
            "minimum": scaling.minimum,
            "maximum": scaling.maximum,
            "consumed": round(load.rate(seen, TRIGGER_SECONDS), 3),
            "throttled": round(load.refused(seen, 0.0, TRIGGER_SECONDS), 3),
        }
        return Wanted(scaling, state, decision, capacity, seen, now, figures)

    def _policies_of(self, scaling: Scaling) -> list[Policy]:
        """Made once for as long as the scaling stays the same object, which it does until it changes."""
        known = self._policies.get(scaling.sort)
        if known is None or known[0] is not scaling:
            known = self._policies[scaling.sort] = (scaling, policies_of(scaling, self._low_seconds))
        return known[1]

    async def _keep(self, scaling: Scaling, before: State, state: State, activities: Sequence[Activity]) -> None:
        if state != before or activities:
            await self._scalings.keep(scaling, state, *activities)

    # -- changes ------------------------------------------------------------------------------------------------------

    async def _act(self, table: Table, wishes: Sequence[Wanted]) -> int:
        """All in one change, so that what is lowered counts once; if that is refused, one by one."""
        try:
            await self._change(table, wishes)
        except WireError as error:
            if len(wishes) == 1:
                await self._refuse(table, wishes[0], error)
                return 0
            # What is wanted more urgently comes first.
            return sum([await self._act(table, [wanted]) for wanted in sorted(wishes, key=lambda each: each.lowers)])
        for wanted in wishes:
            _log.info("%s %s: %s", wanted.scaling.resource.id, wanted.scaling.resource.unit, wanted.decision.cause)
        return len(wishes)

    async def _change(self, table: Table, wishes: Sequence[Wanted]) -> None:
        catalog = self._parts.catalog
        now = wishes[0].now

        def change(before: Table | None) -> Edit:
            if before is None or before.id != table.id:
                raise not_found(table.name)
            request = _request(before, wishes)
            if not request:
                return Edit(before)  # somebody else did it a moment ago
            edit = plan(before, request, now=now, settles_at=now + catalog.transition_seconds)
            check_quota(before, edit.table.becomes or edit.table, catalog.tables())
            puts = list(edit.puts)
            for wanted in wishes:
                state, activity = wanted.done()
                puts += [state_put(wanted.scaling, state), activity_put(activity)]
            return edit._replace(puts=puts)

        await catalog.change(table.account, table.region, table.name, change)

    async def _refuse(self, table: Table, wanted: Wanted, error: WireError) -> None:
        if isinstance(error, ResourceInUseException):
            return  # something else is changing it: there will be another second
        until = wanted.now + _RETRY_SECONDS
        if isinstance(error, LimitExceededException) and wanted.lowers:
            throughput = throughput_of(table, wanted.scaling.resource.index)
            until = next_decrease(None if throughput is None else throughput.last_decrease, wanted.now)
        state, activities = wanted.refused(error.code, error.message, until)
        await self._scalings.keep(wanted.scaling, state, *activities)


@lru_cache(maxsize=10_000)
def _next_due(action: ScheduledAction) -> float:
    """When an action is due next after it was seen to; long past everything if never."""
    due = action.parse().next_after(action.done)
    return float("inf") if due is None else due


def _last_due(action: ScheduledAction, now: float) -> float | None:
    return None if _next_due(action) > now else action.parse().last_until(action.done, now)


def _place(scaling: Scaling) -> tuple[str, str, str]:
    return scaling.account, scaling.region, scaling.resource.table


def _why_not(table: Table | None, scaling: Scaling) -> str:
    resource = scaling.resource
    if table is None:
        return f"there is no table {resource.table}"
    if (table.becomes or table).on_demand:
        return f"table {resource.table} is on demand"
    return f"table {resource.table} has no global index {resource.index}"


def _request(table: Table, wishes: Sequence[Wanted]) -> dict[str, object]:
    """What UpdateTable would be asked for; nothing where all is as wanted."""
    units: dict[str | None, dict[str, int]] = {}
    for wanted in wishes:
        resource = wanted.scaling.resource
        throughput = throughput_of(table, resource.index)
        if throughput is None:
            raise not_found(table.name)
        member = "ReadCapacityUnits" if resource.unit == READ else "WriteCapacityUnits"
        own = {"ReadCapacityUnits": throughput.read, "WriteCapacityUnits": throughput.write}
        if own[member] != wanted.decision.capacity:
            units.setdefault(resource.index, own)[member] = wanted.decision.capacity
    request: dict[str, object] = {}
    if None in units:
        request["ProvisionedThroughput"] = units[None]
    updates = [{"Update": {"IndexName": index, "ProvisionedThroughput": own}} for index, own in units.items() if index]
    return request | ({"GlobalSecondaryIndexUpdates": updates} if updates else {})
