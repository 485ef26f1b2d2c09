"""TransactGetItems: up to 100 items of several tables, all as they were at one moment."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from stator.api import prepare
from stator.api.call import Call
from stator.api.registry import operation
from stator.api.transaction import read_items
from stator.errors import ResourceNotFoundException, ValidationException
from stator.expressions.placeholders import check_placeholders_needed
from stator.expressions.tree import Path
from stator.items.keys import request_key
from stator.items.transaction import Part, cancellation, check_distinct
from stator.model.table import Table
from stator.validation.requests.transact_get_items import TRANSACT_GET_ITEMS
from stator.values.attribute import Item
from stator.values.parse import parse_key


class Wanted(NamedTuple):
    """One Get, as far as it is known without its table."""

    table_name: str
    key: Item
    project: prepare.Project | None
    paths: tuple[Path, ...]


@operation("TransactGetItems", TRANSACT_GET_ITEMS)
async def transact_get_items(call: Call) -> bytes:
    wanted = [_parse(element["Get"]) for element in call.request["TransactItems"]]
    tables = prepare.find_tables(call, [one.table_name for one in wanted])
    keys, parts = _places(wanted, tables)
    return await read_items(call, "TransactGetItems", keys, parts, [one.project for one in wanted])


def _parse(get: dict[str, Any]) -> Wanted:
    key = parse_key(get["Key"])
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
