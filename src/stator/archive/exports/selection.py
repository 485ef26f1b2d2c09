"""FilterSpecification: which items an export shows, and what of them. Pure."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from stator.errors import ValidationException
from stator.expressions.placeholders import check_placeholders_needed
from stator.expressions.request import BoundCondition, Expressions
from stator.expressions.tree import Path
from stator.items.key_range import KeyRange, key_range
from stator.items.keys import check_key_paths
from stator.model.table import Table
from stator.storage.store import Position
from stator.values.attribute import Item

INVALID = "Invalid Request: Invalid FilterSpecification: "
EXPRESSIONS = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")


class Selection(Struct, frozen=True):
    """None stands for everything. Places are those of base rows: partition and sort bytes."""

    range: KeyRange | None = None
    condition: BoundCondition | None = None
    project: Callable[[Item], Item] | None = None

    @property
    def reads_items(self) -> bool:
        """Whether an item's attributes have to be looked at; without, its stored bytes do."""
        return self.condition is not None or self.project is not None

    def start(self) -> Position | None:
        """A place before the first that may be wanted, with hardly any between."""
        wanted = self.range
        if wanted is None:
            return None
        if wanted.lower:
            return Position(wanted.partition, wanted.lower[:-1])
        return Position(wanted.partition[:-1], b"")

    def past(self, partition: bytes, sort: bytes) -> bool:
        """Whether neither this place nor any after it is wanted."""
        wanted = self.range
        if wanted is None or partition < wanted.partition:
            return False
        return partition > wanted.partition or (wanted.upper is not None and sort >= wanted.upper)

    def covers(self, partition: bytes, sort: bytes) -> bool:
        """Whether the key condition holds for the key of this place."""
        wanted = self.range
        if wanted is None:
            return True
        if partition != wanted.partition or (wanted.lower is not None and sort < wanted.lower):
            return False
        return wanted.upper is None or sort < wanted.upper

    def holds(self, item: Item) -> bool:
        return self.condition is None or self.condition.holds(item)

    def shown(self, item: Item) -> Item:
        return item if self.project is None else self.project(item)


EVERYTHING = Selection()


def select(specification: dict[str, Any] | None, table: Table) -> Selection:
    """The selection that a FilterSpecification makes in a table. Raises ValidationException."""
    if specification is None:
        return EVERYTHING
    if not specification:
        raise ValidationException(f"{INVALID}The specification can not be empty")
    try:
        return _select(specification, table)
    except ValidationException as error:
        raise ValidationException(f"{INVALID}{error.message}") from None


def _select(specification: dict[str, Any], table: Table) -> Selection:
    check_placeholders_needed(specification, EXPRESSIONS)
    expressions = Expressions(
        specification.get("ExpressionAttributeNames"), specification.get("ExpressionAttributeValues")
    )
    keys = condition = projection = None
    if "KeyConditionExpression" in specification:
        keys = expressions.key_condition(specification["KeyConditionExpression"])
    if "FilterExpression" in specification:
        condition = expressions.condition("FilterExpression", specification["FilterExpression"])
    if "ProjectionExpression" in specification:
        projection = expressions.projection(specification["ProjectionExpression"])
    expressions.check_used()
    wanted = None
    if keys is not None:
        wanted = key_range(table.keys, keys.terms, keys.values)
        if condition is not None:
            _check_no_keys(table, condition.paths)
    for paths in (() if condition is None else condition.paths, () if projection is None else projection.paths):
        check_key_paths(table, paths)
    return Selection(wanted, condition, None if projection is None else projection.project)


def _check_no_keys(table: Table, paths: tuple[Path, ...]) -> None:
    named = {path[0] for path in paths}
    for attribute in table.keys.attributes:
        if attribute.name in named:
            raise ValidationException(
                "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
                f"{attribute.name}"
            )
