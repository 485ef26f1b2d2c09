"""Bounds in sort bytes against a plain filter over sort keys."""

from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.expressions.tree import KeyTerm, ValueOperand
from stator.items.key_range import KeyRange, key_range, same_partition
from stator.storage.store import Bound
from stator.values.attribute import AttributeValue
from stator.values.compare import order, sort_order
from stator.values.key import index_sort_bytes, partition_bytes, sort_bytes
from tests.unit.items.conftest import item, key_values, schema, value

_OPERATORS = ["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]


def _range(hashes: str, ranges: str, terms: list[tuple[str, str, list[AttributeValue]]]) -> KeyRange:
    values = {f":{i}_{j}": one for i, (_, _, ones) in enumerate(terms) for j, one in enumerate(ones)}
    made = [
        KeyTerm(name, operator, tuple(ValueOperand(f":{i}_{j}") for j in range(len(ones))))  # type: ignore[arg-type]
        for i, (name, operator, ones) in enumerate(terms)
    ]
    return key_range(schema(hashes, ranges), made, values)


def _satisfies(one: AttributeValue, operator: str, operands: list[AttributeValue]) -> bool:
    if operator == "begins_with":
        ((kind, content),) = one.items()
        prefix = operands[0][kind]
        return bool(content.startswith(prefix) if kind == "S" else b64decode(content).startswith(b64decode(prefix)))
    sign = order(one, operands[0])
    assert sign is not None
    if operator == "BETWEEN":
        top = order(one, operands[1])
        return sign >= 0 and top is not None and top <= 0
    return {"=": sign == 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]


def _inside(wanted: KeyRange, sort: bytes) -> bool:
    return (wanted.lower is None or wanted.lower <= sort) and (wanted.upper is None or sort < wanted.upper)


@st.composite
def _conditions(draw: st.DrawFn, kind: str) -> tuple[str, list[AttributeValue]]:
    operator = draw(st.sampled_from(_OPERATORS if kind != "N" else _OPERATORS[:-1]))
    operands = [draw(key_values(kind)) for _ in range(2 if operator == "BETWEEN" else 1)]
    return operator, sorted(operands, key=lambda one: sort_order(kind, one[kind]))


@given(st.data(), st.sampled_from("SNB"))
def test_one_sort_key(data: st.DataObject, kind: str) -> None:
    operator, operands = data.draw(_conditions(kind))
    wanted = _range("pk:S", f"sk:{kind}", [("pk", "=", [value("p")]), ("sk", operator, operands)])
    for one in [*data.draw(st.lists(key_values(kind), max_size=20)), *operands]:
        assert _inside(wanted, sort_bytes([one])) == _satisfies(one, operator, operands)


@given(st.data(), st.text("SNB", min_size=1, max_size=4))
def test_several_range_attributes_of_an_index(data: st.DataObject, kinds: str) -> None:
    pinned = data.draw(st.integers(1, len(kinds)))
    lead = [data.draw(key_values(kind)) for kind in kinds[: pinned - 1]]
    operator, operands = data.draw(_conditions(kinds[pinned - 1]))
    terms = [(f"r{i}", "=", [one]) for i, one in enumerate(lead)]
    wanted = _range(
        "h:S",
        " ".join(f"r{i}:{kind}" for i, kind in enumerate(kinds)),
        [("h", "=", [value("p")]), *terms, (f"r{pinned - 1}", operator, operands)],
    )
    table_key = [value("any"), data.draw(key_values("N"))]
    for _ in range(8):
        # Equal leading values are rare unless they are asked for.
        row = [data.draw(st.just(one) | key_values(kind)) for one, kind in zip(lead, kinds, strict=False)]
        row += [data.draw(st.sampled_from(operands) | key_values(kinds[pinned - 1]))]
        row += [data.draw(key_values(kind)) for kind in kinds[pinned:]]
        expected = row[: pinned - 1] == lead and _satisfies(row[pinned - 1], operator, operands)
        assert _inside(wanted, index_sort_bytes(row, table_key)) == expected


def test_without_a_sort_condition_the_whole_partition_is_meant() -> None:
    wanted = _range("pk:S", "sk:S", [("pk", "=", [value("p")])])
    assert wanted == KeyRange((value("p"),), (), partition_bytes([value("p")]), None, None)
    assert wanted.span(4, reverse=False, start=None) == (4, wanted.partition, None, None, False)


def test_several_hash_attributes() -> None:
    wanted = _range("a:S b:N", "", [("b", "=", [value(1)]), ("a", "=", [value("x")])])
    assert wanted.partition == partition_bytes([value("x"), value(1)])
    assert same_partition(wanted, [value("x"), value(1)])
    assert not same_partition(wanted, [value("x"), value(2)])


def test_a_start_replaces_the_end_that_is_behind_it() -> None:
    wanted = _range("pk:S", "sk:S", [("pk", "=", [value("p")]), ("sk", "BETWEEN", [value("b"), value("d")])])
    start = sort_bytes([value("c")])
    assert wanted.lower
    assert wanted.upper
    forward = wanted.span(1, reverse=False, start=start)
    assert (forward.lower, forward.upper) == (Bound(start, False), Bound(wanted.upper, False))
    backward = wanted.span(1, reverse=True, start=start)
    assert (backward.lower, backward.upper, backward.reverse) == (Bound(wanted.lower, True), Bound(start, False), True)


_UNSUPPORTED = "Query key condition not supported"
_TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type"
_HASH = ("a", "=", [value("x")])


@pytest.mark.parametrize(
    ("hashes", "ranges", "terms", "text"),
    [
        ("a:S", "", [("b", "=", [value(1)])], "Query condition missed key schema element: a"),
        ("a:S", "s:S", [("s", "=", [value("x")])], "Query condition missed key schema element: a"),
        ("a:S", "s:S", [_HASH, ("z", "=", [value("x")])], "Query condition missed key schema element: s"),
        (
            "a:S",
            "",
            [_HASH, ("z", "=", [value("x")])],
            "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)",
        ),
        ("a:S", "s:S", [("a", "<", [value("x")])], _UNSUPPORTED),
        ("a:S", "s:S", [("a", "begins_with", [value("x")]), ("s", "=", [value("x")])], _UNSUPPORTED),
        ("a:S b:S", "s:S", [_HASH], "Query condition missed key schema element: b"),
        ("a:S b:S", "s:S", [_HASH, ("s", "=", [value("x")])], "Query condition missed key schema element: b"),
        ("a:S b:S", "s:S", [_HASH, ("b", "<", [value("x")])], _UNSUPPORTED),
        ("a:S", "r:S s:S", [_HASH, ("s", "=", [value("x")])], "Query condition missed key schema element: r"),
        ("a:S", "r:S s:S", [_HASH, ("r", "<", [value("x")]), ("s", "=", [value("x")])], _UNSUPPORTED),
        ("a:S", "s:S", [("a", "=", [value(1)])], _TYPE),
        ("a:S", "s:N", [_HASH, ("s", "=", [value("1")])], _TYPE),
        ("a:S", "s:N", [_HASH, ("s", "BETWEEN", [value(1), value("2")])], _TYPE),
        (
            "a:S",
            "s:N",
            [_HASH, ("s", "begins_with", [value(1)])],
            (
                "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: "
                "begins_with, operand type: N"
            ),
        ),
        (
            "a:S",
            "s:S",
            [("a", "=", [value("")])],
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                "empty string value. Key: a"
            ),
        ),
        (
            "a:S",
            "s:B",
            [_HASH, ("s", ">", [value(b"")])],
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                "empty binary value. Key: s"
            ),
        ),
        (
            "a:S",
            "s:S",
            [("a", "=", [value("x" * 2049)])],
            (
                "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 "
                "bytes"
            ),
        ),
    ],
)
def test_conditions_that_no_query_can_follow(hashes: str, ranges: str, terms: Any, text: str) -> None:
    with pytest.raises(ValidationException) as refused:
        _range(hashes, ranges, terms)
    assert refused.value.message == text


def test_the_items_of_a_table_in_order() -> None:
    """The bounds meet real items: those of one collection, sorted."""
    keys = [item(pk="p", sk=n) for n in (-2, -1.5, 0, 0.5, 1, 10)]
    wanted = _range("pk:S", "sk:N", [("pk", "=", [value("p")]), ("sk", "BETWEEN", [value(-1.5), value(1)])])
    assert [one["sk"]["N"] for one in keys if _inside(wanted, sort_bytes([one["sk"]]))] == ["-1.5", "0", "0.5", "1"]
