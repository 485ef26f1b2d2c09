"""A transaction that reads, once its keys are known, whether it names items by their keys or in PartiQL."""

from collections.abc import Sequence
from typing import Any

import orjson

from stator.api import returns
from stator.api.call import Call
from stator.api.prepare import Project
from stator.items.throughput import charge_reads, check_reads
from stator.items.transaction import Part, cancellation, check_bytes, read_consumed


async def read_items(
    call: Call, operation: str, keys: Sequence[Any], parts: Sequence[Part], projects: Sequence[Project | None]
) -> bytes:
    """The answer: all items as they were at one moment, each as its `project` shows it, None for all of it. Raises
    TransactionCanceledException, ValidationException."""
    meters = call.parts.meters
    tables = [part.table for part in parts]
    throttles = check_reads(meters, keys, tables, operation)
    if throttles:
        raise cancellation(len(keys), throttles)
    rows = await call.parts.reader.rows(keys, consistent=True)
    sizes = [0 if row is None else row.size for row in rows]
    charge_reads(meters, keys, tables, sizes)
    check_bytes(sum(sizes))
    shown = [
        returns.EMPTY if row is None else _response(row.value, project)
        for row, project in zip(rows, projects, strict=True)
    ]
    mode = call.request.get("ReturnConsumedCapacity", "NONE")
    return returns.body(Responses=returns.array(shown), ConsumedCapacity=read_consumed(mode, parts, sizes))


def _response(item: bytes, project: Project | None) -> bytes:
    """An ItemResponse: without Item where nothing is shown of it."""
    if project is not None:
        projected = project(orjson.loads(item))
        if not projected:
            return returns.EMPTY
        item = orjson.dumps(projected)
    return b'{"Item":' + item + b"}"
