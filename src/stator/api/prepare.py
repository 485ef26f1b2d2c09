"""From request parameters to what the heart of the house works with: conditions, projections, tables.

The parts that several operations share; the order in which an operation uses them is its order of complaints.
"""

from collections.abc import Callable, Sequence
from typing import Any

from stator.api.call import Call
from stator.errors import Family, ResourceNotFoundException, ValidationException
from stator.expressions.legacy_condition import check_conditional_operator, parse_expected
from stator.expressions.legacy_projection import parse_attributes_to_get
from stator.expressions.placeholders import check_mix, check_placeholders_needed
from stator.expressions.request import BoundUpdate, Expressions
from stator.expressions.tree import Path
from stator.items import keys
from stator.items.decide import NO_GUARD, Guard
from stator.items.indexes import ITEM_TOO_LARGE, check_readable
from stator.limits import ITEM_BYTES_MAX
from stator.model.table import Index, Table
from stator.values.attribute import Item

_PUT_RETURNS = ("NONE", "ALL_OLD")
WRITE_EXPRESSIONS = ("ConditionExpression",)
WRITE_LEGACY = ("Expected", "ConditionalOperator")
READ_EXPRESSIONS = ("ProjectionExpression",)
READ_LEGACY = ("AttributesToGet",)

# Most reads and writes of one item have none of these; then one look is all that their rules cost.
_CONDITION_PARAMETERS = frozenset(
    (*WRITE_EXPRESSIONS, *WRITE_LEGACY, "ExpressionAttributeNames", "ExpressionAttributeValues")
)
_PROJECTION_PARAMETERS = frozenset((*READ_EXPRESSIONS, *READ_LEGACY, "ExpressionAttributeNames"))

Project = Callable[[Item], Item]

check_key_paths = keys.check_key_paths


def table_of(call: Call) -> Table:
    """The table that the request names, ready for data operations."""
    return call.parts.catalog.get(call.account, call.region, call.request["TableName"])


def find_tables(call: Call, names: Sequence[str]) -> dict[str, Table | None]:
    """The tables of a transaction by the names it gives them, None where there is none ready for data operations."""
    tables: dict[str, Table | None] = {}
    for name in names:
        if name not in tables:
            try:
                tables[name] = call.parts.catalog.get(call.account, call.region, name)
            except ResourceNotFoundException:
                tables[name] = None
    call.table = tuple(tables)
    return tables


def expressions_of(request: dict[str, Any]) -> Expressions:
    return Expressions(request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues"))


def shows_item(request: dict[str, Any]) -> bool:
    return request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


def check_put_returns(request: dict[str, Any]) -> None:
    if request.get("ReturnValues", "NONE") not in _PUT_RETURNS:
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE", Family.RETURN_VALUES)


def check_put_mix(request: dict[str, Any]) -> None:
    """PutItem and DeleteItem: not both kinds of condition, no placeholders without an expression."""
    if not _CONDITION_PARAMETERS.isdisjoint(request):
        check_write_mix(request, WRITE_EXPRESSIONS, WRITE_LEGACY)


def check_get_mix(request: dict[str, Any]) -> bool:
    """GetItem: not both kinds of projection, no placeholders without an expression. Returns whether there is any."""
    if _PROJECTION_PARAMETERS.isdisjoint(request):
        return False
    check_mix(request, READ_EXPRESSIONS, READ_LEGACY)
    check_placeholders_needed(request, READ_EXPRESSIONS)
    return True


def check_write_mix(request: dict[str, Any], expressions: Sequence[str], legacy: Sequence[str]) -> None:
    """Not both kinds of parameters, a ConditionalOperator only over conditions, no placeholders without an
    expression."""
    check_mix(request, expressions, legacy)
    check_conditional_operator(request.get("Expected"), request.get("ConditionalOperator"))
    check_placeholders_needed(request, expressions)


def put_guard(request: dict[str, Any]) -> tuple[Guard, tuple[Path, ...]]:
    """The condition of PutItem or DeleteItem, of either kind, and the paths in it; an empty guard without one. Checks
    ReturnValues in between, as the service does."""
    if len(request) == 2:  # the table, and the item or the key
        return NO_GUARD, ()
    guard, paths = condition_guard(request)
    check_put_returns(request)
    return expected_guard(request, guard), paths


def condition_guard(request: dict[str, Any]) -> tuple[Guard, tuple[Path, ...]]:
    """The ConditionExpression of PutItem or DeleteItem and the paths in it; an empty guard without one."""
    if "ConditionExpression" not in request:
        return NO_GUARD, ()
    expressions = expressions_of(request)
    condition = expressions.condition("ConditionExpression", request["ConditionExpression"])
    expressions.check_used()
    return Guard(condition, shows_item(request)), condition.paths


def update_expressions(request: dict[str, Any]) -> tuple[BoundUpdate | None, Guard, tuple[Path, ...]]:
    """The UpdateExpression and the ConditionExpression, either of which may be absent, and the paths that both name."""
    expressions = expressions_of(request)
    update = expressions.update(request["UpdateExpression"]) if "UpdateExpression" in request else None
    condition = None
    if "ConditionExpression" in request:
        condition = expressions.condition("ConditionExpression", request["ConditionExpression"])
    expressions.check_used()
    paths = (() if update is None else update.paths) + (() if condition is None else condition.paths)
    return update, Guard(condition, shows_item(request)), paths


def expected_guard(request: dict[str, Any], guard: Guard) -> Guard:
    """The same from the legacy Expected, if that is what the request has."""
    if "Expected" not in request and "ConditionalOperator" not in request:
        return guard
    return Guard(parse_expected(request.get("Expected"), request.get("ConditionalOperator")), shows_item(request))


def projection_of(request: dict[str, Any], expressions: Expressions | None) -> tuple[Project | None, tuple[Path, ...]]:
    """What the answer shows of an item, None for all of it, and the paths that it needs."""
    if "ProjectionExpression" in request:
        bound = (expressions or expressions_of(request)).projection(request["ProjectionExpression"])
        return bound.project, bound.paths
    if "AttributesToGet" in request:
        names = parse_attributes_to_get(request["AttributesToGet"])
        return names.project, names.paths
    return None, ()


def key_projection(request: dict[str, Any]) -> tuple[Project | None, tuple[Path, ...]]:
    """The projection of GetItem and of each table of BatchGetItem, with all of its checks."""
    expressions = expressions_of(request) if "ProjectionExpression" in request else None
    shown = projection_of(request, expressions)
    if expressions is not None:
        expressions.check_used()
    return shown


def check_item_size(size: int) -> None:
    if size > ITEM_BYTES_MAX:
        raise ValidationException(ITEM_TOO_LARGE)


def index_of(table: Table, name: str | None) -> Index | None:
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise ValidationException(f"The table does not have the specified index: {name}")
    check_readable(index)
    return index
