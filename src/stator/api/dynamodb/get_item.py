"""GetItem: one item by its key."""

import orjson

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.items.capacity import read_units
from stator.items.keys import request_key
from stator.items.throughput import check_read
from stator.validation.requests.get_item import GET_ITEM
from stator.values.parse import parse_key


@operation("GetItem", GET_ITEM)
async def get_item(call: Call) -> bytes:
    request = call.request
    projected = prepare.check_get_mix(request)
    key_item = parse_key(request["Key"])
    project, paths = prepare.key_projection(request) if projected else (None, ())
    table = prepare.table_of(call)
    key = request_key(table, key_item)
    if paths:
        prepare.check_key_paths(table, paths)
    consistent = request.get("ConsistentRead", False)
    meter = call.parts.meters.of(table)
    if meter.reads is not None and not meter.reads.open:
        check_read(meter, table, key.partition, "GetItem", sort=key.sort)
    row = await call.parts.reader.row(key, consistent=consistent)
    units = read_units(0 if row is None else row.size, consistent=consistent)
    meter.read(units, key.partition, key.sort)
    item = None if row is None else row.value
    if item is not None and project is not None:
        item = orjson.dumps(project(orjson.loads(item)))
    if "ReturnConsumedCapacity" not in request:
        return returns.EMPTY if item is None else b'{"Item":' + item + b"}"
    consumed = returns.consumed(request, request["TableName"], table, units)
    return returns.body(Item=item, ConsumedCapacity=consumed)
