"""INSERT, UPDATE, DELETE and EXISTS: statements to the writes that all other writes are, too."""

from typing import NamedTuple

import orjson

from stator.errors import DuplicateItemException, ValidationException
from stator.expressions import apply
from stator.expressions.checks import Values
from stator.expressions.evaluate import Predicate
from stator.expressions.returned import updated
from stator.expressions.tree import Update
from stator.items.decide import (
    NO_GUARD,
    CheckWrite,
    Condition,
    DeleteWrite,
    Guard,
    Outcome,
    PutWrite,
    UpdateWrite,
    Write,
    check_keys_untouched,
)
from stator.items.indexes import ITEM_TOO_LARGE, check_item
from stator.items.keys import SCHEMA_MISMATCH, item_key, request_key
from stator.limits import ITEM_BYTES_MAX
from stator.model.table import Table
from stator.partiql.constant import NESTED_TOO_DEEP
from stator.partiql.pins import Pins, pins
from stator.partiql.statement import Change, Exists, Insert, Statement, UpdateItem
from stator.values.attribute import Item
from stator.values.parse import NESTED_TOO_DEEP as ITEM_TOO_DEEP
from stator.values.parse import parse_item

INCOMPLETE_KEY = "Where clause does not contain a mandatory equality on all key attributes"
NO_SINGLE_CHECK = "EXISTS() must contain a single item read with additional condition"
INDEX_CHECK = "Operations on indices are not supported in transactions"
RETURNING_IN_TRANSACTION = "RETURNING clause is not supported in ExecuteTransaction."


class _Absent:
    """Of INSERT: there is no item yet."""

    __slots__ = ()

    def holds(self, item: Item) -> bool:
        if item:
            raise DuplicateItemException
        return True


class _Present(NamedTuple):
    """Of UPDATE: there is an item, and the rest of WHERE holds for it."""

    test: Predicate | None
    values: Values

    def holds(self, item: Item) -> bool:
        return bool(item) and (self.test is None or self.test(item, self.values))


class _Harmless(NamedTuple):
    """Of DELETE: what WHERE says holds for the item, if there is one."""

    test: Predicate
    values: Values

    def holds(self, item: Item) -> bool:
        return not item or self.test(item, self.values)


class _Check(NamedTuple):
    """Of EXISTS: what WHERE says beside the key holds, for an absent item too as far as it can."""

    test: Predicate
    values: Values

    def holds(self, item: Item) -> bool:
        return self.test(item, self.values)


class _Action(NamedTuple):
    """An update with its values. What gets nested too deeply is told in fewer words than elsewhere."""

    tree: Update
    values: Values

    def apply(self, item: Item, *, absent: bool = False) -> Item:
        try:
            return apply.apply(self.tree, item, self.values, absent=absent)
        except ValidationException as error:
            if error.message == ITEM_TOO_DEEP:
                raise ValidationException(NESTED_TOO_DEEP) from None
            raise


def check_in_transaction(statement: Statement, table: Table) -> None:
    """What a writing statement must not be in a transaction, whatever its keys. Raises ValidationException."""
    if isinstance(statement, Change) and statement.returning is not None:
        raise ValidationException(RETURNING_IN_TRANSACTION)
    if isinstance(statement, Exists):
        if statement.source.index is not None:
            raise ValidationException(INDEX_CHECK)
        pinned = pins(statement.select.condition, table.keys)
        if not pinned.whole or pinned.rest is None:
            raise ValidationException(NO_SINGLE_CHECK)


def is_read(statement: Statement) -> bool:
    return not isinstance(statement, Insert | Change | Exists)


def write_of(statement: Statement, values: Values, table: Table, *, shows_item: bool, transacts: bool = False) -> Write:
    """The write that a statement is. `shows_item`: a refused condition shows the item.

    Raises ValidationException for a key or item that does not suit the table; `transacts` words it as a transaction
    does.
    """
    if isinstance(statement, Insert):
        return _insert(statement, values, table)
    if isinstance(statement, Exists):
        return _exists(statement, values, table, shows_item=shows_item)
    if isinstance(statement, Change):
        return _change(statement, values, table, shows_item=shows_item, transacts=transacts)
    raise ValidationException(NO_SINGLE_CHECK)


def _insert(statement: Insert, values: Values, table: Table) -> Write:
    item, size = parse_item({name: values[operand.name] for name, operand in statement.members})
    if size > ITEM_BYTES_MAX:
        raise ValidationException(ITEM_TOO_LARGE)
    key = item_key(table, item)
    if table.indexes:
        check_item(table, item)
    return PutWrite(table, key, item, size, Guard(_Absent()))


def _exists(statement: Exists, values: Values, table: Table, *, shows_item: bool) -> Write:
    select = statement.select
    pinned = pins(select.condition, table.keys)
    if not pinned.whole or pinned.rest is None:
        raise ValidationException(NO_SINGLE_CHECK)
    # Of two values for one key attribute the first is read, and the condition cannot hold.
    fails = pinned.twice(values) is not None
    condition: Condition = _Check(_never if fails else pinned.rest, values)
    return CheckWrite(table, request_key(table, pinned.key(values)), Guard(condition, shows_item))


def _never(_item: Item, _values: Values) -> bool:
    return False


def _change(statement: Change, values: Values, table: Table, *, shows_item: bool, transacts: bool) -> Write:
    pinned = statement.pins.get(table.keys)
    if pinned is None:
        if len(statement.pins) >= 4:
            statement.pins.clear()
        pinned = statement.pins[table.keys] = pins(statement.condition, table.keys)
    _check_single(pinned, values, transacts=transacts)
    key_item = pinned.key(values)
    key = request_key(table, key_item)
    if isinstance(statement, UpdateItem):
        action = _Action(statement.update, values)
        check_keys_untouched(table, action)
        guard = Guard(_Present(pinned.rest, values), shows_item)
        return UpdateWrite(table, key, key_item, action, guard, plain_size=True)
    guard = NO_GUARD if pinned.rest is None else Guard(_Harmless(pinned.rest, values), shows_item)
    return DeleteWrite(table, key, guard)


def _check_single(pinned: Pins, values: Values, *, transacts: bool) -> None:
    if not pinned.whole:
        raise ValidationException(SCHEMA_MISMATCH if transacts else INCOMPLETE_KEY)
    name = pinned.twice(values)
    if name is not None:
        raise ValidationException(
            f"Multiple conditions on same key {name}. Only single item Update/Insert/Delete are supported"
        )


def returned(statement: Statement, outcome: Outcome) -> bytes | None:
    """The item that RETURNING asks for, as JSON text; None when there is nothing to show."""
    mode = statement.returning if isinstance(statement, Change) else None
    if mode == "ALL OLD":
        return outcome.before
    if mode == "ALL NEW":
        return outcome.after
    if mode is None or not isinstance(statement, UpdateItem):
        return None
    shown = updated(statement.update, outcome.before_item if mode == "MODIFIED OLD" else outcome.after_item)
    return None if shown is None else orjson.dumps(shown)
