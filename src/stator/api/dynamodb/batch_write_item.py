"""BatchWriteItem: up to 25 puts and deletes in several tables."""

from collections import Counter
from typing import Any

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.items.capacity import render_consumed, write_units
from stator.items.decide import NO_GUARD, DeleteWrite, Outcome, PutWrite, Write
from stator.items.indexes import check_item
from stator.items.keys import SCHEMA_MISMATCH, item_key, request_key
from stator.items.transaction import Part
from stator.limits import BATCH_WRITE_REQUESTS_MAX
from stator.model.table import Table
from stator.validation.requests.batch_write_item import BATCH_WRITE_ITEM
from stator.values.attribute import Item
from stator.values.parse import parse_item, parse_key


@operation("BatchWriteItem", BATCH_WRITE_ITEM)
async def batch_write_item(call: Call) -> bytes:
    request = call.request
    asked = {name: [_parse(one) for one in requests] for name, requests in request["RequestItems"].items()}
    if sum(map(len, asked.values())) > BATCH_WRITE_REQUESTS_MAX:
        raise ValidationException("Too many items requested for the BatchWriteItem call")
    call.table = tuple(asked)
    tables = {name: call.parts.catalog.get(call.account, call.region, name) for name in asked}
    writes = {name: [_write(tables[name], item, size) for item, size in parsed] for name, parsed in asked.items()}
    together = [write for some in writes.values() for write in some]
    if len({write.key for write in together}) < len(together):
        raise ValidationException("Provided list of item keys contains duplicates")
    results = iter(await call.parts.writer.commit_batch(together, "BatchWriteItem"))
    done: dict[str, list[Outcome]] = {}
    left: dict[str, list[dict[str, Any]]] = {}
    written: list[tuple[Part, Item]] = []
    for name, parsed in asked.items():
        for (item, _), raw in zip(parsed, request["RequestItems"][name], strict=True):
            result = next(results)
            if isinstance(result, Outcome):
                done.setdefault(name, []).append(result)
                written.append((Part(name, tables[name]), item))
            else:
                left.setdefault(name, []).append(raw)
    return returns.body(
        UnprocessedItems=left,
        ConsumedCapacity=_consumed(request, tables, done),
        ItemCollectionMetrics=await returns.collections(call, written),
    )


def _parse(one: dict[str, Any]) -> tuple[Item, int | None]:
    """The item to put and its size, or the key to delete and None."""
    kinds = [kind for kind in ("PutRequest", "DeleteRequest") if kind in one]
    if len(kinds) != 1:
        problem = "has more than one datatypes set" if kinds else "is empty"
        raise ValidationException(
            f"Supplied AttributeValue {problem}, must contain exactly one of the supported datatypes"
        )
    if "DeleteRequest" in one:
        return parse_key(one["DeleteRequest"]["Key"]), None
    item, size = parse_item(one["PutRequest"]["Item"])
    prepare.check_item_size(size)
    return item, size


def _write(table: Table, item: Item, size: int | None) -> Write:
    if size is None:
        return DeleteWrite(table, request_key(table, item), NO_GUARD)
    for attribute in table.keys.attributes:
        # PutItem names the faulty key; the service does not inside a batch.
        if attribute.type not in item.get(attribute.name, ()):
            raise ValidationException(SCHEMA_MISMATCH)
    key = item_key(table, item)
    if table.indexes:
        check_item(table, item)
    return PutWrite(table, key, item, size)


def _consumed(
    request: dict[str, Any], tables: dict[str, Table], done: dict[str, list[Outcome]]
) -> list[dict[str, Any]] | None:
    mode = request.get("ReturnConsumedCapacity", "NONE")
    if mode == "NONE":
        return None
    consumed = []
    for name, outcomes in done.items():
        units: Counter[str] = Counter()
        for outcome in outcomes:
            units.update(outcome.index_units)
        table_units = sum(write_units(outcome.size) for outcome in outcomes)
        consumed.append(render_consumed(mode, name, tables[name], table_units, dict(units)))
    return consumed
