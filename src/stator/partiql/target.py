"""The one item that a SELECT of a batch or transaction reads."""

from stator.errors import ValidationException
from stator.expressions.checks import Values
from stator.items.keys import request_key
from stator.model.table import Table
from stator.partiql.plan import stretches, taken_apart
from stator.partiql.statement import Select
from stator.values.attribute import Item

UNKEYED_IN_BATCH = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
UNKEYED_IN_TRANSACTION = "Select statements within ExecuteTransaction must specify the primary key in the where clause."


def read_key(select: Select, values: Values, table: Table, unkeyed: str) -> Item:
    """The key of the item, not yet checked against the table.

    The statement names each key attribute by equalities with one value, an IN of one value among them, and nothing
    else; otherwise ValidationException with the text `unkeyed`.
    """
    apart = taken_apart(select, table.keys)
    if apart.keyed and apart.count > 1:
        stretches(select, table.keys, values)  # complains of too many, and of any twice
    if not apart.keyed or apart.count != 1 or apart.all[0].filter is not None:
        raise ValidationException(unkeyed)
    key: Item = {}
    for term in apart.all[0].terms:
        value = values[term.operands[0].name]
        if term.operator != "=" or key.setdefault(term.attribute, value) != value:
            raise ValidationException(unkeyed)
    if len(key) < len(table.keys.attributes):
        raise ValidationException(unkeyed)
    return key


def show(select: Select, item: Item) -> Item:
    return item if select.columns is None else select.columns.show(item)


def check_key(table: Table, key: Item) -> None:
    """Raises ValidationException for a key that does not suit the table."""
    request_key(table, key)
