"""Lambda's event filtering patterns: which records of a stream a trigger wants. Pure.

A pattern is JSON with the form of a record. Every field that it names must match; a field's value is a list of rules of
which one must hold: a plain value, or `prefix`, `suffix`, `equals-ignore-case`, `anything-but`, `numeric`, `exists`.
`$or` holds patterns of which one must match. `numeric` compares the text of a DynamoDB number as a number, too.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

PATTERN_LENGTH_MAX = 4096
DEPTH_MAX = 100

Rule = Callable[[Any], bool]
Pattern = Callable[[Mapping[str, Any]], bool]

_MISSING = object()
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "=": lambda found, wanted: found == wanted,
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
}


class PatternFault(Exception):
    """The text is no pattern. Says why."""


def parse(text: str) -> Pattern:
    """The test that a pattern's text means. Raises PatternFault."""
    if len(text) > PATTERN_LENGTH_MAX:
        raise PatternFault(f"longer than {PATTERN_LENGTH_MAX} characters")
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PatternFault(f"not JSON: {error}") from None
    if not isinstance(tree, dict) or not tree:
        raise PatternFault("must be an object that is not empty")
    return _fields(tree, 1)


def _fields(tree: Mapping[str, Any], depth: int) -> Pattern:
    if depth > DEPTH_MAX:
        raise PatternFault("nested too deeply")
    if not tree:
        raise PatternFault("empty objects are not allowed")
    tests: list[Pattern] = []
    for name, wanted in tree.items():
        if name == "$or":
            tests.append(_either(wanted, depth))
        elif isinstance(wanted, dict):
            tests.append(_inner(name, _fields(wanted, depth + 1)))
        elif isinstance(wanted, list) and wanted:
            tests.append(_leaf(name, [_rule(each) for each in wanted]))
        else:
            raise PatternFault(f"{name} must be an object or an array that is not empty")
    return lambda record: all(test(record) for test in tests)


def _either(wanted: Any, depth: int) -> Pattern:
    if not isinstance(wanted, list) or len(wanted) < 2 or not all(isinstance(each, dict) for each in wanted):
        raise PatternFault("$or must be an array of at least two objects")
    choices = [_fields(each, depth + 1) for each in wanted]
    return lambda record: any(choice(record) for choice in choices)


def _inner(name: str, test: Pattern) -> Pattern:
    def matches(record: Mapping[str, Any]) -> bool:
        found = record.get(name)
        return test(found if isinstance(found, dict) else {})  # {"exists": false} may hold within what is not there

    return matches


def _leaf(name: str, rules: Sequence[Rule]) -> Pattern:
    def matches(record: Mapping[str, Any]) -> bool:
        found = record.get(name, _MISSING)
        values = found if isinstance(found, list) else [found]  # of an array one element must match
        return any(rule(value) for value in values for rule in rules)

    return matches


def _rule(wanted: Any) -> Rule:
    if not isinstance(wanted, dict):
        if isinstance(wanted, list):
            raise PatternFault("an array within an array is no rule")
        return _equals(wanted)
    if len(wanted) != 1:
        raise PatternFault("a rule is an object with one member")
    ((name, value),) = wanted.items()
    if name == "exists":
        if not isinstance(value, bool):
            raise PatternFault("exists must be true or false")
        return lambda found: (found is not _MISSING and not isinstance(found, dict)) is value
    if name == "numeric":
        return _numeric(value)
    if name == "anything-but":
        return _anything_but(value)
    return _text_rule(name, value)


def _equals(wanted: Any) -> Rule:
    kind = type(wanted)
    if kind in (int, float):
        return lambda found: type(found) in (int, float) and found == wanted
    return lambda found: type(found) is kind and found == wanted


def _text_rule(name: str, value: Any) -> Rule:
    if name not in ("prefix", "suffix", "equals-ignore-case"):
        raise PatternFault(f"there is no rule {name}")
    if not isinstance(value, str):
        raise PatternFault(f"{name} must be a text")
    if name == "prefix":
        return lambda found: isinstance(found, str) and found.startswith(value)
    if name == "suffix":
        return lambda found: isinstance(found, str) and found.endswith(value)
    return lambda found: isinstance(found, str) and found.lower() == value.lower()


def _anything_but(value: Any) -> Rule:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise PatternFault("anything-but must name something")
    refused = []
    for each in values:
        if isinstance(each, dict) and not each.keys() <= {"prefix", "suffix", "equals-ignore-case"}:
            raise PatternFault("anything-but takes values, prefix, suffix and equals-ignore-case")
        refused.append(_rule(each))
    return lambda found: (
        found is not _MISSING and not isinstance(found, dict) and not any(rule(found) for rule in refused)
    )


def _numeric(value: Any) -> Rule:
    if not isinstance(value, list) or len(value) not in (2, 4):
        raise PatternFault("numeric must be an array of comparisons, each an operator and a number")
    tests: list[tuple[Callable[[Decimal, Decimal], bool], Decimal]] = []
    for operator, wanted in zip(value[::2], value[1::2], strict=True):
        if not isinstance(operator, str) or operator not in _COMPARE or type(wanted) not in (int, float):
            raise PatternFault("numeric takes =, <, <=, > and >=, each with a number")
        tests.append((_COMPARE[operator], Decimal(str(wanted))))

    def holds(found: Any) -> bool:
        if type(found) not in (int, float, str):
            return False
        try:
            number = Decimal(str(found))
        except InvalidOperation:
            return False
        return number.is_finite() and all(compare(number, wanted) for compare, wanted in tests)

    return holds
