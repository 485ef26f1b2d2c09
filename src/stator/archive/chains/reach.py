"""How far back and forth the archive reaches for each table, as the service that keeps chains knows it: the one thing
that operations on recovery to a point in time have to ask it."""

from typing import NamedTuple

from stator.model.table import Table


class Window(NamedTuple):
    """Seconds since the epoch: the first and the last time that a table can be restored to."""

    earliest: float
    latest: float


class Reach:
    """Filled by the service as it goes, by the ids of tables."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}

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
