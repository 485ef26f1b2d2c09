"""What an operation returns beside its main result: bodies made of stored bytes, capacity, item collections."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from stator.api.call import Call
from stator.items.capacity import render_consumed, write_units
from stator.items.decide import Outcome
from stator.items.transaction import Part
from stator.model.table import Table
from stator.values.attribute import Item

EMPTY = b"{}"


def body(**members: bytes | dict[str, Any] | list[Any] | None) -> bytes:
    """A JSON object of the members that are not None, each given as JSON text or as an object to render."""
    parts = [
        b'"%b":%b' % (name.encode(), member if isinstance(member, bytes) else orjson.dumps(member))
        for name, member in members.items()
        if member is not None
    ]
    return b"{" + b",".join(parts) + b"}" if parts else EMPTY


def array(texts: list[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"


def consumed(
    request: dict[str, Any], name: str, table: Table, table_units: float, index_units: Mapping[str, float] | None = None
) -> dict[str, Any] | None:
    """ConsumedCapacity when the request asks for it; `name` is the table as the request named it."""
    mode = request.get("ReturnConsumedCapacity", "NONE")
    return None if mode == "NONE" else render_consumed(mode, name, table, table_units, index_units)


async def write_answer(call: Call, table: Table, key: Item, outcome: Outcome, attributes: bytes | None) -> bytes:
    """The body of PutItem, UpdateItem and DeleteItem."""
    request = call.request
    if "ReturnConsumedCapacity" not in request and "ReturnItemCollectionMetrics" not in request:
        return EMPTY if attributes is None else b'{"Attributes":' + attributes + b"}"
    metrics = None
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        metrics = await _collection(call, table, key)
    return body(
        Attributes=attributes,
        ConsumedCapacity=consumed(request, request["TableName"], table, write_units(outcome.size), outcome.index_units),
        ItemCollectionMetrics=metrics,
    )


async def collections(call: Call, written: Iterable[tuple[Part, Item]]) -> dict[str, Any] | None:
    """ItemCollectionMetrics of a batch or transaction, by table: one element for each collection written to. `written`
    has the items, or their keys, and the tables that they are in."""
    if call.request.get("ReturnItemCollectionMetrics") != "SIZE":
        return None
    metrics: dict[str, Any] = {}
    for part, item in written:
        one = await _collection(call, part.table, item)
        if one is not None and one not in metrics.setdefault(part.name, []):
            metrics[part.name].append(one)
    return metrics or None


async def _collection(call: Call, table: Table, key: Item) -> dict[str, Any] | None:
    """ItemCollectionMetrics of the collection that an item belongs to; only tables with a local index have them."""
    if not any(index.local for index in table.indexes):
        return None
    gigabytes = await call.parts.reader.collection_bytes(table, key) / (1 << 30)
    lower = float(int(gigabytes))
    name = table.keys.hash[0].name
    return {"ItemCollectionKey": {name: key[name]}, "SizeEstimateRangeGB": [lower, lower + 1.0]}
