"""Statements ready to be executed, whatever their table and parameters: what compiling a text gives."""

from msgspec import Struct, field

from stator.errors import ValidationException
from stator.expressions.checks import Check, Values
from stator.expressions.evaluate import Predicate
from stator.expressions.tree import Condition, Path, Update, ValueOperand
from stator.model.table import KeySchema
from stator.partiql.branch import Branches
from stator.partiql.pins import Pins
from stator.partiql.scope import bind
from stator.partiql.syntax import Source
from stator.values.attribute import AttributeValue, Item
from stator.values.path import read

WRONG_COUNT = "Number of parameters in request and statement don't match."


class Statement(Struct, frozen=True, kw_only=True):
    """`values` are its constants; `checks` what those and the parameters must be."""

    text: str
    source: Source
    parameters: int
    values: Values
    checks: tuple[Check, ...]

    def bind(self, parameters: list[AttributeValue]) -> Values:
        """The values of a request with these parameters. Raises ValidationException when they do not fit."""
        if len(parameters) != self.parameters:
            raise ValidationException(WRONG_COUNT)
        values = bind(self.values, parameters)
        if self.parameters:
            for check in self.checks:
                problem = check.problem(values)
                if problem is not None:
                    raise ValidationException(problem)
        return values


class Columns(Struct, frozen=True):
    """What a SELECT shows of an item: the value at each path under a name of its own."""

    paths: tuple[tuple[str, Path], ...]

    def show(self, item: Item) -> Item:
        shown: Item = {}
        for name, path in self.paths:
            value = read(item, path)
            if value is not None:
                shown[name] = value
        return shown


class OrderBy(Struct, frozen=True):
    name: str
    descending: bool


class Select(Statement, frozen=True, kw_only=True):
    columns: Columns | None  # None for all
    condition: Condition | None
    test: Predicate | None  # the condition compiled
    order: tuple[OrderBy, ...]
    branches: dict[KeySchema, Branches] = field(default_factory=dict)  # the condition taken apart, kept


class Exists(Statement, frozen=True, kw_only=True):
    """A condition check, for transactions only."""

    select: Select


class Insert(Statement, frozen=True, kw_only=True):
    members: tuple[tuple[str, ValueOperand], ...]


class Change(Statement, frozen=True, kw_only=True):
    """An UPDATE or DELETE; `returning` is for instance `ALL OLD`."""

    condition: Condition | None
    returning: str | None
    pins: dict[KeySchema, Pins] = field(default_factory=dict)  # what the condition says of the key, kept


class UpdateItem(Change, frozen=True, kw_only=True):
    update: Update


class DeleteItem(Change, frozen=True, kw_only=True):
    pass
