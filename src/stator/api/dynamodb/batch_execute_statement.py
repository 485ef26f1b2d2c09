"""BatchExecuteStatement: up to 25 PartiQL statements, all reading or all writing one item each, each on its own."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from stator.api import returns, statements
from stator.api.call import Call
from stator.api.registry import operation
from stator.errors import ConditionalCheckFailedException, ValidationException, WireError
from stator.items.capacity import read_units, render_consumed, write_units
from stator.items.decide import PutWrite, Write
from stator.items.keys import request_key
from stator.items.throughput import THROTTLES, check_read
from stator.model.table import Table
from stator.partiql.change import is_read, returned, write_of
from stator.partiql.statement import Exists, Select
from stator.partiql.target import UNKEYED_IN_BATCH, read_key, show
from stator.validation.requests.partiql import BATCH_EXECUTE_STATEMENT

_CODES = {"ValidationException": "ValidationError", "ThrottlingException": "ThrottlingError"}


class _Member:
    """One statement of the batch on its way: `target` is a key to read or a write to make, `error` what became of
    it instead. `ran`: its fate was decided by its table and item, not by its text."""

    __slots__ = ("bound", "consistent", "error", "item", "ran", "table", "target", "units")

    def __init__(self, request: dict[str, Any]) -> None:
        self.bound: statements.Bound | None = None
        self.consistent: bool = request.get("ConsistentRead", False)
        self.error: WireError | None = None
        self.item: bytes | None = None
        self.ran = False
        self.table: Table | None = None
        self.target: Any = None
        self.units: Counter[str] = Counter()  # the table's under an empty name, then those of indexes
        try:
            # ReturnValuesOnConditionCheckFailure has no effect here.
            self.bound = statements.bound(request)._replace(shows_item=False)
            if isinstance(self.bound.statement, Exists):
                raise ValidationException(statements.EXISTS_OUTSIDE)
        except ValidationException as error:
            self.error = error

    @property
    def name(self) -> str:
        return "" if self.bound is None else self.bound.statement.source.table

    def resolve(self, call: Call) -> None:
        """Find the table and the item."""
        bound = self.bound
        if bound is None or self.error is not None:
            return
        try:
            table = call.parts.catalog.get(call.account, call.region, self.name)
            if isinstance(bound.statement, Select):
                if bound.statement.source.index is not None:
                    raise ValidationException(UNKEYED_IN_BATCH)
                self.target = request_key(table, read_key(bound.statement, bound.values, table, UNKEYED_IN_BATCH))
            else:
                self.target = write_of(bound.statement, bound.values, table, shows_item=False)
        except ValidationException as error:
            self.error = error
        except WireError as error:
            self.error = error
            self.ran = True
        else:
            self.table = table

    @property
    def key(self) -> Any:
        return self.target.key if isinstance(self.target, Write) else self.target

    async def run(self, call: Call) -> None:
        if self.target is None:
            return
        self.ran = True
        try:
            await (self._write(call) if isinstance(self.target, Write) else self._read(call))
        except THROTTLES as error:
            self.error = error
        except WireError as error:
            self.error = error
            # A refused write costs what it would have written, as far as that is known without the item.
            attempted = self.target.size if isinstance(self.target, PutWrite) else 0
            self.units[""] += write_units(attempted)

    async def _read(self, call: Call) -> None:
        if self.table is None:
            return
        meter = call.parts.meters.of(self.table)
        check_read(meter, self.table, self.target.partition, "BatchExecuteStatement")
        row = await call.parts.reader.row(self.target, consistent=self.consistent)
        units = read_units(0 if row is None else row.size, consistent=self.consistent)
        meter.read(units, self.target.partition)
        self.units[""] += units  # type: ignore[assignment]
        if row is None or self.bound is None or not isinstance(self.bound.statement, Select):
            return
        select = self.bound.statement
        self.item = row.value if select.columns is None else orjson.dumps(show(select, orjson.loads(row.value)))

    async def _write(self, call: Call) -> None:
        outcome = await call.parts.writer.commit(self.target, "BatchExecuteStatement")
        self.units[""] += write_units(outcome.size)
        self.units.update(outcome.index_units)
        if self.bound is not None:
            self.item = returned(self.bound.statement, outcome)

    def render(self) -> bytes:
        error = self.error
        shown = None
        if error is not None:
            code = _CODES.get(error.code, error.code.removesuffix("Exception"))
            shown = {"Code": code, "Message": error.message}
        name = orjson.dumps(self.name) if self.ran else None
        return returns.body(Error=shown, TableName=name, Item=self.item)


@operation("BatchExecuteStatement", BATCH_EXECUTE_STATEMENT)
async def batch_execute_statement(call: Call) -> bytes:
    members = [_Member(request) for request in call.request["Statements"]]
    kinds = {is_read(member.bound.statement) for member in members if member.bound is not None}
    if len(kinds) > 1:
        raise ValidationException("Read and write requests together in the same batch is not supported.")
    for member in members:
        member.resolve(call)
    call.table = tuple(dict.fromkeys(member.table.name for member in members if member.table is not None))
    targets = [member.key for member in members if member.target is not None]
    if len(set(targets)) < len(targets):
        raise ValidationException("Provided list of item keys contains duplicates")
    if kinds == {True}:
        for member in members:
            await member.run(call)
    else:  # together, so that they share a commit
        await asyncio.gather(*(member.run(call) for member in members))
    for member in members:
        if isinstance(member.error, ConditionalCheckFailedException):
            call.parts.recorder.count(call.account, call.region, "ConditionalCheckFailedRequests", table=member.name)
    return returns.body(
        Responses=returns.array([member.render() for member in members]),
        ConsumedCapacity=_consumed(call.request, members),
    )


def _consumed(request: dict[str, Any], members: Sequence[_Member]) -> list[dict[str, Any]] | None:
    """One element a table. What failed counts for its table's total and stands in no arm; where all failed, nothing is
    told."""
    mode = request.get("ReturnConsumedCapacity", "NONE")
    if mode == "NONE" or all(member.error is not None for member in members):
        return None
    done: dict[str, Counter[str]] = {}
    failed: Counter[str] = Counter()
    tables: dict[str, Table] = {}
    for member in members:
        if member.table is not None:
            tables[member.name] = member.table
            if member.error is None:
                done.setdefault(member.name, Counter()).update(member.units)
            else:
                failed.update({member.name: member.units[""]})
    answer = []
    for name, table in tables.items():
        units = done.get(name, Counter())
        indexes = {index: count for index, count in units.items() if index}
        one = render_consumed(mode, name, table, units[""], indexes)
        one["CapacityUnits"] += failed[name]
        answer.append(one)
    return answer
