"""Query: the items of one partition of a table or index, in order."""

from typing import Any

from stator.api import paging, prepare
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.expressions.legacy_key import LegacyKeyConditions, parse_key_conditions
from stator.expressions.placeholders import check_mix, check_placeholders_needed
from stator.expressions.request import BoundKeyCondition, Expressions
from stator.items.key_range import key_range
from stator.items.page import read_page
from stator.items.start_key import check_query_start, check_start_partition, position
from stator.items.throughput import charge_page, check_read, read_meter
from stator.validation.requests.query import QUERY

_EXPRESSIONS = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")
_LEGACY = ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions")


@operation("Query", QUERY)
async def query(call: Call) -> bytes:
    request = call.request
    check_mix(request, _EXPRESSIONS, _LEGACY)
    check_placeholders_needed(request, _EXPRESSIONS)
    legacy_filter = paging.legacy_filter(request, "QueryFilter")
    paging.check_attributes_to_get(request)
    start = paging.start_of(request)
    if "KeyConditions" not in request and "KeyConditionExpression" not in request:
        raise ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    expressions = prepare.expressions_of(request)
    conditions = _key_conditions(request, expressions)
    shown = paging.shown_of(request, expressions, legacy_filter)
    expressions.check_used()
    if isinstance(conditions, BoundKeyCondition):
        conditions.check()
    paging.check_select(request)
    table = prepare.table_of(call)
    index = prepare.index_of(table, request.get("IndexName"))
    paging.check_consistent(request, index)
    schema = table.keys if index is None else index.keys
    if start is not None:
        check_start_partition(table, index, start)
    wanted = key_range(schema, conditions.terms, conditions.values)
    if start is not None:
        check_query_start(table, index, start, wanted)
    prepare.check_key_paths(table, shown.paths)
    paging.check_filter_keys(request, schema, shown)
    paging.check_filter_projected(table, index, shown)
    view = paging.view_of(request, table, index, shown)
    space = table.space if index is None else index.space
    start_sort = None if start is None else position(table, index, start).sort
    where = wanted.span(space, reverse=not request.get("ScanIndexForward", True), start=start_sort)
    meters = call.parts.meters
    check_read(read_meter(meters, table, index), table, where.partition, "Query")
    result = await read_page(call.parts.reader, where, view)
    charge_page(meters, table, result.table_units, result.index_units, where.partition)
    return paging.page_answer(call, "Query", table, result)


def _key_conditions(request: dict[str, Any], expressions: Expressions) -> BoundKeyCondition | LegacyKeyConditions:
    if "KeyConditionExpression" in request:
        return expressions.key_condition(request["KeyConditionExpression"])
    return parse_key_conditions(request["KeyConditions"])
