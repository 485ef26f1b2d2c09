"""The scalings of a store, and what became of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from msgspec.structs import replace

from stator.autoscaling.activity import (
    ACTIVITIES,
    ACTIVITIES_END,
    KEPT_MAX,
    KEPT_SECONDS,
    SUCCESSFUL,
    Activity,
    activity_of,
    activity_put,
    new_id,
    partition_of,
    sort_of,
)
from stator.autoscaling.resource import Resource
from stator.autoscaling.scaling import (
    SPACE,
    STATES,
    TARGETS,
    Scaling,
    ScheduledAction,
    State,
    decode,
    decode_state,
    fired,
    scaling_put,
    state_put,
)
from stator.autoscaling.scaling import sort_of as scaling_sort
from stator.clock import Clock
from stator.storage.rows import below, rows_of
from stator.storage.store import Bound, Change, Key, Position, Row, Store

_ROWS: Final = 500
_BYTES: Final = 8 * 1024 * 1024
_PRUNED: Final = 200  # with one commit

Edit = Callable[[Scaling | None], Scaling | None]
"""What there is of a resource to what shall be; None deletes. Pure, may be called again; what it raises, `change`
raises."""


_Kept = TypeVar("_Kept")


class _Decoded(Generic[_Kept]):
    """Rows as what they hold; each is decoded once for as long as it does not change."""

    __slots__ = ("_decode", "_known")

    def __init__(self, decode: Callable[[bytes], _Kept]) -> None:
        self._decode = decode
        self._known: dict[bytes, tuple[int, _Kept]] = {}

    def of(self, rows: Sequence[Row]) -> dict[bytes, _Kept]:
        """By the rows' `sort`, in their order."""
        before, self._known = self._known, {}
        for row in rows:
            known = before.get(row.sort)
            fresh = known is None or known[0] != row.version
            self._known[row.sort] = (row.version, self._decode(row.value)) if known is None or fresh else known
        return {sort: kept for sort, (_, kept) in self._known.items()}


class Scalings:
    """Keeps nothing in memory but what it decoded of rows that have not changed since."""

    __slots__ = ("_scalings", "_states", "_store", "clock")

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._scalings = _Decoded(decode)
        self._states = _Decoded(decode_state)
        self.clock = clock

    async def all(self) -> list[Scaling]:
        """Those of every account, in the order of their keys."""
        return list(self._scalings.of(await rows_of(self._store, SPACE, TARGETS)).values())

    async def of(self, account: str, region: str, table: str | None = None) -> list[Scaling]:
        """Those of an account and region, sorted by resource; of one table, its indexes among them, if it is named."""
        place = below(f"{account}/{region}" if table is None else f"{account}/{region}/table/{table}")
        return [decode(row.value) for row in await rows_of(self._store, SPACE, TARGETS, *place)]

    async def find(self, account: str, region: str, resource: Resource) -> Scaling | None:
        (row,) = await self._store.get([Key(SPACE, TARGETS, scaling_sort(account, region, resource))])
        return None if row is None else decode(row.value)

    async def change(self, account: str, region: str, resource: Resource, edit: Edit) -> Scaling | None:
        """Store what `edit` makes of a scaling, and return it once it is durable."""
        sort = scaling_sort(account, region, resource)
        key = Key(SPACE, TARGETS, sort)

        def decide(rows: Sequence[Row | None]) -> Change:
            before = None if rows[0] is None else decode(rows[0].value)
            after = edit(before)
            if after is None:
                return Change(deletes=[key, Key(SPACE, STATES, sort)])
            return Change(puts=[] if after == before else [scaling_put(after)], result=after)

        after: Scaling | None = await self._store.transact([key], decide)
        return after

    # -- what was done ------------------------------------------------------------------------------------------------

    async def states(self, scalings: Sequence[Scaling]) -> dict[bytes, State]:
        """How far each has come, by its `sort`."""
        stored = self._states.of(await rows_of(self._store, SPACE, STATES)) if scalings else {}
        states: dict[bytes, State] = {}
        for scaling in scalings:
            state = stored.get(scaling.sort)
            states[scaling.sort] = state if state is not None and state.id == scaling.id else State(scaling.id)
        return states

    async def keep(self, scaling: Scaling, state: State, *activities: Activity) -> None:
        """Store a state and what it came from, in one commit; nothing once the scaling is gone."""
        key = Key(SPACE, TARGETS, scaling.sort)
        puts = [state_put(scaling, state), *map(activity_put, activities)]

        def decide(rows: Sequence[Row | None]) -> Change:
            gone = rows[0] is None or decode(rows[0].value).id != scaling.id
            return Change() if gone else Change(puts=puts)

        await self._store.transact([key], decide)

    async def skip(self, scaling: Scaling, now: float) -> None:
        """Let what is due until now be past: scheduled actions are suspended."""

        def edit(before: Scaling | None) -> Scaling | None:
            if before is None or not before.scheduled_suspended:
                return before
            return replace(before, actions=tuple(replace(action, done=now) for action in before.actions))

        await self.change(scaling.account, scaling.region, scaling.resource, edit)

    async def fire(self, scaling: Scaling, action: ScheduledAction, done: float) -> Scaling | None:
        """Do a scheduled action: its bounds become the scaling's, and until `done` it is seen to. None with nothing
        written when somebody changed it meanwhile."""
        key = Key(SPACE, TARGETS, scaling.sort)

        def decide(rows: Sequence[Row | None]) -> Change:
            before = None if rows[0] is None else decode(rows[0].value)
            if before is None or before.id != scaling.id or before.action(action.name) != action:
                return Change()
            after = fired(before, action, done)
            return Change(puts=[scaling_put(after), activity_put(_fired_activity(after, action, done))], result=after)

        after: Scaling | None = await self._store.transact([key], decide)
        return after

    # -- activities ---------------------------------------------------------------------------------------------------

    async def activities(
        self, account: str, region: str, wanted: Callable[[Activity], bool], *, most: int, before: bytes | None = None
    ) -> tuple[list[Activity], bytes | None]:
        """The newest that are wanted, and what to go on before if there are more."""
        oldest = Bound(sort_of(max(0.0, self.clock() - KEPT_SECONDS)), inclusive=True)
        upper = None if before is None else Bound(before, inclusive=False)
        found: list[Activity] = []
        partition = partition_of(account, region)
        while True:
            page = await self._store.range(
                SPACE, partition, oldest, upper, reverse=True, rows_max=_ROWS, bytes_max=_BYTES
            )
            for row in page.rows:
                activity = activity_of(row)
                if wanted(activity):
                    if len(found) == most:
                        return found, found[-1].key.sort
                    found.append(activity)
            if not page.more or not page.rows:
                return found, None
            upper = Bound(page.rows[-1].sort, inclusive=False)

    async def prune(self) -> int:
        """Forget the activities that are too old, or too many of one resource. How many there were."""
        oldest = sort_of(max(0.0, self.clock() - KEPT_SECONDS))
        after: Position | None = None
        counts: Counter[tuple[bytes, Resource]] = Counter()
        doomed: dict[tuple[bytes, Resource], list[Key]] = {}
        gone: list[Key] = []
        more = True
        while more:
            page = await self._store.scan(
                SPACE, after, lower=ACTIVITIES, upper=ACTIVITIES_END, rows_max=_ROWS, bytes_max=_BYTES
            )
            for row in page.rows:  # of each resource the oldest come first
                key = Key(SPACE, row.partition, row.sort)
                if row.sort < oldest:
                    gone.append(key)
                    continue
                whose = row.partition, activity_of(row).resource
                counts[whose] += 1
                doomed.setdefault(whose, []).append(key)
            if page.rows:
                after = Position(page.rows[-1].partition, page.rows[-1].sort)
            more = page.more and bool(page.rows)
        for whose, keys in doomed.items():
            gone += keys[: max(0, counts[whose] - KEPT_MAX)]
        gone += await self._orphans()
        for first in range(0, len(gone), _PRUNED):
            await self._delete(gone[first : first + _PRUNED])
        return len(gone)

    async def _orphans(self) -> list[Key]:
        """The states of what was deregistered while something was done for it."""
        states = await rows_of(self._store, SPACE, STATES)
        scalings = {row.sort for row in await rows_of(self._store, SPACE, TARGETS)}  # read later: none of them is new
        return [Key(SPACE, STATES, row.sort) for row in states if row.sort not in scalings]

    async def _delete(self, keys: list[Key]) -> None:
        await self._store.transact((), lambda _: Change(deletes=keys))


def _fired_activity(scaling: Scaling, action: ScheduledAction, now: float) -> Activity:
    bounds = f"min capacity to {scaling.minimum} and max capacity to {scaling.maximum}"
    return Activity(
        id=new_id(),
        account=scaling.account,
        region=scaling.region,
        resource=scaling.resource,
        description=f"Setting {bounds}",
        cause=f"scheduled action name {action.name} was triggered",
        time=now,
        status=SUCCESSFUL,
        message=f"Successfully set {bounds}",
        details={"minimum": scaling.minimum, "maximum": scaling.maximum, "schedule": action.schedule},
    )
