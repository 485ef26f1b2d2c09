"""Metric math: text to tree."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.math.fault import MathError
from stator.metrics.math.parser import DEPTH_MAX, LENGTH_MAX, parse
from stator.metrics.math.tree import Array, Binary, Call, Negation, Number, Reference, Text, Tree, Word, parts

ONE, TWO, THREE = Number(1.0), Number(2.0), Number(3.0)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1", ONE),
        (" .5e1 ", Number(5.0)),
        ("m1", Reference("m1")),
        ("1+2*3", Binary("+", ONE, Binary("*", TWO, THREE))),
        ("(1+2)*3", Binary("*", Binary("+", ONE, TWO), THREE)),
        ("1-2-3", Binary("-", Binary("-", ONE, TWO), THREE)),
        ("1^2^3", Binary("^", ONE, Binary("^", TWO, THREE))),
        ("-1^2", Negation(Binary("^", ONE, TWO))),
        ("--1", ONE),
        ("1 + -2", Binary("+", ONE, Negation(TWO))),
        (
            "1<2 AND 2<=3 OR m1",
            Binary("OR", Binary("AND", Binary("<", ONE, TWO), Binary("<=", TWO, THREE)), Reference("m1")),
        ),
        ("1==2 && 3 || 1", Binary("OR", Binary("AND", Binary("==", ONE, TWO), THREE), ONE)),
        ("METRICS()", Call("METRICS", ())),
        ("METRICS('err')", Call("METRICS", (Text("err"),))),
        ("FILL(m1, REPEAT)", Call("FILL", (Reference("m1"), Word("REPEAT")))),
        ("SUM([m1, m2])", Call("SUM", (Array((Reference("m1"), Reference("m2"))),))),
        (
            """SEARCH('{A,B} MetricName="x"', 'Sum', 60)""",
            Call("SEARCH", (Text('{A,B} MetricName="x"'), Text("Sum"), Number(60.0))),
        ),
        ("sum(m1)", Call("SUM", (Reference("m1"),))),
    ],
)
def test_trees(text: str, tree: Tree) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1+",
        "+",
        "(1",
        "1)",
        "1 2",
        "m1 m2",
        "SUM(m1",
        "SUM(m1,)",
        "[1,",
        "1 AND",
        "'open",
        "a.b",
        "1;2",
        "m1 = 2",
        "#",
        "OR",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(MathError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * (DEPTH_MAX + 1) + "1" + ")" * (DEPTH_MAX + 1),
        "ABS(" * (DEPTH_MAX + 1) + "m1" + ")" * (DEPTH_MAX + 1),
        "[" * 1000 + "]" * 1000,
        "^".join(["2"] * 1000),
        "1" * (LENGTH_MAX + 1),
    ],
)
def test_there_is_an_end_to_nesting_and_length(text: str) -> None:
    with pytest.raises(MathError):
        parse(text)


def test_long_chains_are_no_nesting() -> None:
    assert len(parts(parse("+".join(["1"] * 1000)))) == 1999
    assert parse("-" * 2000 + "1") == ONE


@given(st.text(alphabet="m1+-*/^<>=&|()[],'\" ABSUMORANDFILL.", max_size=60))
def test_any_text_is_a_tree_or_refused(text: str) -> None:
    with contextlib.suppress(MathError):
        parse(text)
