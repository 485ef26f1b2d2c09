"""How a table moves through its statuses: by the clock alone.

A status that passes is stored with the time when it passes, so nothing has to happen at that time and a restart in the
middle of it goes on as if there had been none.
"""

from collections.abc import Callable
from dataclasses import replace

from stator.errors import ResourceInUseException
from stator.model.table import Index, Status, Table


def settle(table: Table, now: float) -> Table | None:
    """The table as it is at `now`: None once its deletion has passed."""
    if table.settles_at is None or now < table.settles_at:
        return table
    if table.status is Status.DELETING:
        return None
    return table.becomes or replace(table, status=Status.ACTIVE, settles_at=None)


def create(table: Table, settles_at: float) -> Table:
    return replace(table, status=Status.CREATING, settles_at=settles_at)


def update(shown: Table, after: Table, settles_at: float) -> Table:
    """`shown` is what the table is described as meanwhile; `after` is what it is afterwards."""
    return replace(shown, status=Status.UPDATING, settles_at=settles_at, becomes=after)


def delete(table: Table, settles_at: float) -> Table:
    return replace(table, status=Status.DELETING, settles_at=settles_at, becomes=None)


def amend(table: Table, change: Callable[[Table], Table]) -> Table:
    """Apply a change that takes no time, such as tags, also to what an UPDATING table is about to become."""
    amended = change(table)
    return replace(amended, becomes=change(table.becomes)) if table.becomes else amended


def index_status(table: Table, index: Index) -> Status:
    """An index has no status of its own to store: its table's, and what the table becomes, tell it."""
    if table.status is Status.UPDATING and table.becomes is not None:
        after = next((other for other in table.becomes.indexes if other.name == index.name), None)
        if after is None:
            return Status.DELETING
        return Status.ACTIVE if after == index else Status.UPDATING
    return table.status


_LEAD = "Attempt to change a resource which is still in use: "
_IN_USE = {
    Status.CREATING: "Table is being created",
    Status.UPDATING: "Table is being updated",
    Status.DELETING: "Table is being deleted",
}


def check_idle(table: Table) -> None:
    """Raise ResourceInUseException unless the table is ACTIVE."""
    if table.status is not Status.ACTIVE:
        raise in_use(table)


def check_deletable(table: Table) -> None:
    """Like `check_idle`, but DeleteTable words it differently for a table that is being updated."""
    if table.status is Status.UPDATING:
        raise ResourceInUseException(f"{_LEAD}Table: {table.name} is in the process of being updated.")
    check_idle(table)


def in_use(table: Table) -> ResourceInUseException:
    return ResourceInUseException(f"{_LEAD}{_IN_USE[table.status]}: {table.name}")
