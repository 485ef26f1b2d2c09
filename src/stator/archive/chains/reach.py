"""How far back and forth the archive reaches for each table, as the service that keeps chains knows it: the one thing
that operations on recovery to a point in time have to ask it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from stator.model.table import Table
from stator.storage.store import Change, Key, Put, Store

FORMAT = 1
KEY = Key(0, bytes(8) + b"reach", b"")
"""The row that has it all, where several routers share the store."""


class Window(NamedTuple):
    """Seconds since the epoch: the first and the last time that a table can be restored to."""

    earliest: float
    latest: float


class Reach:
    """Filled by the service as it goes, by the ids of tables. With a store, other routers are told of it there: the
    service runs on one of them only."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._known: dict[str, tuple[float, float]] = {}
        self._told: dict[str, tuple[float, float]] = {}

    async def tell(self) -> None:
        """Write down what is known now, for other routers."""
        if self._store is None or self._known == self._told:
            return
        self._told = dict(self._known)
        value = orjson.dumps([FORMAT, self._told])
        await self._store.transact((), lambda _: Change(puts=[Put(KEY, len(value), value)]))

    async def take_up(self, store: Store, keys: Sequence[Key] | None) -> None:
        """Follow what another router wrote down, if it did."""
        if keys is not None and KEY not in keys:
            return
        (row,) = await store.get([KEY])
        stored: list[Any] = [FORMAT, {}] if row is None else orjson.loads(row.value)
        if stored[0] == FORMAT:
            self._known = {table_id: (since, through) for table_id, (since, through) in stored[1].items()}

    def note(self, table_id: str, since: float, through: float) -> None:
        self._known[table_id] = (since, through)

    def forget(self, table_id: str) -> None:
        self._known.pop(table_id, None)

    def window(self, table: Table, now: float) -> Window | None:
        """None for a table without recovery to a point in time."""
        recovery = table.recovery
        if recovery is None:
            return None
        since, through = self._known.get(table.id, (recovery.since, recovery.since))
        earliest = max(since, recovery.earliest(now))
        return Window(earliest, max(earliest, through))
