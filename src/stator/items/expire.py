"""Deleting an item because its time is over, as the service itself. Pure."""

import orjson

from stator.items.decide import DeleteWrite, Outcome
from stator.items.expiry import expiry_of, is_expired
from stator.journal.record import Author
from stator.model.table import Table
from stator.storage.store import Change, Key, Row

SERVICE = Author("dynamodb.amazonaws.com")

_KEPT = Outcome(None, None, None, None, 0, {})


class ExpireWrite(DeleteWrite):
    """Remove the item if it still expires when its entry says, and that is over at `now`: a write that gave it more
    time has won. An entry that led to nothing goes."""

    __slots__ = ("entry", "now")

    author = SERVICE

    def __init__(self, table: Table, key: Key, entry: Key, now: float) -> None:
        super().__init__(table, key)
        self.entry = entry
        self.now = now

    def change(self, row: Row | None) -> Change:
        seconds = None if row is None else expiry_of(self.table, orjson.loads(row.value))
        if (
            seconds is None
            or seconds != int.from_bytes(self.entry.sort[:8], "big")
            or not is_expired(seconds, self.now)
        ):
            return Change(deletes=(self.entry,), result=_KEPT)
        return super().change(row)
