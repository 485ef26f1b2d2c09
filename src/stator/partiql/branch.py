"""What a condition says about keys: the alternatives into which it falls apart.

A condition whose every alternative pins the partition key is answered by reading those partitions; any other by a scan.
Only what speaks of keys is taken apart, the rest of an alternative stays together as its filter.
"""

from collections.abc import Iterable, Iterator
from itertools import product

from msgspec import Struct

from stator.expressions import tree
from stator.expressions.evaluate import Predicate, predicate
from stator.model.table import KeySchema

_FLIPPED: dict[str, tree.Comparator] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Branch(Struct, frozen=True):
    """One alternative. `terms` speak of key attributes in ways that a key range can express."""

    terms: tuple[tree.KeyTerm, ...]
    filter: tree.Condition | None
    test: Predicate | None  # the filter compiled
    negates: bool  # the filter denies something of the sort key


class Branches(Struct, frozen=True):
    """`count` is how many there are; `all` makes them. `keyed`: each pins every hash attribute."""

    keyed: bool
    count: int
    all: tuple[Branch, ...]


def branches(condition: tree.Condition | None, keys: KeySchema, most: int) -> Branches:
    """Take a condition apart for a table or index; of more than `most` alternatives only the count is told."""
    hash_names = frozenset(attribute.name for attribute in keys.hash)
    range_names = frozenset(attribute.name for attribute in keys.range)
    if condition is None or not hash_names <= _pinned(condition, hash_names):
        return Branches(False, 0, ())
    splitter = _Splitter(hash_names, range_names)
    count = splitter.count(condition)
    if count > most:
        return Branches(True, count, ())
    return Branches(True, count, tuple(splitter.branch(parts) for parts in splitter.split(condition)))


def conjuncts(condition: tree.Condition) -> Iterator[tree.Condition]:
    """The conditions that all have to hold."""
    waiting = [condition]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tree.And):
            waiting.extend(reversed(one.conditions))
        else:
            yield one


def equality(condition: tree.Condition) -> tuple[str, tree.ValueOperand] | None:
    """`name = value`, either way round: the name and the value."""
    if not isinstance(condition, tree.Comparison) or condition.operator != "=":
        return None
    for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
        if isinstance(one, tree.PathOperand) and len(one.path) == 1 and isinstance(other, tree.ValueOperand):
            return str(one.path[0]), other
    return None


def roots(condition: tree.Condition) -> Iterator[str]:
    """The attributes that a condition names, in order, each as often as it does."""
    if isinstance(condition, tree.And | tree.Or):
        for part in condition.conditions:
            yield from roots(part)
    elif isinstance(condition, tree.Not):
        yield from roots(condition.condition)
    else:
        yield from _operand_roots(_operands(condition))


def _operands(
    condition: tree.Comparison | tree.Between | tree.In | tree.FunctionCall,
) -> tuple[tree.Operand, ...]:
    if isinstance(condition, tree.Comparison):
        return condition.left, condition.right
    if isinstance(condition, tree.Between):
        return condition.operand, condition.low, condition.high
    if isinstance(condition, tree.In):
        return condition.operand, *condition.options
    return condition.operands


def _operand_roots(operands: Iterable[tree.Operand]) -> Iterator[str]:
    for operand in operands:
        if isinstance(operand, tree.PathOperand):
            yield str(operand.path[0])
        elif isinstance(operand, tree.SizeOf):
            yield from _operand_roots((operand.operand,))
        elif isinstance(operand, tree.Truth):
            yield from roots(operand.condition)


def _pinned(condition: tree.Condition, names: frozenset[str]) -> frozenset[str]:
    """The names that every alternative compares with a value for equality."""
    if isinstance(condition, tree.And):
        return frozenset().union(*(_pinned(part, names) for part in condition.conditions))
    if isinstance(condition, tree.Or):
        return names.intersection(*(_pinned(part, names) for part in condition.conditions))
    if isinstance(condition, tree.In) and _are_values(condition.options):
        return names & {_names(condition.operand)}
    found = equality(condition)
    return frozenset() if found is None else names & {found[0]}


def _names(operand: tree.Operand) -> str:
    """The attribute that an operand is; empty for any other operand."""
    if isinstance(operand, tree.PathOperand) and len(operand.path) == 1:
        return str(operand.path[0])
    return ""


def _are_values(operands: Iterable[tree.Operand]) -> bool:
    return all(isinstance(operand, tree.ValueOperand) for operand in operands)


class _Splitter:
    """Takes conditions apart into lists of what has to hold together: key terms and conditions."""

    __slots__ = ("_hash_names", "_names", "_range_names")

    def __init__(self, hash_names: frozenset[str], range_names: frozenset[str]) -> None:
        self._hash_names = hash_names
        self._range_names = range_names
        self._names = hash_names | range_names

    def count(self, condition: tree.Condition) -> int:
        if isinstance(condition, tree.And):
            total = 1
            for part in condition.conditions:
                total *= self.count(part)
            return total
        if isinstance(condition, tree.Or) and self._speaks_of_keys(condition):
            return sum(self.count(part) for part in condition.conditions)
        if isinstance(condition, tree.In) and self._terms(condition):
            return len(condition.options)
        return 1

    def split(self, condition: tree.Condition) -> list[list[tree.KeyTerm | tree.Condition]]:
        if isinstance(condition, tree.And):
            parts = [self.split(part) for part in condition.conditions]
            return [[one for some in chosen for one in some] for chosen in product(*parts)]
        if isinstance(condition, tree.Or) and self._speaks_of_keys(condition):
            return [one for part in condition.conditions for one in self.split(part)]
        terms = self._terms(condition)
        if terms:
            return [[term] for term in terms]
        return [[condition]]

    def branch(self, parts: list[tree.KeyTerm | tree.Condition]) -> Branch:
        terms = tuple(part for part in parts if isinstance(part, tree.KeyTerm))
        rest = tuple(part for part in parts if not isinstance(part, tree.KeyTerm))
        if not rest:
            return Branch(terms, None, None, False)
        kept = rest[0] if len(rest) == 1 else tree.And(rest)
        return Branch(terms, kept, predicate(kept), any(map(self._negates, rest)))

    def _speaks_of_keys(self, condition: tree.Condition) -> bool:
        """Whether anything in it can become a key term."""
        if isinstance(condition, tree.And | tree.Or):
            return any(map(self._speaks_of_keys, condition.conditions))
        return bool(self._terms(condition))

    def _negates(self, condition: tree.Condition) -> bool:
        denies = isinstance(condition, tree.Not) or (
            isinstance(condition, tree.Comparison) and condition.operator == "<>"
        )
        return denies and not self._range_names.isdisjoint(roots(condition))

    def _terms(self, condition: tree.Condition) -> list[tree.KeyTerm]:
        """What a single condition says of one key attribute: one term, alternatives for IN, none for anything else."""
        if isinstance(condition, tree.Comparison):
            return self._comparison(condition)
        if isinstance(condition, tree.In):
            name = _names(condition.operand)
            if name not in self._names:
                return []
            options = [option for option in condition.options if isinstance(option, tree.ValueOperand)]
            if len(options) < len(condition.options):
                return []
            return [tree.KeyTerm(name, "=", (option,)) for option in options]
        if isinstance(condition, tree.Between):
            name = _names(condition.operand)
            low, high = condition.low, condition.high
            if name in self._range_names and isinstance(low, tree.ValueOperand) and isinstance(high, tree.ValueOperand):
                return [tree.KeyTerm(name, "BETWEEN", (low, high))]
        if isinstance(condition, tree.FunctionCall) and condition.name == "begins_with":
            name, prefix = _names(condition.operands[0]), condition.operands[1]
            if name in self._range_names and isinstance(prefix, tree.ValueOperand):
                return [tree.KeyTerm(name, "begins_with", (prefix,))]
        return []

    def _comparison(self, condition: tree.Comparison) -> list[tree.KeyTerm]:
        operator = condition.operator
        left, right = condition.left, condition.right
        if isinstance(left, tree.ValueOperand):
            if operator not in _FLIPPED:
                return []
            left, right, operator = right, left, _FLIPPED[operator]
        name = _names(left)
        if operator == "<>" or not isinstance(right, tree.ValueOperand):
            return []
        if name in self._range_names or (name in self._hash_names and operator == "="):
            return [tree.KeyTerm(name, operator, (right,))]
        return []
