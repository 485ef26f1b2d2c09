"""Conditions against items: a tree becomes one closure, made once and called for every item.

Two-valued logic throughout: a missing attribute makes every comparison false except `<>`, and NOT inverts plainly.
"""

import operator
from binascii import a2b_base64
from collections.abc import Callable, Mapping

from stator.expressions import tree
from stator.values import compare, path
from stator.values.attribute import AttributeValue, Item
from stator.values.size import binary_bytes

Values = Mapping[str, AttributeValue]
Predicate = Callable[[Item, Values], bool]
Reader = Callable[[Item, Values], AttributeValue | None]

_ORDERINGS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def predicate(condition: tree.Condition) -> Predicate:
    """Compile a condition to `test(item, values) -> bool`. `values` must define every placeholder in the tree.

    An absent item is `{}`. The closure never raises and keeps no state, so it may be cached and shared.
    """
    negated = False
    while isinstance(condition, tree.Not):  # in a loop, as a text may hold a thousand of them
        negated = not negated
        condition = condition.condition
    test = _positive(condition)
    return _not(test) if negated else test


def _positive(
    condition: tree.Comparison | tree.Between | tree.In | tree.FunctionCall | tree.And | tree.Or,
) -> Predicate:
    if isinstance(condition, tree.Comparison):
        return _comparison(condition)
    if isinstance(condition, tree.FunctionCall):
        return _function(condition)
    if isinstance(condition, tree.Between):
        return _between(condition)
    if isinstance(condition, tree.In):
        return _in(condition)
    if isinstance(condition, tree.And):
        return _all(list(map(predicate, condition.conditions)))
    return _any(list(map(predicate, condition.conditions)))


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda item, values: first(item, values) and second(item, values)

    def test(item: Item, values: Values) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs more than the parts
            if not part(item, values):
                return False
        return True

    return test


def _any(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda item, values: first(item, values) or second(item, values)

    def test(item: Item, values: Values) -> bool:
        for part in parts:  # noqa: SIM110
            if part(item, values):
                return True
        return False

    return test


def _not(part: Predicate) -> Predicate:
    return lambda item, values: not part(item, values)


def _reader(operand: tree.Operand) -> Reader:
    """The operand's value, None where the path leads nowhere or size() does not apply."""
    if isinstance(operand, tree.ValueOperand):
        placeholder = operand.name
        return lambda _item, values: values[placeholder]
    if isinstance(operand, tree.SizeOf):
        measured = _reader(operand.operand)
        return lambda item, values: _size(measured(item, values))
    if isinstance(operand, tree.Truth):
        test = predicate(operand.condition)
        return lambda item, values: {"BOOL": test(item, values)}
    steps = operand.path
    if len(steps) == 1:
        name = str(steps[0])
        return lambda item, _values: item.get(name)
    return lambda item, _values: path.read(item, steps)


def _size(value: AttributeValue | None) -> AttributeValue | None:
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind == "S":
        # UTF-16 code units: a character past the basic plane counts twice.
        units = len(content) if content.isascii() else len(content.encode("utf-16-le", "surrogatepass")) // 2
        return {"N": str(units)}
    if kind == "B":
        return {"N": str(binary_bytes(content))}
    if kind in ("N", "BOOL", "NULL"):
        return None
    return {"N": str(len(content))}


def _comparison(condition: tree.Comparison) -> Predicate:
    comparator = condition.operator
    left, right = condition.left, condition.right
    if comparator in _ORDERINGS:
        return _ordering(_ORDERINGS[comparator], _reader(left), _reader(right))
    if isinstance(left, tree.PathOperand) and len(left.path) == 1 and isinstance(right, tree.ValueOperand):
        # By far the most frequent shape; reading both sides here saves two calls.
        return _name_equals(str(left.path[0]), right.name, comparator == "=")
    return _equality(_reader(left), _reader(right), comparator == "=")


def _name_equals(name: str, placeholder: str, wanted: bool) -> Predicate:
    equal = compare.equal

    def test(item: Item, values: Values) -> bool:
        value = item.get(name)
        return (value is not None and equal(value, values[placeholder])) is wanted

    return test


def _equality(left: Reader, right: Reader, wanted: bool) -> Predicate:
    equal = compare.equal

    def test(item: Item, values: Values) -> bool:
        a = left(item, values)
        b = right(item, values)
        return (a is not None and b is not None and equal(a, b)) is wanted

    return test


def _ordering(accepts: Callable[[int, int], bool], left: Reader, right: Reader) -> Predicate:
    order = compare.order

    def test(item: Item, values: Values) -> bool:
        a = left(item, values)
        if a is None:
            return False
        b = right(item, values)
        if b is None:
            return False
        place = order(a, b)
        return place is not None and accepts(place, 0)

    return test


def _between(condition: tree.Between) -> Predicate:
    operand, low, high = _reader(condition.operand), _reader(condition.low), _reader(condition.high)
    order = compare.order

    def test(item: Item, values: Values) -> bool:
        value = operand(item, values)
        if value is None:
            return False
        lower, upper = low(item, values), high(item, values)
        if lower is None or upper is None:
            return False
        above, below = order(value, lower), order(value, upper)
        return above is not None and below is not None and above >= 0 >= below

    return test


def _in(condition: tree.In) -> Predicate:
    operand = _reader(condition.operand)
    placeholders = [option.name for option in condition.options if isinstance(option, tree.ValueOperand)]
    if len(placeholders) == len(condition.options):
        return _among(operand, placeholders)
    options = [_reader(option) for option in condition.options]
    equal = compare.equal

    def test(item: Item, values: Values) -> bool:
        value = operand(item, values)
        if value is None:
            return False
        for option in options:
            other = option(item, values)
            if other is not None and equal(value, other):
                return True
        return False

    return test


def _among(operand: Reader, placeholders: list[str]) -> Predicate:
    """IN with constants only. A legacy filter may have tens of thousands, so the search is left to the interpreter:
    equality of canonical values is plain equality."""

    def test(item: Item, values: Values) -> bool:
        value = operand(item, values)
        return value is not None and value in map(values.__getitem__, placeholders)

    return test


def _function(call: tree.FunctionCall) -> Predicate:
    first = _reader(call.operands[0])
    if call.name == "attribute_exists":
        return lambda item, values: first(item, values) is not None
    if call.name == "attribute_not_exists":
        return lambda item, values: first(item, values) is None
    second = _reader(call.operands[1])
    relation = _RELATIONS[call.name]

    def test(item: Item, values: Values) -> bool:
        a = first(item, values)
        if a is None:
            return False
        b = second(item, values)
        return b is not None and relation(a, b)

    return test


def _begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    if "S" in value and "S" in prefix:
        return bool(value["S"].startswith(prefix["S"]))
    if "B" in value and "B" in prefix:
        return a2b_base64(value["B"]).startswith(a2b_base64(prefix["B"]))
    return False


def _contains(value: AttributeValue, part: AttributeValue) -> bool:
    ((kind, content),) = value.items()
    if kind == "L":
        return part in content  # equality of canonical values is plain equality
    ((part_kind, part_content),) = part.items()
    if kind == part_kind == "S":
        return part_content in content
    if kind == part_kind == "B":
        return a2b_base64(part_content) in a2b_base64(content)
    # Members of a set are canonical texts, so equal members are equal texts.
    return kind in ("SS", "NS", "BS") and kind[0] == part_kind and part_content in content


def _is_type(value: AttributeValue, type_name: AttributeValue) -> bool:
    return type_name.get("S") in value


_RELATIONS: dict[str, Callable[[AttributeValue, AttributeValue], bool]] = {
    "begins_with": _begins_with,
    "contains": _contains,
    "attribute_type": _is_type,
}
