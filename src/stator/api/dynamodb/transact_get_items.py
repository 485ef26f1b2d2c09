"""TransactGetItems: up to 100 items of several tables, all as they were at one moment."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ResourceNotFoundException, ValidationException
from stator.expressions.placeholders import check_placeholders_needed
from stator.expressions.tree import Path
from stator.items.keys import request_key
from stator.items.throughput import charge_reads, check_reads
from stator.items.transaction import Part, cancellation, check_bytes, check_distinct, read_consumed
from stator.model.table import Table
from stator.validation.requests.transact_get_items import TRANSACT_GET_ITEMS
from stator.values.attribute import Item


class Wanted(NamedTuple):
    """One Get, as far as it is known without its table."""

    table_name: str
    key: Item
    project: Callable[[Item], Item] | None
    paths: tuple[Path, ...]


@operation("TransactGetItems", TRANSACT_GET_ITEMS)
async def transact_get_items(call: Call) -> bytes:
    request = call.request
    wanted = [_parse(element["Get"]) for element in request["TransactItems"]]
    tables = prepare.find_tables(call, [one.table_name for one in wanted])
    keys, parts = _places(wanted, tables)
    meters = call.parts.meters
    read_tables = [part.table for part in parts]
    throttles = check_reads(meters, keys, read_tables, "TransactGetItems")
    if throttles:
        raise cancellation(len(wanted), throttles)
    rows = await call.parts.reader.rows(keys, consistent=True)
    sizes = [0 if row is None else row.size for row in rows]
    charge_reads(meters, keys, read_tables, sizes)
    check_bytes(sum(sizes))
    shown = [
        returns.EMPTY if row is None else _response(row.value, one.project)
        for row, one in zip(rows, wanted, strict=True)
    ]
    mode = request.get("ReturnConsumedCapacity", "NONE")
    return returns.body(Responses=returns.array(shown), ConsumedCapacity=read_consumed(mode, parts, sizes))


def _parse(get: dict[str, Any]) -> Wanted:
    key = prepare.parse_key(get["Key"])
    check_placeholders_needed(get, prepare.READ_EXPRESSIONS)
    project, paths = prepare.key_projection(get)
    return Wanted(get["TableName"], key, project, paths)


def _places(wanted: Sequence[Wanted], tables: Mapping[str, Table | None]) -> tuple[list[Any], list[Part]]:
    """Where the items are. Complains of one item twice, of tables that are not there, and then of the first key that
    does not suit its table: an empty one, too, unlike TransactWriteItems."""
    keys: list[Any] = []
    parts: list[Part] = []
    refused: dict[int, ValidationException] = {}
    for position, one in enumerate(wanted):
        table = tables[one.table_name]
        if table is None:
            keys.append((one.table_name, orjson.dumps(one.key, option=orjson.OPT_SORT_KEYS)))
            continue
        try:
            keys.append(request_key(table, one.key))
            prepare.check_key_paths(table, one.paths)
        except ValidationException as error:
            refused[position] = error
        parts.append(Part(one.table_name, table))
    check_distinct(keys)
    if None in tables.values():
        raise ResourceNotFoundException
    if refused:
        raise cancellation(len(wanted), refused, hoist=False)
    return keys, parts


def _response(item: bytes, project: Callable[[Item], Item] | None) -> bytes:
    """An ItemResponse: without Item where the projection finds nothing."""
    if project is not None:
        projected = project(orjson.loads(item))
        if not projected:
            return returns.EMPTY
        item = orjson.dumps(projected)
    return b'{"Item":' + item + b"}"
