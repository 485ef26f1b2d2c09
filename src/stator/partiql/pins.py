"""The one item that a statement is about, and what else its WHERE says of it."""

from typing import NamedTuple

from stator.expressions.checks import Values
from stator.expressions.evaluate import Predicate, predicate
from stator.expressions.tree import And, Condition, ValueOperand
from stator.model.table import KeySchema
from stator.partiql.branch import conjuncts, equality
from stator.values.attribute import Item


class Pins(NamedTuple):
    """`keys`: by key attribute, in the schema's order, every value that it shall equal. `rest`: the other conditions
    together, compiled; None if there are none."""

    keys: tuple[tuple[str, tuple[ValueOperand, ...]], ...]
    rest: Predicate | None

    @property
    def whole(self) -> bool:
        """Whether every key attribute has a value."""
        return all(operands for _, operands in self.keys)

    def twice(self, values: Values) -> str | None:
        """The first key attribute that shall equal two different values."""
        for name, operands in self.keys:
            if any(values[operand.name] != values[operands[0].name] for operand in operands):
                return name
        return None

    def key(self, values: Values) -> Item:
        """The key, of the first value of each attribute that has any."""
        return {name: values[operands[0].name] for name, operands in self.keys if operands}


def pins(condition: Condition | None, keys: KeySchema) -> Pins:
    """What a condition says of the key: only plain equalities that have to hold in any case count."""
    found: dict[str, list[ValueOperand]] = {attribute.name: [] for attribute in keys.attributes}
    rest: list[Condition] = []
    for one in () if condition is None else conjuncts(condition):
        pair = equality(one)
        if pair is not None and pair[0] in found:
            found[pair[0]].append(pair[1])
        else:
            rest.append(one)
    kept = None if not rest else rest[0] if len(rest) == 1 else And(tuple(rest))
    return Pins(
        tuple((name, tuple(operands)) for name, operands in found.items()), None if kept is None else predicate(kept)
    )
