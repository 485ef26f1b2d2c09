"""TransactWriteItems: up to 100 puts, updates, deletes and checks in several tables, all or nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import Family, ResourceNotFoundException, ValidationException
from stator.expressions.placeholders import check_placeholders_needed
from stator.expressions.tree import Path
from stator.items.decide import (
    Action,
    CheckWrite,
    DeleteWrite,
    Guard,
    PutWrite,
    UpdateWrite,
    Write,
    check_keys_untouched,
)
from stator.items.idempotency import token_of
from stator.items.indexes import check_item
from stator.items.keys import check_not_empty, item_key, request_key
from stator.items.transaction import Part, cancellation, check_bytes, check_distinct, write_consumed
from stator.model.table import Table
from stator.validation.requests.transact_write_items import TRANSACT_WRITE_ITEMS
from stator.values.attribute import Item
from stator.values.parse import parse_item
from stator.values.size import value_bytes

_KINDS = ("ConditionCheck", "Put", "Delete", "Update")


class Plan(NamedTuple):
    """One action, as far as it is known without its table."""

    kind: str
    table_name: str
    item: Item  # of a Put, otherwise the key
    size: int  # of `item`
    guard: Guard
    paths: tuple[Path, ...]
    action: Action | None = None  # of an Update
    values_size: int = 0  # of what an Update is made with


@operation("TransactWriteItems", TRANSACT_WRITE_ITEMS)
async def transact_write_items(call: Call) -> bytes:
    request = call.request
    chosen = [_only_action(element) for element in request["TransactItems"]]
    plans = [_PARSERS[kind](kind, action) for kind, action in chosen]
    check_bytes(sum(plan.size + plan.values_size for plan in plans))
    tables = prepare.find_tables(call, [plan.table_name for plan in plans])
    writes = _writes(plans, tables)
    parts = [Part(plan.table_name, write.table) for plan, write in zip(plans, writes, strict=True)]
    token = token_of("TransactWriteItems", call.account, call.region, request, call.parts.clock)
    mode = request.get("ReturnConsumedCapacity", "NONE")
    done = await call.parts.writer.transact(writes, "TransactWriteItems", token)
    written = [(part, plan.item) for part, plan in zip(parts, plans, strict=True) if plan.kind != "ConditionCheck"]
    return returns.body(
        ConsumedCapacity=write_consumed(mode, parts, done),
        ItemCollectionMetrics=await returns.collections(call, written),
    )


def _only_action(element: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kinds = [kind for kind in _KINDS if kind in element]
    if len(kinds) != 1:
        raise ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
    return kinds[0], element[kinds[0]]


def _parse_put(kind: str, action: dict[str, Any]) -> Plan:
    check_placeholders_needed(action, prepare.WRITE_EXPRESSIONS)
    item, size = parse_item(action["Item"])
    guard, paths = prepare.condition_guard(action)
    prepare.check_item_size(size)
    return Plan(kind, action["TableName"], item, size, guard, paths)


def _parse_keyed(kind: str, action: dict[str, Any]) -> Plan:
    """A Delete or a ConditionCheck."""
    check_placeholders_needed(action, prepare.WRITE_EXPRESSIONS)
    key, size = parse_item(action["Key"])
    guard, paths = prepare.condition_guard(action)
    return Plan(kind, action["TableName"], key, size, guard, paths)


def _parse_update(kind: str, action: dict[str, Any]) -> Plan:
    key, size = parse_item(action["Key"])
    update, guard, paths = prepare.update_expressions(action)
    values_size = 0 if update is None else sum(map(value_bytes, update.values.values()))
    return Plan(kind, action["TableName"], key, size, guard, paths, update, values_size)


_PARSERS: dict[str, Callable[[str, dict[str, Any]], Plan]] = {
    "ConditionCheck": _parse_keyed,
    "Put": _parse_put,
    "Delete": _parse_keyed,
    "Update": _parse_update,
}


def _writes(plans: Sequence[Plan], tables: Mapping[str, Table | None]) -> list[Write]:
    """The writes. Complains in the service's order: of empty keys, of one item twice, of tables that are not there, and
    then of the first action that does not suit its table."""
    writes: list[Write] = []
    targets: list[Any] = []
    refused: dict[int, ValidationException] = {}
    for position, plan in enumerate(plans):
        table = tables[plan.table_name]
        if table is None:
            if plan.kind != "Put":
                check_not_empty(plan.item)
                targets.append((plan.table_name, orjson.dumps(plan.item, option=orjson.OPT_SORT_KEYS)))
            continue
        try:
            write = _write(plan, table)
        except ValidationException as error:
            if error.family is Family.EMPTY_KEY:
                raise
            refused[position] = error
            continue
        writes.append(write)
        targets.append(write.key)
    check_distinct(targets)
    if None in tables.values():
        raise ResourceNotFoundException
    if refused:
        raise cancellation(len(plans), refused)
    return writes


def _write(plan: Plan, table: Table) -> Write:
    kind, item = plan.kind, plan.item
    if kind == "Put":
        key = item_key(table, item)
        if table.indexes:
            check_item(table, item)
    else:
        key = request_key(table, item)
    if plan.action is not None:
        check_keys_untouched(table, plan.action)
    prepare.check_key_paths(table, plan.paths)
    if kind == "Put":
        return PutWrite(table, key, item, plan.size, plan.guard)
    if kind == "Update":
        return UpdateWrite(table, key, item, plan.action, plan.guard, plain_size=True)
    if kind == "Delete":
        return DeleteWrite(table, key, plan.guard)
    return CheckWrite(table, key, plan.guard)
