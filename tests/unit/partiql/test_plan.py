"""However a condition falls apart, every item that it holds for is read exactly once."""

import itertools
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.model.table import KeyAttribute, KeySchema
from stator.partiql.compiled import compile_statement
from stator.partiql.plan import READS_MAX, Stretch, stretches, taken_apart
from stator.partiql.statement import Select
from stator.values.attribute import Item
from stator.values.key import partition_bytes, sort_bytes

SIMPLE = KeySchema((KeyAttribute("p", "S"),))
SORTED = KeySchema((KeyAttribute("p", "S"),), (KeyAttribute("s", "N"),))
SEVERAL = KeySchema((KeyAttribute("p", "S"), KeyAttribute("q", "S")), (KeyAttribute("s", "N"), KeyAttribute("r", "N")))


def items() -> list[Item]:
    made = []
    for p, q, s, r, x in itertools.product("ab", "ab", "123", "12", (None, "1", "2")):
        item: Item = {"p": {"S": p}, "q": {"S": q}, "s": {"N": s}, "r": {"N": r}}
        made.append(item if x is None else {**item, "x": {"N": x}})
    return made


ITEMS = items()

TEXTS = st.sampled_from("ab").map(lambda letter: f"'{letter}'")
NUMBERS = st.sampled_from("0123")
COMPARATORS = st.sampled_from(("=", "=", "=", "<>", "<", "<=", ">", ">="))


def comparisons(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(COMPARATORS, values).map(lambda pair: f"{name} {pair[0]} {pair[1]}"),
        st.tuples(values, COMPARATORS).map(lambda pair: f"{pair[0]} {pair[1]} {name}"),
        st.lists(values, min_size=1, max_size=3).map(lambda some: f"{name} IN [{', '.join(some)}]"),
        st.tuples(values, values).map(lambda pair: f"{name} BETWEEN {min(pair)} AND {max(pair)}"),
        st.just(f"attribute_exists({name})"),
    )


ATOMS = st.one_of(
    comparisons("p", TEXTS),
    st.sampled_from("ab").map(lambda letter: f"p = '{letter}'"),
    st.sampled_from("ab").map(lambda letter: f"q = '{letter}'"),
    comparisons("s", NUMBERS),
    comparisons("r", NUMBERS),
    comparisons("x", NUMBERS),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda some: "(" + " AND ".join(some) + ")"),
        st.lists(parts, min_size=2, max_size=3).map(lambda some: "(" + " OR ".join(some) + ")"),
        parts.map(lambda one: f"NOT ({one})"),
    ),
    max_leaves=6,
)
PINNED = st.one_of(
    CONDITIONS,
    CONDITIONS.map(lambda one: f"p = 'a' AND q = 'b' AND {one}"),
    st.tuples(CONDITIONS, CONDITIONS).map(lambda two: f"p = 'a' AND {two[0]} OR p = 'b' AND {two[1]}"),
    CONDITIONS.map(lambda one: f"p IN ['b', 'a'] AND q = 'a' AND {one}"),
)


def select(where: str) -> Select:
    statement = compile_statement(f"SELECT * FROM t WHERE {where}")
    assert isinstance(statement, Select)
    return statement


def has(stretch: Stretch, keys: KeySchema, item: Item, statement: Select) -> bool:
    sort = sort_bytes([item[attribute.name] for attribute in keys.range])
    return (
        stretch.partition == partition_bytes([item[attribute.name] for attribute in keys.hash])
        and (stretch.lower is None or sort >= stretch.lower)
        and (stretch.upper is None or sort < stretch.upper)
        and (stretch.test is None or stretch.test(item, statement.values))
    )


@pytest.mark.parametrize("keys", [SIMPLE, SORTED, SEVERAL], ids=["simple", "sorted", "several"])
@given(where=PINNED)
@settings(max_examples=150, deadline=None)
def test_every_item_is_read_once(keys: KeySchema, where: str) -> None:
    statement = select(where)
    assert statement.test is not None
    found = None
    with suppress(ValidationException):  # alternatives that overlap, or too many of them
        found = stretches(statement, keys, statement.values)
    if found is None:
        return
    for item in ITEMS:
        times = sum(has(stretch, keys, item, statement) for stretch in found)
        assert times == statement.test(item, statement.values), (where, item)


@pytest.mark.parametrize(
    ("where", "keyed"),
    [
        ("p = 'a'", True),
        ("p IN ['a', 'b'] AND x = 1", True),
        ("x = 1 AND (p = 'a' OR p = 'b')", True),
        ("p = 'a' AND (p = 'b' OR x = 1)", True),
        ("p = 'a' OR x = 1", False),
        ("p > 'a'", False),
        ("NOT p = 'a'", False),
        ("p = q", False),
        ("p = 'a' OR (p = 'b' AND x = 1) OR NOT x = 2", False),
        ("p.x = 'a'", False),
    ],
)
def test_what_pins_the_partition(where: str, keyed: bool) -> None:
    assert taken_apart(select(where), SORTED).keyed is keyed


def test_a_condition_that_falls_into_too_many_alternatives_is_not_taken_apart() -> None:
    where = "p = 'a'" + " AND (s = 1 OR s = 2)" * 300
    apart = taken_apart(select(where), SORTED)
    assert apart.count == 2**300
    assert apart.all == ()
    with pytest.raises(ValidationException, match="Too many decomposed read operations"):
        stretches(select(where), SORTED, select(where).values)


def test_as_many_reads_as_are_made() -> None:
    statement = select(f"p IN [{', '.join(repr(str(number)) for number in range(READS_MAX))}]")
    found: Any = stretches(statement, SORTED, statement.values)
    assert len(found) == READS_MAX
