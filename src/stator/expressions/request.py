"""The expressions of one request: what operations use."""

from collections.abc import Callable, Mapping
from typing import Any

from stator.errors import Family, ValidationException
from stator.expressions import apply, tree
from stator.expressions.checks import Values
from stator.expressions.compiled import (
    CONDITIONS,
    KEY_CONDITIONS,
    PROJECTIONS,
    UPDATES,
    Compiled,
    Condition,
    KeyCondition,
    Projection,
)
from stator.expressions.placeholders import check_names, parse_values
from stator.values.attribute import AttributeValue, Item

_NO_VALUES: Values = {}


class BoundCondition:
    """A condition or filter with the values of its request. `paths`: all document paths in it."""

    __slots__ = ("_predicate", "paths", "tree", "values")

    def __init__(self, compiled: Compiled[Condition], values: Values) -> None:
        condition = compiled.tree
        self.tree = condition.tree
        self.paths = compiled.paths
        self.values = values
        self._predicate: Callable[[Item, Values], bool] = condition.predicate

    def holds(self, item: Item) -> bool:
        """`item` is {} when there is none."""
        return self._predicate(item, self.values)


class BoundUpdate:
    """An update with the values of its request. `paths`: its targets, in the order of the text."""

    __slots__ = ("paths", "tree", "values")

    def __init__(self, compiled: Compiled[tree.Update], values: Values) -> None:
        self.tree = compiled.tree
        self.paths = compiled.paths
        self.values = values

    def apply(self, item: Item, *, absent: bool = False) -> Item:
        """The item after the update; `absent` when it is only the key of an item not stored yet.

        Raises ValidationException where the item does not allow it.
        """
        return apply.apply(self.tree, item, self.values, absent=absent)


class BoundProjection:
    """A projection. `paths`: in the order of the text."""

    __slots__ = ("paths", "project")

    def __init__(self, projection: Projection) -> None:
        self.paths: tuple[tree.Path, ...] = projection.paths
        self.project: Callable[[Item], Item] = projection.project


class BoundKeyCondition:
    """A key condition with the values of its request."""

    __slots__ = ("_condition", "values")

    def __init__(self, condition: KeyCondition, values: Values) -> None:
        self._condition = condition
        self.values = values

    def check(self) -> None:
        """Raises ValidationException when the condition is of a form that no Query can follow; DynamoDB finds that
        only after the faults of the request's other expressions and unused placeholders."""
        error = self._condition.error
        if error is not None:
            raise ValidationException(error, Family.EXPRESSION)

    @property
    def terms(self) -> tuple[tree.KeyTerm, ...]:
        self.check()
        return self._condition.terms


class Expressions:
    """The expressions of one request, sharing one set of placeholders.

    Give them in the order in which the operation reports their faults, then call `check_used`.
    """

    __slots__ = ("_compiled", "_names", "values")

    def __init__(self, names: Mapping[str, str] | None, values: Mapping[str, AttributeValue] | None) -> None:
        """`names` and `values` as in the request. Raises ValidationException when they are malformed."""
        names_bytes = 0 if names is None else check_names(names)
        self.values: Values = _NO_VALUES if values is None else parse_values(values, names_bytes)
        self._names = names
        self._compiled: list[Compiled[Any]] = []

    def condition(self, kind: str, text: str) -> BoundCondition:
        """`kind` is "ConditionExpression" or "FilterExpression"."""
        compiled = CONDITIONS.compile(kind, text, self._names, self.values)
        self._compiled.append(compiled)
        return BoundCondition(compiled, self.values)

    def update(self, text: str) -> BoundUpdate:
        compiled = UPDATES.compile("UpdateExpression", text, self._names, self.values)
        self._compiled.append(compiled)
        return BoundUpdate(compiled, self.values)

    def projection(self, text: str) -> BoundProjection:
        compiled = PROJECTIONS.compile("ProjectionExpression", text, self._names, self.values)
        self._compiled.append(compiled)
        return BoundProjection(compiled.tree)

    def key_condition(self, text: str) -> BoundKeyCondition:
        compiled = KEY_CONDITIONS.compile("KeyConditionExpression", text, self._names, self.values)
        self._compiled.append(compiled)
        return BoundKeyCondition(compiled.tree, self.values)

    def check_used(self) -> None:
        """Raises ValidationException when a placeholder of the request stands in none of its expressions."""
        if self._names is not None:
            names = {name for compiled in self._compiled for name in compiled.names}
            _check_used("ExpressionAttributeNames", self._names, names)
        if self.values:
            values = {value for compiled in self._compiled for value in compiled.values}
            _check_used("ExpressionAttributeValues", self.values, values)


def _check_used(parameter: str, given: Mapping[str, object], used: set[str]) -> None:
    if len(given) == len(used):
        return  # an expression that uses others is refused earlier
    unused = ", ".join(key for key in given if key not in used)
    raise ValidationException(
        f"Value provided in {parameter} unused in expressions: keys: {{{unused}}}", Family.EXPRESSION
    )
