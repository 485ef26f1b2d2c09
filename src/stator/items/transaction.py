"""Transactions: several writes decided as one, the reasons why one was cancelled, and what it costs. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from stator.errors import (
    ConditionalCheckFailedException,
    Family,
    ThrottlingException,
    TransactionCanceledException,
    ValidationException,
    WireError,
)
from stator.items.capacity import read_units, render_consumed, write_units
from stator.items.decide import Outcome, Write
from stator.items.idempotency import Replay
from stator.limits import TRANSACTION_BYTES_MAX
from stator.model.table import Table
from stator.storage.store import Append, Change, Key, Put, Row

FACTOR = 2  # of a transaction's units, for the table; indexes cost what they always cost

_CODES: dict[type[WireError], str] = {ValidationException: "ValidationError", ThrottlingException: "ThrottlingError"}
_NO_REASON = {"Code": "None"}


class Part(NamedTuple):
    """What one action of a transaction has to do with capacity: its table, as the request names it and as it is."""

    name: str
    table: Table


def decide_all(
    writes: Sequence[Write], rows: Sequence[Row | None], admit: Callable[[Write, Change], None] | None = None
) -> Change:
    """All of the writes, of different items, as one Change; its result has the Outcome of each. `admit` may raise
    against one by what it would change.

    Raises TransactionCanceledException when any of them is refused. A fault of an action hides failed conditions, and
    of several faults the first is told. An empty value for an index's key is the whole request's ValidationException.
    """
    changes: list[Change] = []
    refused: dict[int, WireError] = {}
    for position, (write, row) in enumerate(zip(writes, rows, strict=True)):
        try:
            change = write.change(row)
            if admit is not None:
                admit(write, change)
            changes.append(change)
        except WireError as error:
            refused[position] = error
    if refused:
        raise cancellation(len(writes), refused)
    return together(changes)


def together(changes: Sequence[Change]) -> Change:
    """Changes of different items as one, whose result is the list of theirs."""
    puts: list[Put] = []
    deletes: list[Key] = []
    appends: list[Append] = []
    for change in changes:
        puts += change.puts
        deletes += change.deletes
        appends += change.appends
    return Change(puts, deletes, appends, [change.result for change in changes])


def cancellation(count: int, refused: Mapping[int, WireError], *, hoist: bool = True) -> WireError:
    """The error of a transaction of `count` actions of which some, by their position from 0, were refused.

    `hoist`: an empty key value is told of the whole request.
    """
    shown = refused
    for position in sorted(refused):
        error = refused[position]
        if isinstance(error, ValidationException):
            if hoist and error.family is Family.EMPTY_KEY:
                return error
            if shown is refused:
                shown = {position: error}
    return TransactionCanceledException(
        [_reason(shown[position]) if position in shown else _NO_REASON for position in range(count)]
    )


def _reason(error: WireError) -> dict[str, Any]:
    code = _CODES.get(type(error), error.code.removesuffix("Exception"))
    reason = {"Code": code, "Message": error.message}
    if isinstance(error, ConditionalCheckFailedException):
        reason.update(error.fields)
    return reason


def check_distinct(targets: Sequence[Any]) -> None:
    """No two actions on one item. A target is a Key, or whatever else tells items apart."""
    if len(set(targets)) < len(targets):
        raise ValidationException("Transaction request cannot include multiple operations on one item")


def check_bytes(size: int) -> None:
    """The data of one transaction is within its limit."""
    if size > TRANSACTION_BYTES_MAX:
        raise ValidationException("Transaction request size cannot exceed 4 MB")


def write_consumed(
    mode: str, parts: Sequence[Part], outcomes: Sequence[Outcome] | Replay
) -> list[dict[str, Any]] | None:
    """ConsumedCapacity of a transaction that wrote: one element a table. `mode` is NONE, TOTAL or INDEXES.

    One that did nothing because it had been done is charged for reading its items.
    """
    if isinstance(outcomes, Replay):
        return read_consumed(mode, parts, outcomes.sizes)
    if mode == "NONE":
        return None
    units = [FACTOR * write_units(outcome.size) for outcome in outcomes]
    indexes: dict[str, Counter[str]] = {}
    for part, outcome in zip(parts, outcomes, strict=True):
        indexes.setdefault(part.name, Counter()).update(outcome.index_units)
    return _consumed(mode, "WriteCapacityUnits", parts, units, indexes)


def read_consumed(mode: str, parts: Sequence[Part], sizes: Iterable[int]) -> list[dict[str, Any]] | None:
    """The same of one that read: `sizes` of its items in bytes, 0 for those absent."""
    if mode == "NONE":
        return None
    units = [FACTOR * read_units(size, consistent=True) for size in sizes]
    return _consumed(mode, "ReadCapacityUnits", parts, units, {})


def _consumed(
    mode: str, kind: str, parts: Sequence[Part], units: Sequence[float], indexes: Mapping[str, Mapping[str, int]]
) -> list[dict[str, Any]]:
    tables: dict[str, Table] = {}
    sums: Counter[str] = Counter()
    for part, own in zip(parts, units, strict=True):
        tables[part.name] = part.table
        sums[part.name] += own  # type: ignore[assignment]  # halves do not occur: transactions read strongly
    answer = []
    for name, table in tables.items():
        one = render_consumed(mode, name, table, sums[name], indexes.get(name))
        arms = [one, one.get("Table", {})]
        for group in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            arms += one.get(group, {}).values()
        for arm in arms:
            if arm:
                arm[kind] = arm["CapacityUnits"]
        answer.append(one)
    return answer
