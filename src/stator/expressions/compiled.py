"""Parsed expressions, kept: a repeated text costs a look-up instead of a parse.

An entry serves every request with the same text and the same attribute names behind its placeholders. What depends on
the request's values is checked again each time; where a check fails the text is parsed again, which finds the fault
that DynamoDB would report.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from stator.errors import ValidationException
from stator.expressions import evaluate, tree
from stator.expressions.checks import Check, Values
from stator.expressions.condition import parse_condition
from stator.expressions.key_condition import key_terms
from stator.expressions.project import projector
from stator.expressions.projection import parse_projection
from stator.expressions.scope import Names, Scope
from stator.expressions.update import parse_update
from stator.values.attribute import Item

TEXTS_MAX = 1024  # kept of each language
VARIANTS_MAX = 8  # of one text with different attribute names
NAMES_CHARACTERS_MAX = 4096  # in one entry: attribute names may be 64 KiB long, which is not worth keeping

T = TypeVar("T")
_NO_VALUES: Values = {}


class Compiled(Generic[T]):
    """An expression ready for use.

    `tree` is what the parser of its kind made; `names` are the placeholders it uses and what they stand for, `values`
    those of values; `paths` the document paths (of an update: the targets).
    """

    __slots__ = ("_needed", "checks", "names", "paths", "tree", "values")

    def __init__(self, expression: T, scope: Scope) -> None:
        self.tree = expression
        self.names = scope.names
        self.values = tuple(scope.values)
        self._needed = frozenset(scope.values)
        self.paths = tuple(scope.paths)
        self.checks: tuple[Check, ...] = tuple(scope.checks)

    def suits(self, values: Values) -> bool:
        """Whether these values are what the expression needs."""
        if not self._needed <= values.keys():
            return False
        for check in self.checks:  # noqa: SIM110 a generator would double the cost
            if check.problem(values) is not None:
                return False
        return True


class Condition:
    """A condition with its test, made once."""

    __slots__ = ("predicate", "tree")

    def __init__(self, condition: tree.Condition) -> None:
        self.tree = condition
        self.predicate: Callable[[Item, Values], bool] = evaluate.predicate(condition)


class Projection:
    """A projection with its worker, made once."""

    __slots__ = ("paths", "project")

    def __init__(self, paths: tuple[tree.Path, ...]) -> None:
        self.paths = paths
        self.project: Callable[[Item], Item] = projector(paths)


class KeyCondition:
    """Key terms, or the fault of a condition that no Query can follow."""

    __slots__ = ("error", "terms")

    def __init__(self, condition: tree.Condition, scope: Scope) -> None:
        self.terms: tuple[tree.KeyTerm, ...] = ()
        self.error: str | None = None
        try:
            self.terms = key_terms(condition, scope.negates)
        except ValidationException as error:
            self.error = error.message


class _Variants(Generic[T]):
    """What one text was compiled to, for each set of attribute names behind its placeholders."""

    __slots__ = ("compiled", "placeholders")

    def __init__(self, placeholders: tuple[str, ...]) -> None:
        self.placeholders = placeholders
        self.compiled: dict[tuple[str | None, ...], Compiled[T]] = {}

    def find(self, names: Names | None) -> Compiled[T] | None:
        if not self.placeholders:
            return self.compiled.get(())
        if names is None:
            return None
        return self.compiled.get(tuple([names.get(placeholder) for placeholder in self.placeholders]))


class Language(Generic[T]):
    """One of the expression languages: its parser, and the expressions compiled last.

    They are kept in two generations: when the young one is full, the old one is dropped and the young one ages. That is
    nearly the order of least recent use, for one dictionary look-up on a hit.
    """

    __slots__ = ("_old", "_parse", "_young")

    def __init__(self, parse: Callable[[str, str, Scope], T]) -> None:
        self._parse = parse
        self._young: dict[tuple[str, str], _Variants[T]] = {}
        self._old: dict[tuple[str, str], _Variants[T]] = {}

    def compile(self, kind: str, text: str, names: Names | None, values: Values | None) -> Compiled[T]:
        """`kind` is the name of the parameter. Raises ValidationException."""
        key = (kind, text)
        variants = self._young.get(key) or self._aged(key)
        if variants is not None:
            compiled = variants.find(names)
            if compiled is not None and compiled.suits(_NO_VALUES if values is None else values):
                return compiled
        scope = Scope(names, values)
        compiled = Compiled(self._parse(kind, text, scope), scope)
        self._keep(key, variants, compiled)
        return compiled

    def __len__(self) -> int:
        """How many texts are kept."""
        return len(self._young.keys() | self._old.keys())

    def _aged(self, key: tuple[str, str]) -> _Variants[T] | None:
        variants = self._old.get(key)
        if variants is not None:
            self._put(key, variants)
        return variants

    def _put(self, key: tuple[str, str], variants: _Variants[T]) -> None:
        if len(self._young) >= TEXTS_MAX // 2:
            self._old = self._young
            self._young = {}
        self._young[key] = variants

    def _keep(self, key: tuple[str, str], variants: _Variants[T] | None, compiled: Compiled[T]) -> None:
        if sum(map(len, compiled.names.values())) > NAMES_CHARACTERS_MAX:
            return
        if variants is None:
            variants = _Variants(tuple(compiled.names))
            self._put(key, variants)
        elif len(variants.compiled) >= VARIANTS_MAX:
            variants.compiled.clear()
        variants.compiled[tuple(compiled.names.values())] = compiled


def _parse_condition(kind: str, text: str, scope: Scope) -> Condition:
    return Condition(parse_condition(kind, text, scope))


def _parse_key_condition(kind: str, text: str, scope: Scope) -> KeyCondition:
    return KeyCondition(parse_condition(kind, text, scope), scope)


def _parse_update(_: str, text: str, scope: Scope) -> tree.Update:
    return parse_update(text, scope)


def _parse_projection(_: str, text: str, scope: Scope) -> Projection:
    return Projection(parse_projection(text, scope))


CONDITIONS = Language(_parse_condition)
KEY_CONDITIONS = Language(_parse_key_condition)
UPDATES = Language(_parse_update)
PROJECTIONS = Language(_parse_projection)
