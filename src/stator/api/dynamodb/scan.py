"""Scan: every item of a table or index, or of one segment of it."""

from stator.api import paging, prepare
from stator.api.call import Call
from stator.api.registry import operation
from stator.expressions.placeholders import check_mix, check_placeholders_needed
from stator.items.page import read_page
from stator.items.segment import check_segment, segment_bounds, stretch
from stator.items.start_key import check_scan_start, position
from stator.items.throughput import charge_page, check_read, read_meter
from stator.validation.requests.scan import SCAN

_EXPRESSIONS = ("ProjectionExpression", "FilterExpression")
_LEGACY = ("AttributesToGet", "ScanFilter", "ConditionalOperator")


@operation("Scan", SCAN)
async def scan(call: Call) -> bytes:
    request = call.request
    check_mix(request, _EXPRESSIONS, _LEGACY)
    check_placeholders_needed(request, _EXPRESSIONS)
    paging.check_attributes_to_get(request)
    legacy_filter = paging.legacy_filter(request, "ScanFilter")
    start = paging.start_of(request)
    segment, segments = request.get("Segment"), request.get("TotalSegments")
    check_segment(segment, segments)
    expressions = prepare.expressions_of(request)
    shown = paging.shown_of(request, expressions, legacy_filter)
    expressions.check_used()
    paging.check_select(request)
    table = prepare.table_of(call)
    index = prepare.index_of(table, request.get("IndexName"))
    paging.check_consistent(request, index)
    after = None
    if start is not None:
        check_scan_start(table, index, start)
        after = position(table, index, start)
    space = table.space if index is None else index.space
    where = stretch(space, segment_bounds(segment or 0, segments or 1), after, (segment, segments))
    prepare.check_key_paths(table, shown.paths)
    view = paging.view_of(request, table, index, shown)
    meters = call.parts.meters
    check_read(read_meter(meters, table, index), table, None, "Scan")
    result = await read_page(call.parts.reader, where, view)
    charge_page(meters, table, result.table_units, result.index_units, None)
    return paging.page_answer(call, "Scan", table, result)
