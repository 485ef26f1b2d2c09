"""ExecuteStatement: one PartiQL statement."""

from collections.abc import Mapping
from typing import Any

from stator.api import returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.expressions.checks import Values
from stator.items.capacity import render_consumed
from stator.items.page import ROWS_MAX
from stator.model.table import Table
from stator.partiql import continuation
from stator.partiql.compiled import compile_statement
from stator.partiql.select import Options, select_page
from stator.partiql.statement import Exists, Select
from stator.validation.requests.partiql import EXECUTE_STATEMENT
from stator.values.attribute import AttributeValue
from stator.values.parse import parse_value

EXISTS_OUTSIDE = "EXISTS can only be used in ExecuteTransaction write requests."


@operation("ExecuteStatement", EXECUTE_STATEMENT)
async def execute_statement(call: Call) -> bytes:
    request = call.request
    parameters = [parse_value(raw) for raw in request.get("Parameters", ())]
    statement = compile_statement(request["Statement"])
    values = statement.bind(parameters)
    if isinstance(statement, Exists):
        raise ValidationException(EXISTS_OUTSIDE)
    table = call.parts.catalog.get(call.account, call.region, statement.source.table)
    if isinstance(statement, Select):
        return await _select(call, statement, values, parameters, table)
    raise ValidationException("writes come next")


async def _select(call: Call, select: Select, values: Values, parameters: list[AttributeValue], table: Table) -> bytes:
    request = call.request
    bound = ""
    start = None
    if "NextToken" in request:
        bound = continuation.digest(select.text, parameters, table)
        start = continuation.parse(request["NextToken"], bound)
    options = Options(request.get("Limit", ROWS_MAX), request.get("ConsistentRead", False), start)
    page = await select_page(call.parts.reader, select, values, table, options)
    token = None
    if page.next is not None:
        token = continuation.render(page.next, bound or continuation.digest(select.text, parameters, table))
    return returns.body(
        Items=returns.array(page.items),
        NextToken=None if token is None else f'"{token}"'.encode(),
        LastEvaluatedKey=page.last_key,
        ConsumedCapacity=_consumed(request, select.source.table, table, page.table_units, page.index_units),
    )


def _consumed(
    request: dict[str, Any], name: str, table: Table, table_units: float, index_units: Mapping[str, float]
) -> dict[str, Any] | None:
    mode = request.get("ReturnConsumedCapacity", "NONE")
    return None if mode == "NONE" else render_consumed(mode, name, table, table_units, index_units)
