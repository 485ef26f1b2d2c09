"""ExecuteTransaction: up to 100 PartiQL statements, all reading or all writing, as one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from stator.api import prepare, returns, statements
from stator.api.call import Call
from stator.api.registry import operation
from stator.api.statements import Bound
from stator.api.transaction import read_items
from stator.errors import ResourceNotFoundException, TransactionCanceledException, ValidationException, WireError
from stator.items.decide import PutWrite, Write
from stator.items.idempotency import token_of
from stator.items.keys import request_key
from stator.items.transaction import Part, check_bytes, check_distinct, write_consumed
from stator.model.table import Table
from stator.partiql.change import check_in_transaction, is_read, write_of
from stator.partiql.statement import Select
from stator.partiql.target import UNKEYED_IN_TRANSACTION, read_key
from stator.validation.requests.partiql import EXECUTE_TRANSACTION
from stator.values.parse import parse_value
from stator.values.size import value_bytes

MIXED = "ExecuteTransaction API does not support both read and write operations in the same request."
INDEX_READ = "Reads on indices are not supported within transactions."

Tables = Mapping[str, Table | None]


@operation("ExecuteTransaction", EXECUTE_TRANSACTION)
async def execute_transaction(call: Call) -> bytes:
    asked = call.request["TransactStatements"]
    for one in asked:  # a faulty parameter is told before any statement is looked at, and without its number
        for raw in one.get("Parameters", ()):
            parse_value(raw)
    bound = []
    for position, one in enumerate(asked):
        with _told_of(position):
            bound.append(statements.bound(one))
    kinds = {is_read(one.statement) for one in bound}
    if len(kinds) > 1:
        raise ValidationException(MIXED)
    tables = prepare.find_tables(call, [one.statement.source.table for one in bound])
    if kinds == {True}:
        return await _read(call, bound, tables)
    return await _write(call, bound, tables)


@contextmanager
def _told_of(position: int) -> Iterator[None]:
    """A statement that could be part of no transaction refuses the whole request and is named in it."""
    try:
        yield
    except ValidationException as error:
        raise ValidationException(f"Validation failed in TransactStatements[{position}]: {error.message}") from None


async def _read(call: Call, bound: Sequence[Bound], tables: Tables) -> bytes:
    wanted = []
    for position, one in enumerate(bound):
        table = tables[one.statement.source.table]
        if table is not None and isinstance(one.statement, Select):
            with _told_of(position):
                if one.statement.source.index is not None:
                    raise ValidationException(INDEX_READ)
                wanted.append(read_key(one.statement, one.values, table, UNKEYED_IN_TRANSACTION))
    present = _present(bound, tables)
    keys: list[Any] = []
    refused: dict[int, WireError] = {}
    for position, (table, key) in enumerate(zip(present, wanted, strict=True)):
        try:
            keys.append(request_key(table, key))
        except ValidationException as error:
            refused[position] = error
    _check(bound, refused)
    check_distinct(keys)
    projects = [_project(one) for one in bound]
    return await read_items(call, "ExecuteTransaction", keys, _parts(bound, present), projects)


def _project(one: Bound) -> prepare.Project | None:
    columns = one.statement.columns if isinstance(one.statement, Select) else None
    return None if columns is None else columns.show


async def _write(call: Call, bound: Sequence[Bound], tables: Tables) -> bytes:
    for position, one in enumerate(bound):
        table = tables[one.statement.source.table]
        if table is not None:
            with _told_of(position):
                check_in_transaction(one.statement, table)
    present = _present(bound, tables)
    writes: list[Write] = []
    refused: dict[int, WireError] = {}
    for position, (one, table) in enumerate(zip(bound, present, strict=True)):
        try:
            writes.append(write_of(one.statement, one.values, table, shows_item=one.shows_item, transacts=True))
        except ValidationException as error:
            refused[position] = error
    _check(bound, refused)
    check_distinct([write.key for write in writes])
    check_bytes(sum(_bytes(one, write) for one, write in zip(bound, writes, strict=True)))
    parts = _parts(bound, present)
    token = token_of("ExecuteTransaction", call.account, call.region, call.request, call.parts.clock)
    mode = call.request.get("ReturnConsumedCapacity", "NONE")
    done = await call.parts.writer.transact(writes, "ExecuteTransaction", token)
    return returns.body(Responses=[], ConsumedCapacity=write_consumed(mode, parts, done))


def _present(bound: Sequence[Bound], tables: Tables) -> list[Table]:
    """The tables of all statements. A missing one cancels the transaction, unlike in TransactWriteItems."""
    found = [tables[one.statement.source.table] for one in bound]
    missing: dict[int, WireError] = {
        position: ResourceNotFoundException() for position, table in enumerate(found) if table is None
    }
    _check(bound, missing)
    return [table for table in found if table is not None]


def _check(bound: Sequence[Bound], refused: Mapping[int, WireError]) -> None:
    """Cancels the transaction for faults known before it begins: all of them are told, unlike in TransactWriteItems."""
    if not refused:
        return
    reasons = []
    for position in range(len(bound)):
        error = refused.get(position)
        if error is None:
            reasons.append({"Code": "None"})
        else:
            code = "ValidationError" if isinstance(error, ValidationException) else "ResourceNotFound"
            reasons.append({"Code": code, "Message": error.message})
    raise TransactionCanceledException(reasons)


def _parts(bound: Sequence[Bound], tables: Sequence[Table]) -> list[Part]:
    return [Part(one.statement.source.table, table) for one, table in zip(bound, tables, strict=True)]


def _bytes(one: Bound, write: Write) -> int:
    """What a statement brings along."""
    return write.size if isinstance(write, PutWrite) else sum(map(value_bytes, one.values.values()))
