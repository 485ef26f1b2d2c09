"""UpdateItem: change an item in place, or create it."""

from typing import Any

import orjson

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.expressions.legacy_update import parse_updates
from stator.expressions.returned import updated
from stator.expressions.tree import Path
from stator.items.decide import NO_GUARD, Action, Guard, Outcome, UpdateWrite, check_keys_untouched
from stator.items.keys import request_key
from stator.validation.requests.update_item import UPDATE_ITEM
from stator.values.parse import parse_key

_EXPRESSIONS = ("UpdateExpression", "ConditionExpression")
_LEGACY = ("AttributeUpdates", "Expected", "ConditionalOperator")


@operation("UpdateItem", UPDATE_ITEM)
async def update_item(call: Call) -> bytes:
    request = call.request
    prepare.check_write_mix(request, _EXPRESSIONS, _LEGACY)
    key_item = parse_key(request["Key"])
    action, guard, paths = _plan(request)
    table = prepare.table_of(call)
    key = request_key(table, key_item)
    check_keys_untouched(table, action)
    prepare.check_key_paths(table, paths)
    outcome = await call.parts.writer.commit(UpdateWrite(table, key, key_item, action, guard), "UpdateItem")
    attributes = _attributes(request.get("ReturnValues", "NONE"), action, outcome)
    return await returns.write_answer(call, table, key_item, outcome, attributes)


def _plan(request: dict[str, Any]) -> tuple[Action | None, Guard, tuple[Path, ...]]:
    """What to do, when, and the paths that both name."""
    if "UpdateExpression" not in request and "ConditionExpression" not in request:
        action = parse_updates(request["AttributeUpdates"]) if "AttributeUpdates" in request else None
        return action, prepare.expected_guard(request, NO_GUARD), ()
    return prepare.update_expressions(request)


def _attributes(mode: str, action: Action | None, outcome: Outcome) -> bytes | None:
    """What ReturnValues shows, as JSON text; None for nothing."""
    if mode == "NONE":
        return None
    if mode == "ALL_OLD":
        return outcome.before
    if mode == "ALL_NEW":
        return outcome.after
    if action is None:
        return None
    if mode == "UPDATED_OLD":
        shown = updated(action.tree, outcome.before_item)
    else:
        shown = updated(action.tree, outcome.after_item)
    return None if shown is None else orjson.dumps(shown)
