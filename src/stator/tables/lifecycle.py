"""How a table moves through its statuses: by the clock, and while an index is added to it by what fills the index.

A status that passes by the clock is stored with the time when it passes, so nothing has to happen at that time and a
restart in the middle of it goes on as if there had been none. A table whose index is being filled is UPDATING with no
such time, and so is CREATING one that a job fills: from a backup, or with what is imported.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stator.errors import LimitExceededException, ResourceInUseException
from stator.model.table import Build, Index, Status, Table


def settle(table: Table, now: float) -> Table | None:
    """The table as it is at `now`: None once its deletion has passed."""
    if table.settles_at is None or now < table.settles_at:
        return table
    if table.status is Status.DELETING:
        return None
    return table.becomes or replace(table, status=Status.ACTIVE, settles_at=None)


def create(table: Table, settles_at: float) -> Table:
    return replace(table, status=Status.CREATING, settles_at=settles_at)


def create_by_job(table: Table) -> Table:
    """CREATING until the job that fills the table is done with it."""
    return replace(table, status=Status.CREATING, settles_at=None)


def complete_creation(table: Table) -> Table:
    """The table once the job that filled it is done: ACTIVE. Any other table stays as it is."""
    if table.status is not Status.CREATING:
        return table
    restore = table.restore and replace(table.restore, in_progress=False)
    return replace(table, status=Status.ACTIVE, settles_at=None, restore=restore)


def update(shown: Table, after: Table, settles_at: float) -> Table:
    """`shown` is what the table is described as meanwhile; `after` is what it is afterwards."""
    return replace(shown, status=Status.UPDATING, settles_at=settles_at, becomes=after)


def delete(table: Table, settles_at: float) -> Table:
    return replace(table, status=Status.DELETING, settles_at=settles_at, becomes=None)


def amend(table: Table, change: Callable[[Table], Table]) -> Table:
    """Apply a change that takes no time, such as tags, also to what an UPDATING table is about to become."""
    amended = change(table)
    return replace(amended, becomes=change(table.becomes)) if table.becomes else amended


def await_filling(table: Table) -> Table:
    """What a table with an ALLOTTED index becomes: UPDATING until that is filled. Any other table stays as it is."""
    if all(index.build is not Build.ALLOTTED for index in table.indexes):
        return table
    return replace(table, status=Status.UPDATING)


def begin_filling(table: Table, space: int) -> Table:
    """The table once every router goes by its index of that space, so that writes may put entries."""
    return amend(table, lambda each: _with_build(each, space, Build.FILLING))


def complete_index(table: Table, space: int) -> Table:
    """The table once its index of that space is filled: ACTIVE, unless something else still keeps it busy."""
    done = _with_build(table, space, None)
    if done.becomes is not None:
        return replace(done, becomes=complete_index(done.becomes, space))
    return _active(done)


def without_index(table: Table, name: str) -> Table:
    """What a table becomes when an index is taken away, with the attributes that only that index had."""
    indexes = tuple(index for index in table.indexes if index.name != name)
    used = {key.name for keys in (table.keys, *(index.keys for index in indexes)) for key in keys.attributes}
    types = {name: type_ for name, type_ in table.attribute_types.items() if name in used}
    insights = tuple(each for each in table.insights if each.index != name)
    return _active(replace(table, indexes=indexes, attribute_types=types, insights=insights))


def _with_build(table: Table, space: int, build: Build | None) -> Table:
    indexes = tuple(replace(index, build=build) if index.space == space else index for index in table.indexes)
    return replace(table, indexes=indexes)


def _active(table: Table) -> Table:
    busy = any(index.build for index in table.indexes)
    return table if busy else replace(table, status=Status.ACTIVE)


def index_status(table: Table, index: Index) -> Status:
    """What an index does, told by its table and what that becomes."""
    if table.status is Status.UPDATING and table.becomes is not None:
        after = next((other for other in table.becomes.indexes if other.name == index.name), None)
        if after is None:
            return Status.DELETING
        if index.build:
            return Status.CREATING
        return Status.ACTIVE if after == index else Status.UPDATING
    if table.status is Status.UPDATING:
        return Status.CREATING if index.build else Status.ACTIVE
    return table.status


ONE_AT_A_TIME = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"

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


def check_indexable(table: Table, updates: Sequence[Mapping[str, Any]]) -> None:
    """Raise unless the table takes the index updates of a request now.

    An index that is being filled may be deleted or given other throughput. Any other creation or deletion beside one
    under way raises LimitExceededException, all else ResourceInUseException.
    """
    if table.status is Status.ACTIVE:
        return
    moving = {index.name for index in table.indexes if index_status(table, index) in (Status.CREATING, Status.DELETING)}
    filling = {index.name for index in table.indexes if index.build} if not table.becomes else set()
    verbs = {action["IndexName"]: verb for update in updates for verb, action in update.items() if action}
    if updates and set(verbs) <= filling and "Create" not in verbs.values():
        return
    others = (name for name, verb in verbs.items() if verb != "Update" and name not in moving - filling)
    if table.status is Status.UPDATING and moving and any(others):
        raise LimitExceededException(ONE_AT_A_TIME)
    raise in_use(table)


def in_use(table: Table) -> ResourceInUseException:
    return ResourceInUseException(f"{_LEAD}{_IN_USE[table.status]}: {table.name}")
