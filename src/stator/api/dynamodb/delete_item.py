"""DeleteItem: remove an item; removing what is not there succeeds."""

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.items.decide import DeleteWrite
from stator.items.keys import request_key
from stator.validation.requests.delete_item import DELETE_ITEM
from stator.values.parse import parse_key


@operation("DeleteItem", DELETE_ITEM)
async def delete_item(call: Call) -> bytes:
    request = call.request
    prepare.check_put_mix(request)
    key_item = parse_key(request["Key"])
    guard, paths = prepare.put_guard(request)
    table = prepare.table_of(call)
    key = request_key(table, key_item)
    prepare.check_key_paths(table, paths)
    outcome = await call.parts.writer.commit(DeleteWrite(table, key, guard), "DeleteItem")
    attributes = outcome.before if request.get("ReturnValues") == "ALL_OLD" else None
    return await returns.write_answer(call, table, key_item, outcome, attributes)
