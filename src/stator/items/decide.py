"""What a write does to one item. Pure: the old row goes in, a Change comes out; raising leaves everything as it was.

One class a kind of write: Put, Update, Delete, Check. Each knows its key up front, so that any number of them can be
decided in one transaction.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import orjson
from msgspec import Struct

from stator.errors import ConditionalCheckFailedException, ValidationException
from stator.expressions.apply import ITEM_TOO_LARGE, creates
from stator.expressions.returned import targets
from stator.expressions.tree import Arithmetic, Update
from stator.items import expiry, indexes
from stator.items.keys import key_of
from stator.journal import record
from stator.journal.record import NOBODY, Image
from stator.limits import ITEM_BYTES_MAX
from stator.model.table import Table
from stator.storage.store import Append, Change, Key, Put, Row
from stator.values.attribute import Item
from stator.values.size import item_bytes

_NO_UNITS: Mapping[str, float] = {}
_ACTION_BYTES_MAX = 19 + 1 + 50  # see `action_bytes`


class Condition(Protocol):
    """A condition with its values bound: an expression's, or legacy parameters'."""

    def holds(self, item: Item) -> bool: ...


class Action(Protocol):
    """An update with its values bound: an expression's, or AttributeUpdates'."""

    @property
    def tree(self) -> Update: ...

    def apply(self, item: Item, *, absent: bool = False) -> Item: ...


class Guard(NamedTuple):
    """When a write may happen, and whether its refusal shows the item."""

    condition: Condition | None = None
    show_item: bool = False


NO_GUARD = Guard()


class Outcome(Struct, frozen=True):
    """What a write did, for its answer. Items are None where absent; `before` and `after` are their stored JSON."""

    before: bytes | None
    after: bytes | None
    before_item: Item | None  # decoded only when the write needed it
    after_item: Item | None
    size: int  # the larger of the item's bytes before and after
    index_units: Mapping[str, float]


class Write(ABC):
    """A write of one item. `decide` is the store's, `change` the same for one row.

    `time` is the moment of the commit, set before it is decided when the table's journal is to have it.
    """

    __slots__ = ("guard", "key", "table", "time")

    author = NOBODY

    def __init__(self, table: Table, key: Key, guard: Guard = NO_GUARD) -> None:
        self.table = table
        self.key = key
        self.guard = guard
        self.time = 0.0

    def decide(self, rows: Sequence[Row | None]) -> Change:
        return self.change(rows[0])

    @abstractmethod
    def change(self, row: Row | None) -> Change:
        """What the write makes of the item's row, None where there is none. Raises what refuses it."""

    def check_guard(self, before: Item | None) -> None:
        condition, show_item = self.guard
        if condition is not None and not condition.holds(before or {}):
            if show_item and before is not None:
                raise ConditionalCheckFailedException(Item=before)
            raise ConditionalCheckFailedException

    def decode(self, row: Row | None) -> Item | None:
        """The old item, when the guard or an index has to look into it."""
        if row is None or (self.guard.condition is None and not self.table.derives):
            return None
        item: Item = orjson.loads(row.value)
        return item

    def derive(self, before: Item | None, after: Item | None) -> indexes.Maintenance:
        """The rows besides the item's own to write and remove."""
        done = indexes.maintain(self.table, before, after)
        puts, deletes = expiry.maintain(self.table, self.key, before, after)
        done.puts.extend(puts)
        done.deletes.extend(deletes)
        return done

    def journal(self, item: Item, old: Image | None, new: Image | None) -> tuple[Append, ...]:
        """The record of a change; `item` is of either image, for its key."""
        append = record.change(
            self.table, self.key.partition, item, time=self.time, images=(old, new), author=self.author
        )
        return (append,)


class PutWrite(Write):
    """Replace the whole item."""

    __slots__ = ("item", "size", "value")

    def __init__(self, table: Table, key: Key, item: Item, size: int, guard: Guard = NO_GUARD) -> None:
        super().__init__(table, key, guard)
        self.item = item
        self.size = size
        self.value = orjson.dumps(item)

    def change(self, row: Row | None) -> Change:
        table = self.table
        derives = table.derives
        before: Item | None = None
        if derives or self.guard is not NO_GUARD:
            before = self.decode(row)
            if self.guard.condition is not None:
                self.check_guard(before)
        put = Put(self.key, self.size, self.value)
        size = self.size if row is None or row.size < self.size else row.size
        old = None if row is None else row.value
        appends = self._journal(row) if table.journaled else ()
        if not derives:
            return Change((put,), (), appends, Outcome(old, self.value, before, self.item, size, _NO_UNITS))
        puts, deletes, units = self.derive(before, self.item)
        return Change([put, *puts], deletes, appends, Outcome(old, self.value, before, self.item, size, units))

    def _journal(self, row: Row | None) -> tuple[Append, ...]:
        new = (self.value, self.size)
        if row is None:
            return self.journal(self.item, None, new)
        if row.size == self.size and (row.value == self.value or orjson.loads(row.value) == self.item):
            return ()
        return self.journal(self.item, (row.value, row.size), new)


class DeleteWrite(Write):
    """Remove the item; nothing happens when it is absent."""

    __slots__ = ()

    def change(self, row: Row | None) -> Change:
        before = self.decode(row)
        if self.guard.condition is not None:
            self.check_guard(before)
        if row is None:
            return Change(result=Outcome(None, None, None, None, 0, _NO_UNITS))
        appends: tuple[Append, ...] = ()
        if self.table.journaled:
            appends = self.journal(before or orjson.loads(row.value), (row.value, row.size), None)
        if not self.table.derives:
            return Change((), (self.key,), appends, Outcome(row.value, None, before, None, row.size, _NO_UNITS))
        puts, deletes, units = self.derive(before, None)
        return Change(puts, [self.key, *deletes], appends, Outcome(row.value, None, before, None, row.size, units))


class CheckWrite(Write):
    """Write nothing, but let nothing of the transaction happen unless the guard holds."""

    __slots__ = ()

    def change(self, row: Row | None) -> Change:
        before = self.decode(row)
        self.check_guard(before)
        if row is None:
            return Change(result=Outcome(None, None, None, None, 0, _NO_UNITS))
        return Change(result=Outcome(row.value, row.value, before, before, row.size, _NO_UNITS))


class UpdateWrite(Write):
    """Change the item in place, or create it from its key.

    `plain_size`: hold the item itself to the size limit, as transactions and PartiQL do, instead of what UpdateItem
    measures.
    """

    __slots__ = ("action", "key_item", "plain_size")

    def __init__(
        self,
        table: Table,
        key: Key,
        key_item: Item,
        action: Action | None,
        guard: Guard = NO_GUARD,
        *,
        plain_size: bool = False,
    ) -> None:
        super().__init__(table, key, guard)
        self.key_item = key_item
        self.action = action
        self.plain_size = plain_size

    def change(self, row: Row | None) -> Change:
        before: Item | None = None if row is None else orjson.loads(row.value)
        self.check_guard(before)
        action = self.action
        if before is None and action is not None and not creates(action.tree):
            return Change(result=Outcome(None, None, None, None, 0, _NO_UNITS))
        after = self.key_item if before is None else before
        if action is not None:
            after = action.apply(after, absent=before is None)
        size = item_bytes(after)
        self._check(after, size)
        value = orjson.dumps(after)
        old = None if row is None else row.value
        larger = size if row is None or row.size < size else row.size
        put = Put(self.key, size, value)
        appends: tuple[Append, ...] = ()
        if self.table.journaled and before != after:
            appends = self.journal(after, None if row is None else (row.value, row.size), (value, size))
        if not self.table.derives:
            return Change((put,), (), appends, Outcome(old, value, before, after, larger, _NO_UNITS))
        puts, deletes, units = self.derive(before, after)
        return Change([put, *puts], deletes, appends, Outcome(old, value, before, after, larger, units))

    def _check(self, after: Item, size: int) -> None:
        """The updated item, of `size` bytes, is within the limits, and its index keys are legal."""
        if self.action is None:
            return
        update = self.action.tree
        if self.table.indexes:
            indexes.check_update(self.table, after, touched(update))
        actions = len(update.sets) + len(update.removes) + len(update.adds) + len(update.deletes)
        if size + 3 + actions * _ACTION_BYTES_MAX > ITEM_BYTES_MAX:
            measured = size
            if not self.plain_size:
                measured += action_bytes(update) - item_bytes(key_of(self.table.keys, after))
            if max(size, measured) > ITEM_BYTES_MAX:
                raise ValidationException(ITEM_TOO_LARGE)


def check_keys_untouched(table: Table, action: Action | None) -> None:
    """No update writes a part of the item's key."""
    if action is None:
        return
    names = touched(action.tree)
    for attribute in table.keys.attributes:
        if attribute.name in names:
            raise ValidationException(
                f"One or more parameter values were invalid: Cannot update attribute {attribute.name}. "
                "This attribute is part of the key"
            )


def touched(update: Update) -> frozenset[str]:
    """The top-level attributes that an update writes or clears."""
    return frozenset(str(target[0]) for target in targets(update))


def action_bytes(update: Update) -> int:
    """What the service adds for an update's actions when it holds the item to the size limit, measured by others."""
    written = len(update.sets) + len(update.adds)
    cleared = len(update.removes) + len(update.deletes)
    through_lists = sum(isinstance(assignment.path[-1], int) for assignment in update.sets)
    arithmetic = sum(isinstance(assignment.value, Arithmetic) for assignment in update.sets)
    return 3 + 19 * written + 2 * cleared + through_lists + 50 * arithmetic
