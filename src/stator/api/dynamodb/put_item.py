"""PutItem: replace a whole item, or create it."""

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.items.decide import PutWrite
from stator.items.indexes import check_item
from stator.items.keys import item_key
from stator.validation.requests.put_item import PUT_ITEM
from stator.values.parse import parse_item


@operation("PutItem", PUT_ITEM)
async def put_item(call: Call) -> bytes:
    request = call.request
    prepare.check_put_mix(request)
    item, size = parse_item(request["Item"])
    guard, paths = prepare.put_guard(request)
    prepare.check_item_size(size)
    table = prepare.table_of(call)
    key = item_key(table, item)
    if table.indexes:
        check_item(table, item)
    prepare.check_key_paths(table, paths)
    outcome = await call.parts.writer.commit(PutWrite(table, key, item, size, guard), "PutItem")
    attributes = outcome.before if request.get("ReturnValues") == "ALL_OLD" else None
    return await returns.write_answer(call, table, item, outcome, attributes)
