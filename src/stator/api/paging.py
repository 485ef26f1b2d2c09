"""What Query and Scan have in common: filters, Select, projections of indexes, and the page they answer with."""

import re
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from stator.api import prepare, returns
from stator.api.call import Call
from stator.errors import Family, ValidationException
from stator.expressions.legacy_condition import parse_filter
from stator.expressions.legacy_projection import parse_attributes_to_get
from stator.expressions.request import Expressions
from stator.expressions.tree import Path
from stator.items.indexes import projected_names
from stator.items.page import ROWS_MAX, Result, View
from stator.items.start_key import INVALID
from stator.model.table import Index, KeySchema, Table
from stator.values.attribute import Item
from stator.values.parse import parse_key

_TOLD_ALONE = re.compile("contains duplicates|number set|numeric value|significant digits|number with magnitude").search


class Filter(Protocol):
    """A filter with its values bound: an expression's, or legacy parameters'."""

    @property
    def paths(self) -> tuple[Path, ...]: ...

    def holds(self, item: Item) -> bool: ...


class Shown(Struct, frozen=True):
    """Which items a page shows, and what of them; None for all."""

    filter: Filter | None
    project: Callable[[Item], Item] | None
    paths: tuple[Path, ...]  # what the projection names


def legacy_filter(request: dict[str, Any], name: str) -> Filter | None:
    """QueryFilter or ScanFilter with its ConditionalOperator."""
    if name not in request and "ConditionalOperator" not in request:
        return None
    return parse_filter(request.get(name), request.get("ConditionalOperator"))


def start_of(request: dict[str, Any]) -> Item | None:
    """ExclusiveStartKey, its values checked; the service puts a lead-in before some of their faults."""
    if "ExclusiveStartKey" not in request:
        return None
    try:
        return parse_key(request["ExclusiveStartKey"])
    except ValidationException as error:
        if _TOLD_ALONE(error.message):
            raise
        raise ValidationException(f"{INVALID}: {error.message}") from None


def check_attributes_to_get(request: dict[str, Any]) -> None:
    """No name twice; the service looks at this long before other projections."""
    if "AttributesToGet" in request:
        parse_attributes_to_get(request["AttributesToGet"])


def shown_of(request: dict[str, Any], expressions: Expressions, legacy: Filter | None) -> Shown:
    found = legacy
    if "FilterExpression" in request:
        found = expressions.condition("FilterExpression", request["FilterExpression"])
    project, paths = prepare.projection_of(request, expressions)
    return Shown(found, project, paths)


def check_select(request: dict[str, Any]) -> None:
    """Select fits the projection parameters and the index."""
    select = request.get("Select")
    if select is None:
        return
    given = next((name for name in ("ProjectionExpression", "AttributesToGet") if name in request), None)
    if given is not None and select != "SPECIFIC_ATTRIBUTES":
        chosen = "only the Count" if select == "COUNT" else select
        raise ValidationException(f"Cannot specify the {given} when choosing to get {chosen}", Family.SELECT)
    if given is None and select == "SPECIFIC_ATTRIBUTES":
        raise ValidationException(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            Family.SELECT,
        )
    if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in request:
        raise ValidationException(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName", Family.SELECT
        )


def check_consistent(request: dict[str, Any], index: Index | None) -> None:
    if index is not None and not index.local and request.get("ConsistentRead"):
        raise ValidationException("Consistent reads are not supported on global secondary indexes")


def check_filter_keys(request: dict[str, Any], schema: KeySchema, shown: Shown) -> None:
    """A Query's filter leaves the keys to the key condition."""
    if shown.filter is None:
        return
    named = {path[0] for path in shown.filter.paths}
    for attribute in schema.attributes:
        if attribute.name in named:
            kind = "QueryFilter" if "QueryFilter" in request else "Filter Expression"
            raise ValidationException(
                f"{kind} can only contain non-primary key attributes: Primary key attribute: {attribute.name}"
            )


def check_filter_projected(table: Table, index: Index | None, shown: Shown) -> None:
    """A Query of an index filters on what the index holds. A Scan may name anything: it just finds nothing."""
    if index is None or index.projection.type == "ALL" or shown.filter is None:
        return
    held = projected_names(table, index)
    missing = list(dict.fromkeys(str(path[0]) for path in shown.filter.paths if path[0] not in held))
    if missing:
        raise ValidationException(
            f"One or more parameter values were invalid: Secondary index {index.name} does not project one or more "
            f"filter attributes: [{', '.join(missing)}]"
        )


def view_of(request: dict[str, Any], table: Table, index: Index | None, shown: Shown) -> View:
    """How to read and show the page, after the checks that need the index."""
    fetch = index is not None and _fetches(request, table, index, shown)
    if shown.filter is not None:
        prepare.check_key_paths(table, shown.filter.paths)
    return View(
        table,
        index,
        shown.filter,
        shown.project,
        count_only=request.get("Select") == "COUNT",
        fetch=fetch,
        rows_max=request.get("Limit", ROWS_MAX),
        consistent=request.get("ConsistentRead", False),
    )


def _fetches(request: dict[str, Any], table: Table, index: Index, shown: Shown) -> bool:
    """Whether entries of the index do not hold all that is asked of them. A local index then reads the whole items; a
    global one cannot."""
    if index.projection.type == "ALL":
        return False
    if request.get("Select") == "ALL_ATTRIBUTES":
        if not index.local:
            raise ValidationException(
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
                f"secondary index {index.name} because its projection type is not ALL"
            )
        return True
    held = projected_names(table, index)
    missing = list(dict.fromkeys(str(path[0]) for path in shown.paths if path[0] not in held))
    if missing and not index.local:
        raise ValidationException(
            f"One or more parameter values were invalid: Global secondary index {index.name} does not project "
            f"[{', '.join(missing)}]"
        )
    return bool(missing)


def page_answer(call: Call, operation: str, table: Table, result: Result) -> bytes:
    request = call.request
    call.parts.recorder.returned(call.account, call.region, table.name, operation, result.matched)
    return returns.body(
        Items=None if request.get("Select") == "COUNT" else returns.array(result.items),
        Count=str(result.matched).encode(),
        ScannedCount=str(result.scanned).encode(),
        LastEvaluatedKey=result.last_key,
        ConsumedCapacity=returns.consumed(request, request["TableName"], table, result.table_units, result.index_units),
    )
