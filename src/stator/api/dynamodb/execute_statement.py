"""ExecuteStatement: one PartiQL statement."""

from stator.api import returns, statements
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.items.capacity import write_units
from stator.items.page import ROWS_MAX
from stator.items.throughput import charge_page, check_read, read_meter
from stator.model.table import Index, Table
from stator.partiql import continuation
from stator.partiql.change import returned, write_of
from stator.partiql.select import Options, select_page
from stator.partiql.statement import Exists, Select
from stator.validation.requests.partiql import EXECUTE_STATEMENT


@operation("ExecuteStatement", EXECUTE_STATEMENT)
async def execute_statement(call: Call) -> bytes:
    bound = statements.bound(call.request)
    statement = bound.statement
    if isinstance(statement, Exists):
        raise ValidationException(statements.EXISTS_OUTSIDE)
    call.table = statement.source.table
    table = call.parts.catalog.get(call.account, call.region, statement.source.table)
    if isinstance(statement, Select):
        return await _select(call, statement, bound, table)
    return await _write(call, bound, table)


async def _select(call: Call, select: Select, bound: statements.Bound, table: Table) -> bytes:
    request = call.request
    start = None
    if "NextToken" in request:
        start = continuation.parse(request["NextToken"], continuation.digest(select.text, bound.parameters, table))
    meters = call.parts.meters

    def admit(index: Index | None, partition: bytes | None) -> None:
        check_read(read_meter(meters, table, index), table, partition, "ExecuteStatement")

    options = Options(request.get("Limit", ROWS_MAX), request.get("ConsistentRead", False), start, admit)
    page = await select_page(call.parts.reader, select, bound.values, table, options)
    charge_page(meters, table, page.table_units, page.index_units, page.partition)
    call.parts.recorder.returned(call.account, call.region, table.name, "ExecuteStatement", len(page.items))
    token = None
    if page.next is not None:
        token = continuation.render(page.next, continuation.digest(select.text, bound.parameters, table))
    return returns.body(
        Items=returns.array(page.items),
        NextToken=None if token is None else f'"{token}"'.encode(),
        LastEvaluatedKey=page.last_key,
        ConsumedCapacity=returns.consumed(request, select.source.table, table, page.table_units, page.index_units),
    )


async def _write(call: Call, bound: statements.Bound, table: Table) -> bytes:
    request = call.request
    statement = bound.statement
    write = write_of(statement, bound.values, table, shows_item=bound.shows_item)
    if "NextToken" in request:  # no write makes one
        continuation.parse(request["NextToken"], continuation.digest(statement.text, bound.parameters, table))
    outcome = await call.parts.writer.commit(write, "ExecuteStatement")
    item = returned(statement, outcome)
    return returns.body(
        Items=returns.array([] if item is None else [item]),
        ConsumedCapacity=returns.consumed(
            request, statement.source.table, table, write_units(outcome.size), outcome.index_units
        ),
    )
