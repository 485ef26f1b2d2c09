"""Conditions: each rule of the service by example, and all of them together against a slow, plain reading."""

from base64 import b64decode, b64encode
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.expressions import tree
from stator.expressions.evaluate import predicate
from stator.values.parse import parse_item, parse_value


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def operand(text: Any) -> tree.Operand:
    """`:v` is a value, `size(x)` a size, anything else a dotted path with numeric steps as indexes."""
    if text.startswith(":"):
        return tree.ValueOperand(text)
    if text.startswith("size("):
        inner = operand(text[5:-1])
        assert isinstance(inner, tree.PathOperand | tree.ValueOperand)
        return tree.SizeOf(inner)
    return tree.PathOperand(tuple(int(step) if step.isdigit() else step for step in text.split(".")))


def compare(left: str, comparator: tree.Comparator, right: str) -> tree.Condition:
    return tree.Comparison(comparator, operand(left), operand(right))


def call(name: str, *operands: str) -> tree.Condition:
    return tree.FunctionCall(name, tuple(map(operand, operands)))


ITEM, _ = parse_item(
    {
        "s": {"S": "hello"},
        "rocket": {"S": "a\U0001f680"},
        "n": {"N": "5"},
        "neg": {"N": "-10"},
        "b": {"B": b64(b"\x01\x02\xff")},
        "t": {"BOOL": True},
        "f": {"BOOL": False},
        "null": {"NULL": True},
        "ss": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2", "10"]},
        "bs": {"BS": [b64(b"k")]},
        "l": {"L": [{"N": "1"}, {"S": "x"}, {"L": [{"N": "7"}]}]},
        "m": {"M": {"k": {"S": "deep"}, "list": {"L": [{"M": {"q": {"N": "3"}}}]}}},
        "empty": {"L": []},
    }
)


def holds(condition: tree.Condition, **values: Any) -> bool:
    parsed = {f":{name}": parse_value(value) for name, value in values.items()}
    result = predicate(condition)(ITEM, parsed)
    assert isinstance(result, bool)
    return result


@pytest.mark.parametrize(
    ("left", "comparator", "value", "expected"),
    [
        ("s", "=", {"S": "hello"}, True),
        ("s", "=", {"S": "Hello"}, False),
        ("s", "<>", {"S": "Hello"}, True),
        ("n", "=", {"N": "5.00"}, True),
        ("n", "=", {"S": "5"}, False),
        ("n", "<>", {"S": "5"}, True),
        ("n", "<", {"N": "10"}, True),
        ("neg", "<", {"N": "-9.5"}, True),
        ("n", "<", {"S": "9"}, False),
        ("n", ">=", {"S": "1"}, False),
        ("s", "<", {"S": "hellp"}, True),
        ("s", ">", {"S": "Z"}, True),
        ("s", "<=", {"S": "hello"}, True),
        ("rocket", ">", {"S": "a\uffff"}, True),  # UTF-8 bytes, not UTF-16 units
        ("b", ">", {"B": b64(b"\x01\x02\x7f")}, True),  # unsigned
        ("b", ">", {"B": b64(b"\x01\x02")}, True),
        ("ss", "=", {"SS": ["y", "x"]}, True),
        ("ns", "=", {"NS": ["10", "2.0", "1"]}, True),
        ("ns", "<>", {"NS": ["10", "2"]}, True),
        ("ss", "<", {"SS": ["z"]}, False),
        ("t", "=", {"BOOL": True}, True),
        ("f", "=", {"BOOL": True}, False),
        ("null", "=", {"NULL": True}, True),
        ("l", "=", {"L": [{"N": "1.0"}, {"S": "x"}, {"L": [{"N": "7"}]}]}, True),
        ("l", "<>", {"L": []}, True),
        ("m", "=", {"M": {"list": {"L": [{"M": {"q": {"N": "3"}}}]}, "k": {"S": "deep"}}}, True),
        ("m.k", "=", {"S": "deep"}, True),
        ("m.list.0.q", ">", {"N": "2"}, True),
        ("l.2.0", "=", {"N": "7"}, True),
        # Missing, in every way a path can lead nowhere
        *[
            (gone, comparator, {"N": "1"}, comparator == "<>")
            for gone in (
                "zz",
                "m.zz",
                "l.3",
                "m.0",
                "l.k",
                "s.k",
                "zz.k",
                "size(zz)",
                "size(n)",
                "size(null)",
                "size(t)",
            )
            for comparator in ("=", "<>", "<", "<=", ">", ">=")
        ],
        # Sizes
        ("size(s)", "=", {"N": "5"}, True),
        ("size(rocket)", "=", {"N": "3"}, True),
        ("size(b)", "=", {"N": "3"}, True),
        ("size(ns)", "=", {"N": "3"}, True),
        ("size(l)", "=", {"N": "3"}, True),
        ("size(m)", "=", {"N": "2"}, True),
        ("size(empty)", "=", {"N": "0"}, True),
        ("size(l)", ">", {"N": "2.5"}, True),
        ("size(s)", "=", {"S": "5"}, False),
    ],
)
def test_comparison(left: str, comparator: tree.Comparator, value: Any, expected: bool) -> None:
    assert holds(compare(left, comparator, ":v"), v=value) is expected


@pytest.mark.parametrize(
    ("left", "comparator", "right", "expected"),
    [
        ("n", "=", "size(s)", True),
        ("neg", "<", "n", True),
        ("n", "=", "zz", False),
        ("n", "<", "zz", False),
        ("n", "<>", "zz", True),
        ("yy", "=", "zz", False),
        ("yy", "<>", "zz", True),
        (":v", "<", "n", True),
        ("size(:w)", "=", "size(l)", True),
    ],
)
def test_comparison_of_any_operands(left: str, comparator: tree.Comparator, right: str, expected: bool) -> None:
    assert holds(compare(left, comparator, right), v={"N": "1"}, w={"S": "abc"}) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ({"N": "5"}, {"N": "5"}, True),
        ({"N": "4.9"}, {"N": "6"}, True),
        ({"N": "6"}, {"N": "9"}, False),
        ({"N": "1"}, {"N": "4"}, False),
        ({"S": "1"}, {"S": "9"}, False),
        ({"N": "1"}, {"S": "9"}, False),
        ({"N": "9"}, {"N": "1"}, False),
    ],
)
def test_between(low: Any, high: Any, expected: bool) -> None:
    assert holds(tree.Between(operand("n"), operand(":a"), operand(":b")), a=low, b=high) is expected
    assert not holds(tree.Between(operand("zz"), operand(":a"), operand(":b")), a=low, b=high)
    assert not holds(tree.Between(operand("n"), operand(":a"), operand("zz")), a=low, b=high)


def test_in() -> None:
    options = tuple(map(operand, (":a", "zz", "n", ":b")))
    assert holds(tree.In(operand(":five"), options), a={"S": "5"}, b={"N": "6"}, five={"N": "5.0"})
    assert holds(tree.In(operand("s"), options), a={"S": "hello"}, b={"N": "6"})
    assert not holds(tree.In(operand("s"), options), a={"S": "help"}, b={"SS": ["hello"]})
    assert not holds(tree.In(operand("yy"), options), a={"S": "help"}, b={"N": "6"})


def test_in_constants() -> None:
    options = tuple(map(operand, (":a", ":b")))
    assert holds(tree.In(operand("ns"), options), a={"S": "5"}, b={"NS": ["2", "10", "1.0"]})
    assert holds(tree.In(operand("size(s)"), options), a={"N": "5"}, b={"N": "6"})
    assert not holds(tree.In(operand("n"), options), a={"S": "5"}, b={"NS": ["5"]})
    assert not holds(tree.In(operand("zz"), options), a={"S": "5"}, b={"N": "6"})


@pytest.mark.parametrize(
    ("name", "operands", "value", "expected"),
    [
        ("attribute_exists", ("null",), None, True),
        ("attribute_exists", ("m.list.0.q",), None, True),
        ("attribute_exists", ("l.9",), None, False),
        ("attribute_not_exists", ("zz",), None, True),
        ("attribute_not_exists", ("f",), None, False),
        ("attribute_not_exists", ("s.k",), None, True),
        ("attribute_type", ("n", ":v"), {"S": "N"}, True),
        ("attribute_type", ("n", ":v"), {"S": "S"}, False),
        ("attribute_type", ("null", ":v"), {"S": "NULL"}, True),
        ("attribute_type", ("zz", ":v"), {"S": "S"}, False),
        ("attribute_type", (":v", ":v"), {"S": "S"}, True),
        ("begins_with", ("s", ":v"), {"S": "hell"}, True),
        ("begins_with", ("s", ":v"), {"S": ""}, True),
        ("begins_with", ("s", ":v"), {"S": "ell"}, False),
        ("begins_with", ("b", ":v"), {"B": b64(b"\x01")}, True),
        ("begins_with", ("b", ":v"), {"B": b64(b"\x02")}, False),
        ("begins_with", ("b", ":v"), {"S": "A"}, False),
        ("begins_with", ("n", ":v"), {"S": "5"}, False),
        ("begins_with", ("zz", ":v"), {"S": ""}, False),
        ("begins_with", (":v", "s"), {"S": "hello world"}, True),
        ("begins_with", (":v", "zz"), {"S": "hello world"}, False),
        ("contains", ("s", ":v"), {"S": "ell"}, True),
        ("contains", ("s", ":v"), {"S": "elk"}, False),
        ("contains", ("b", ":v"), {"B": b64(b"\x02\xff")}, True),
        ("contains", ("b", ":v"), {"B": b64(b"\x02\x01")}, False),
        ("contains", ("ss", ":v"), {"S": "y"}, True),
        ("contains", ("ss", ":v"), {"N": "1"}, False),
        ("contains", ("ns", ":v"), {"N": "10.0"}, True),
        ("contains", ("ns", ":v"), {"S": "10"}, False),
        ("contains", ("bs", ":v"), {"B": b64(b"k")}, True),
        ("contains", ("l", ":v"), {"N": "1"}, True),
        ("contains", ("l", ":v"), {"L": [{"N": "7.0"}]}, True),
        ("contains", ("l", ":v"), {"N": "7"}, False),
        ("contains", ("m", ":v"), {"S": "k"}, False),
        ("contains", ("n", ":v"), {"N": "5"}, False),
        ("contains", ("null", ":v"), {"NULL": True}, False),
        ("contains", ("zz", ":v"), {"S": "a"}, False),
        ("contains", (":v", "s"), {"S": "say hello"}, True),
        ("contains", (":v", "zz"), {"S": "say hello"}, False),
    ],
)
def test_function(name: str, operands: tuple[str, ...], value: Any, expected: bool) -> None:
    values = {} if value is None else {"v": value}
    assert holds(call(name, *operands), **values) is expected


TRUE = call("attribute_exists", "s")
FALSE = call("attribute_exists", "zz")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (tree.And((TRUE, TRUE)), True),
        (tree.And((TRUE, FALSE)), False),
        (tree.And((TRUE, TRUE, FALSE)), False),
        (tree.And((TRUE, TRUE, TRUE)), True),
        (tree.Or((FALSE, TRUE)), True),
        (tree.Or((FALSE, FALSE, TRUE)), True),
        (tree.Or((FALSE, FALSE, FALSE)), False),
        (tree.Not(FALSE), True),
        (tree.Not(tree.Not(FALSE)), False),
        (tree.Not(compare("zz", "=", "s")), True),  # two-valued: a false comparison, inverted
        (tree.Not(compare("zz", "<>", "s")), False),
    ],
)
def test_logic(condition: tree.Condition, expected: bool) -> None:
    assert holds(condition) is expected


@pytest.mark.parametrize("join", [tree.And, tree.Or])
@pytest.mark.parametrize("count", [2, 3])
def test_logic_stops_at_the_first_part_that_decides(join: Any, count: int) -> None:
    decisive = TRUE if join is tree.Or else FALSE
    # Looking up the undefined value would raise.
    condition = join((decisive, *[compare("s", "=", ":undefined")] * (count - 1)))
    assert predicate(condition)(ITEM, {}) is (join is tree.Or)


def test_absent_item_is_an_empty_one() -> None:
    assert predicate(call("attribute_not_exists", "pk"))({}, {})


def test_the_deepest_expressions_do_not_overflow_the_stack() -> None:
    condition: tree.Condition = TRUE
    for level in range(300):
        condition = tree.And((TRUE, condition)) if level % 2 else tree.Or((FALSE, condition))
    for _ in range(1000):
        condition = tree.Not(condition)
    assert holds(condition)


# Against a plain reading: values as Python objects with their type beside them.

MISSING = None


def native(value: Any) -> Any:
    if value is None:
        return MISSING
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind == "B":
        return kind, b64decode(content)
    if kind == "NS":
        return kind, frozenset(map(Decimal, content))
    if kind == "BS":
        return kind, frozenset(map(b64decode, content))
    if kind == "SS":
        return kind, frozenset(content)
    if kind == "L":
        return kind, tuple(map(native, content))
    if kind == "M":
        return kind, tuple(sorted((name, native(member)) for name, member in content.items()))
    return kind, content


def read(operand: tree.Operand, item: Any, values: Any) -> Any:
    if isinstance(operand, tree.ValueOperand):
        return native(values[operand.name])
    if isinstance(operand, tree.SizeOf):
        value = read(operand.operand, item, values)
        if value is MISSING or value[0] in ("N", "BOOL", "NULL"):
            return MISSING
        length = len(value[1].encode("utf-16-le")) // 2 if value[0] == "S" else len(value[1])
        return "N", Decimal(length)
    assert isinstance(operand, tree.PathOperand)
    here: Any = ("M", item)
    for step in operand.path:
        kind, content = here
        if isinstance(step, int):
            if kind != "L" or step >= len(content):
                return MISSING
        elif kind != "M" or step not in content:
            return MISSING
        ((kind, content),) = content[step].items()
        here = kind, content
    return native({here[0]: here[1]})


def ordered(a: Any, b: Any) -> bool:
    return a is not MISSING and b is not MISSING and a[0] == b[0] and a[0] in ("S", "N", "B")


def below(a: Any, b: Any) -> bool:
    return bool(a[1].encode() < b[1].encode() if a[0] == "S" else a[1] < b[1])


def plainly(condition: tree.Condition, item: Any, values: Any) -> bool:
    def at(operand: tree.Operand) -> Any:
        return read(operand, item, values)

    if isinstance(condition, tree.And):
        return all(plainly(part, item, values) for part in condition.conditions)
    if isinstance(condition, tree.Or):
        return any(plainly(part, item, values) for part in condition.conditions)
    if isinstance(condition, tree.Not):
        return not plainly(condition.condition, item, values)
    if isinstance(condition, tree.In):
        value = at(condition.operand)
        return value is not MISSING and value in [at(option) for option in condition.options]
    if isinstance(condition, tree.Between):
        value, low, high = at(condition.operand), at(condition.low), at(condition.high)
        return ordered(value, low) and ordered(value, high) and not below(value, low) and not below(high, value)
    if isinstance(condition, tree.Comparison):
        a, b = at(condition.left), at(condition.right)
        same = a is not MISSING and a == b
        if condition.operator in ("=", "<>"):
            return same is (condition.operator == "=")
        if not ordered(a, b):
            return False
        return {"<": below(a, b), ">": below(b, a), "<=": not below(b, a), ">=": not below(a, b)}[condition.operator]
    operands = [at(each) for each in condition.operands]
    if condition.name.endswith("exists"):
        return (operands[0] is not MISSING) is (condition.name == "attribute_exists")
    if MISSING in operands:
        return False
    (kind, content), (other_kind, other) = operands
    if condition.name == "attribute_type":
        return bool(kind == other)
    if condition.name == "begins_with":
        return kind == other_kind and kind in ("S", "B") and content[: len(other)] == other
    if kind == "L":
        return (other_kind, other) in content
    if kind in ("S", "B"):
        return kind == other_kind and other in content
    return kind in ("SS", "NS", "BS") and kind[0] == other_kind and other in content


texts = st.sampled_from(["", "a", "ab", "b", "é", "a\U0001f680", "\uffff"])
numbers = st.sampled_from(["0", "1", "2", "-1", "10", "1.5", "1e3", "1000", "-0.001"])
binaries = st.sampled_from([b64(data) for data in (b"", b"a", b"ab", b"\xff", b"\x00\xff")])
scalars = st.one_of(
    texts.map(lambda text: {"S": text}),
    numbers.map(lambda text: {"N": text}),
    binaries.map(lambda text: {"B": text}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
    st.lists(texts, min_size=1, max_size=3, unique=True).map(lambda members: {"SS": members}),
    st.lists(numbers, min_size=1, max_size=3, unique_by=Decimal).map(lambda members: {"NS": members}),
    st.lists(binaries, min_size=1, max_size=3, unique=True).map(lambda members: {"BS": members}),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda members: {"M": members}),
    ),
    max_leaves=6,
).map(parse_value)
items = st.dictionaries(st.sampled_from("abc"), documents, max_size=3)
steps: st.SearchStrategy[str | int] = st.sampled_from(["a", "b", 0, 1])
paths = st.tuples(st.sampled_from("abc"), st.lists(steps, max_size=2)).map(
    lambda path: tree.PathOperand((path[0], *path[1]))
)
placeholders = st.sampled_from([":x", ":y"]).map(tree.ValueOperand)
simple = st.one_of(paths, placeholders)
operands = st.one_of(simple, simple.map(tree.SizeOf))
leaves = st.one_of(
    st.builds(tree.Comparison, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), operands, operands),
    st.builds(tree.Between, operands, operands, operands),
    st.builds(tree.In, operands, st.lists(operands, min_size=1, max_size=3).map(tuple)),
    st.builds(
        tree.FunctionCall,
        st.sampled_from(["attribute_exists", "attribute_not_exists"]),
        st.tuples(paths),
    ),
    st.builds(tree.FunctionCall, st.sampled_from(["begins_with", "contains"]), st.tuples(operands, operands)),
    st.builds(tree.FunctionCall, st.just("attribute_type"), st.tuples(simple, st.just(tree.ValueOperand(":type")))),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(tree.Not, inner),
        st.builds(tree.And, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(tree.Or, st.lists(inner, min_size=2, max_size=4).map(tuple)),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(conditions, items, documents, documents, st.sampled_from(["S", "N", "B", "SS", "NS", "L", "M", "BOOL", "NULL"]))
def test_every_tree_agrees_with_a_plain_reading(
    condition: tree.Condition, item: Any, x: Any, y: Any, kind: str
) -> None:
    values = {":x": x, ":y": y, ":type": {"S": kind}}
    assert predicate(condition)(item, values) is plainly(condition, item, values)
