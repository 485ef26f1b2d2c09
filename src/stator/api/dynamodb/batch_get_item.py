"""BatchGetItem: up to 100 items of several tables by their keys."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from msgspec import Struct

from stator.api import prepare, returns
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ValidationException, WireError
from stator.expressions.placeholders import check_mix, check_placeholders_needed
from stator.expressions.tree import Path
from stator.items.batch import Room, read_batch
from stator.items.capacity import render_consumed
from stator.items.keys import request_key
from stator.items.throughput import ReadTill
from stator.limits import BATCH_GET_KEYS_MAX
from stator.validation.requests.batch_get_item import BATCH_GET_ITEM
from stator.values.attribute import Item
from stator.values.parse import parse_key


class Asked(Struct, frozen=True):
    """What the request asks of one table."""

    request: dict[str, Any]
    keys: list[Item]
    project: Callable[[Item], Item] | None
    paths: tuple[Path, ...]

    @property
    def consistent(self) -> bool:
        return bool(self.request.get("ConsistentRead", False))


@operation("BatchGetItem", BATCH_GET_ITEM)
async def batch_get_item(call: Call) -> bytes:
    request = call.request
    _check_mix(request["RequestItems"])
    asked = {name: _asked(wanted) for name, wanted in request["RequestItems"].items()}
    if sum(len(one.keys) for one in asked.values()) > BATCH_GET_KEYS_MAX:
        raise ValidationException("Too many items requested for the BatchGetItem call")
    _check_distinct(asked)
    call.table = tuple(asked)
    tables = {name: call.parts.catalog.get(call.account, call.region, name) for name in asked}
    places = {name: [request_key(tables[name], key) for key in one.keys] for name, one in asked.items()}
    room = Room()
    responses: dict[str, bytes] = {}
    left: dict[str, dict[str, Any]] = {}
    mode = request.get("ReturnConsumedCapacity", "NONE")
    consumed: list[dict[str, Any]] = []
    served = 0
    refusal: WireError | None = None
    for name, one in asked.items():
        prepare.check_key_paths(tables[name], one.paths)
        till = ReadTill(call.parts.meters, tables[name], "BatchGetItem")
        batch = await read_batch(call.parts.reader, places[name], room, till, consistent=one.consistent)
        responses[name] = returns.array(_shown(batch.values, one))
        if batch.left:
            left[name] = {**one.request, "Keys": [one.keys[position] for position in batch.left]}
        served += len(one.keys) - len(batch.left)
        refusal = refusal or till.refusal
        if mode != "NONE" and len(batch.left) < len(one.keys):
            consumed.append(render_consumed(mode, name, tables[name], batch.units))
    if refusal is not None and not served:
        raise refusal
    return returns.body(
        Responses=returns.body(**responses),
        UnprocessedKeys=left,
        ConsumedCapacity=consumed or None,
    )


def _check_mix(wanted: Mapping[str, dict[str, Any]]) -> None:
    """Expressions and legacy parameters do not go together, not even for two tables of one call."""
    together: dict[str, Any] = {}
    for one in wanted.values():
        together |= one
    check_mix(together, prepare.READ_EXPRESSIONS, prepare.READ_LEGACY)


def _asked(wanted: dict[str, Any]) -> Asked:
    check_placeholders_needed(wanted, prepare.READ_EXPRESSIONS)
    keys = [parse_key(key) for key in wanted["Keys"]]
    project, paths = prepare.key_projection(wanted)
    return Asked(wanted, keys, project, paths)


def _check_distinct(asked: Mapping[str, Asked]) -> None:
    """No key twice as written: numbers that are equal but written otherwise pass, as they do on the service."""
    for one in asked.values():
        texts = {_text(raw, key) for raw, key in zip(one.request["Keys"], one.keys, strict=True)}
        if len(texts) < len(one.keys):
            raise ValidationException("Provided list of item keys contains duplicates")


def _text(raw: dict[str, Any], key: Item) -> bytes:
    try:
        return orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested deeper than values can be: in members that are unknown and do not count
        return orjson.dumps(key, option=orjson.OPT_SORT_KEYS)


def _shown(values: list[bytes], one: Asked) -> list[bytes]:
    if one.project is None:
        return values
    return [orjson.dumps(one.project(orjson.loads(value))) for value in values]
