"""The alarms of a store, what became of them, and who is still to be told. Keeps nothing in memory.

A change of state, its line of history and the notices that it asks for are one commit, so none is lost in a crash.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from stator.clock import Clock
from stator.metrics.alarm import ALARMS, SPACE, Alarm, alarm_key, decode, encode, moved, reconfigured
from stator.metrics.alarm_action import POLICY, Actions
from stator.metrics.alarm_message import message, subject
from stator.metrics.alarm_record import (
    HISTORY,
    NOTICES,
    Item,
    Notice,
    action_item,
    configured_item,
    item_of,
    item_put,
    moved_item,
    notice_of,
    notice_put,
    sort_of,
)
from stator.storage.rows import below
from stator.storage.store import Bound, Change, Key, Page, Put, Row, Store

ALARMS_MAX: Final = 5000
"""Of an account in a region, as the service has it."""

HISTORY_SECONDS: Final = 14 * 86_400
HISTORY_MAX: Final = 100_000
"""Lines of history of the whole store; of more the oldest go."""

NOTICES_MAX: Final = 10_000
"""Notices that wait; an alarm that would add more is only written down."""

_ROWS = 100  # read at once: two milliseconds
_BYTES = 8 * 1024 * 1024
_PRUNED = 200  # with one commit

# Whether an item of history is wanted.
Wanted = Callable[[Item], bool]


class _Guard(NamedTuple):
    """A row that must be such when something is written."""

    place: Key
    holds: Callable[[Row | None], bool]


class TooManyAlarmsError(Exception):
    """There are ALARMS_MAX in the account and region."""


class Alarms:
    def __init__(self, store: Store, clock: Clock, actions: Actions | None = None) -> None:
        self._store = store
        self._clock = clock
        self.actions = actions or Actions()  # what alarms may do

    # -- alarms -------------------------------------------------------------------------------------------------------

    async def all(self, account: str | None = None, region: str | None = None) -> list[Alarm]:
        """Every alarm, or those of an account and region, in the order of their names."""
        lower: Bound | None
        lower, upper = (None, None) if account is None else below(f"{account}/{region}")
        found: list[Alarm] = []
        more = True
        while more:
            page = await self._range(ALARMS, lower, upper)
            found += [decode(row.value) for row in page.rows]
            more = page.more and bool(page.rows)
            if more:
                lower = Bound(page.rows[-1].sort, inclusive=False)
                await asyncio.sleep(0)  # others have a turn between two pages
        return found

    async def find(self, account: str, region: str, name: str) -> Alarm | None:
        (row,) = await self._store.get([alarm_key(account, region, name)])
        return None if row is None else decode(row.value)

    async def put(self, alarm: Alarm) -> Alarm:
        """Make an alarm, or give the one of its name another configuration; its state stays. Raises
        TooManyAlarmsError."""
        after = await self._put(alarm, None)
        if after is None:
            raise RuntimeError("an alarm was put and is not there")
        return after

    async def put_while(self, alarm: Alarm, place: Key, holds: Callable[[Row | None], bool]) -> None:
        """As `put`, unless the row at `place` does not hold any more when the alarm is written."""
        await self._put(alarm, _Guard(place, holds))

    async def delete(self, account: str, region: str, names: Sequence[str]) -> list[str]:
        """Delete alarms, all or none. The names of which there is none, with nothing deleted if there are such."""
        keys = [alarm_key(account, region, name) for name in names]
        now = self._clock()

        def decide(rows: Sequence[Row | None]) -> Change:
            missing = [name for name, row in zip(names, rows, strict=True) if row is None]
            if missing:
                return Change(result=missing)
            gone = [decode(row.value) for row in rows if row is not None]
            return Change([item_put(configured_item(each, None, now)) for each in gone], keys, result=missing)

        missing: list[str] = await self._store.transact(keys, decide)
        return missing

    async def enable_actions(self, account: str, region: str, names: Sequence[str], *, enabled: bool) -> None:
        """Whether these alarms act. Names of which there is no alarm are passed over, as the service does."""
        now = self._clock()

        def edited(before: Alarm | None) -> Alarm | None:
            return None if before is None else reconfigured(before, replace(before, actions_enabled=enabled), now)

        for name in names:
            await self._change_key(alarm_key(account, region, name), edited, now)

    async def tag(self, account: str, region: str, name: str, tags: dict[str, str | None]) -> Alarm | None:
        """Set tags; None takes one away. None when there is no such alarm."""
        key = alarm_key(account, region, name)

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None:
                return Change()
            before = decode(rows[0].value)
            kept = {**dict(before.tags), **tags}
            after = replace(before, tags=tuple((tag, value) for tag, value in kept.items() if value is not None))
            return Change([_put(after)], result=after)

        after: Alarm | None = await self._store.transact([key], decide)
        return after

    async def set_state(
        self, alarm: Alarm, state: str, reason: str, reason_data: str | None = None, *, revision: int | None = None
    ) -> bool:
        """Put an alarm into a state, and note down who is to be told when it is another than before. False when the
        alarm is gone or, with a `revision`, was given another configuration."""
        now = self._clock()
        crowded = (await self._store.measure(SPACE, NOTICES)).rows >= NOTICES_MAX

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None:
                return Change(result=False)
            before = decode(rows[0].value)
            if revision is not None and before.revision != revision:
                return Change(result=False)
            after = moved(before, state, reason, reason_data, now)
            puts = [_put(after)]
            if after.state != before.state:
                puts.append(item_put(moved_item(before, after, now)))
                for notice in _notices(before, after, now):
                    fault = "too many notices wait" if crowded else ""
                    puts.append(item_put(action_item(notice, now, fault)) if crowded else notice_put(notice))
            return Change(puts, result=True)

        done: bool = await self._store.transact([alarm.key], decide)
        return done

    # -- notices ------------------------------------------------------------------------------------------------------

    async def notices(self, most: int) -> list[Notice]:
        """The oldest of those that wait."""
        page = await self._store.range(SPACE, NOTICES, None, None, reverse=False, rows_max=most, bytes_max=_BYTES)
        return [notice_of(row) for row in page.rows]

    async def settle(self, notice: Notice, fault: str = "") -> None:
        """A notice was delivered, or with a `fault` given up."""
        item = item_put(action_item(notice, self._clock(), fault))
        key = Key(SPACE, NOTICES, notice.sort)
        await self._store.transact((), lambda _: Change([item], [key]))

    async def postpone(self, notice: Notice, due: float) -> None:
        """Try a notice again at a time; it was tried once more meanwhile."""
        put = notice_put(notice._replace(tries=notice.tries + 1, due=due))
        await self._store.transact((), lambda _: Change([put]))

    # -- history ------------------------------------------------------------------------------------------------------

    async def history(
        self, wanted: Wanted, *, start: float, end: float, most: int, after: bytes | None = None, newest: bool = True
    ) -> tuple[list[Item], bytes | None]:
        """Items of a time, and what to go on after if there may be more."""
        lower = Bound(int(start * 1_000_000).to_bytes(8, "big"), inclusive=True)
        upper = Bound(int(end * 1_000_000 + 1).to_bytes(8, "big"), inclusive=False)
        found: list[Item] = []
        while True:
            if after is not None:
                lower, upper = (lower, Bound(after, False)) if newest else (Bound(after, False), upper)
            page = await self._store.range(
                SPACE, HISTORY, lower, upper, reverse=newest, rows_max=_ROWS, bytes_max=_BYTES
            )
            for row in page.rows:
                item = item_of(row)
                if wanted(item):
                    found.append(item)
                    if len(found) == most:
                        return found, row.sort
            if not page.more or not page.rows:
                return found, None
            after = page.rows[-1].sort
            await asyncio.sleep(0)

    async def prune(self) -> int:
        """Forget some of the history that is too old or too much. How many lines that were."""
        too_many = (await self._store.measure(SPACE, HISTORY)).rows > HISTORY_MAX
        upper = None if too_many else Bound(sort_of(self._clock() - HISTORY_SECONDS), inclusive=False)
        page = await self._store.range(SPACE, HISTORY, None, upper, reverse=False, rows_max=_PRUNED, bytes_max=_BYTES)
        keys = [Key(SPACE, HISTORY, row.sort) for row in page.rows]
        if keys:
            await self._store.transact((), lambda _: Change(deletes=keys))
        return len(keys)

    # -- within -------------------------------------------------------------------------------------------------------

    async def _put(self, alarm: Alarm, guard: _Guard | None) -> Alarm | None:
        if await self.find(alarm.account, alarm.region, alarm.name) is None:
            lower, upper = below(f"{alarm.account}/{alarm.region}")
            page = await self._store.range(
                SPACE, ALARMS, lower, upper, reverse=False, rows_max=ALARMS_MAX, bytes_max=_BYTES * 8
            )
            if len(page.rows) >= ALARMS_MAX:
                raise TooManyAlarmsError
        now = self._clock()
        return await self._change_key(alarm.key, lambda before: reconfigured(before, alarm, now), now, guard)

    async def _change_key(
        self, key: Key, change: Callable[[Alarm | None], Alarm | None], now: float, guard: _Guard | None = None
    ) -> Alarm | None:
        def decide(rows: Sequence[Row | None]) -> Change:
            if guard is not None and not guard.holds(rows[1]):
                return Change()
            before = None if rows[0] is None else decode(rows[0].value)
            after = change(before)
            if after is None:
                return Change()
            return Change([_put(after), item_put(configured_item(before, after, now))], result=after)

        keys = [key] if guard is None else [key, guard.place]
        after: Alarm | None = await self._store.transact(keys, decide)
        return after

    async def _range(self, partition: bytes, lower: Bound | None, upper: Bound | None) -> Page:
        return await self._store.range(SPACE, partition, lower, upper, reverse=False, rows_max=_ROWS, bytes_max=_BYTES)


def _notices(before: Alarm, after: Alarm, now: float) -> list[Notice]:
    told, title = message(before, after), subject(after)
    return [
        Notice(now, after.account, after.region, after.name, action, told, title)
        for action in after.actions
        if not action.startswith(POLICY)
    ]


def _put(alarm: Alarm) -> Put:
    value = encode(alarm)
    return Put(alarm.key, len(value), value)
