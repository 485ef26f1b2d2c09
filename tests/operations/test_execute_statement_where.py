"""WHERE: the conditions of PartiQL. Expectations are captures of the service; where a test is about our own words it says so."""

from typing import Any

import pytest

from tests.operations.faults import NO_TABLE, invalid
from tests.operations.statements import INVALID, NOT_WELL_FORMED, WRONG_TYPE, Statements


@pytest.fixture
def t(dynamodb: Any, table: str) -> Statements:
    return Statements(dynamodb, table)


@pytest.fixture
def thing(t: Statements) -> Statements:
    t.put(pk="x", sk="1", n=1, flag="right", yes=True, nul=None, tags={"a", "b"}, m={"x": "y"}, l=["a"])
    return t


@pytest.mark.parametrize(
    "condition",
    [
        "attribute_exists(nope) = false",
        "true = attribute_exists(n)",
        "attribute_exists(n) <> 1",
        "contains(nope, 'z') = false",
        "(n BETWEEN 0 AND 5) = true",
        "(n = 5 OR flag = 'x') = false",
        "attribute_exists(nope) IN [true, false]",
        "attribute_exists(n) = attribute_exists(flag)",
        "attribute_exists(n) = yes",
        "attribute_exists(m.x) AND ATTRIBUTE_NOT_EXISTS (nope) AND attribute_exists(l[0])",
        "n = - - 1",
        "n BETWEEN - 2 AND +5 AND n IN [- 1, 1]",
        "n NOT IN (2, 3) AND n NOT BETWEEN 2 AND 3",
        "nul IS NULL",
        "flag IS NOT NULL",
        "absent IS NOT NULL",
        "absent IS MISSING",
        "flag IS NOT MISSING",
        "contains(tags, 'a')",
        "contains(flag, 'igh')",
        "attribute_type(n, 'N')",
        "size(flag) > 4",
        "NOT absent = 'x'",
        "absent <> 'x'",
        "tags = <<'b', 'a'>>",
        "l = ['a']",
        "m = {'x': 'y'}",
        "yes = true",
        "nul = null",
        "flag = 'right' -- a comment\n",
        "flag /* one */ = 'right' /* two */",
        "(((flag = 'right')))",
        "NOT (NOT (flag = 'right'))",
        "\"flag\" = 'right'",
        "'r' < flag",
    ],
)
def test_conditions_that_hold(thing: Statements, condition: str) -> None:
    assert thing.sks(f"pk = 'x' AND sk = '1' AND {condition}") == ["1"]
    assert thing.sks(f"{condition}") == ["1"]


@pytest.mark.parametrize(
    "condition",
    [
        "attribute_exists(n) = 1",
        "NOT attribute_exists(n) = true",
        "(attribute_exists(n) = true) = false",
        "attribute_exists(n) = flag",
        '(attribute_exists(nope) OR NOT attribute_exists("m"))',
        "n > -/* c */-1",
        "absent IS NULL",
        "nul IS NOT NULL",
        "flag IS MISSING",
        "flag < 5",
        "absent < 'x'",
        "m = {'x': 'z'}",
    ],
)
def test_conditions_that_do_not(thing: Statements, condition: str) -> None:
    assert thing.sks(f"pk = 'x' AND sk = '1' AND {condition}") == []


REQUIRES_PATH = "Operator or function requires a document path; operator or function: "
OPERAND_COUNT = "Incorrect number of operands for operator or function; operator or function: "


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("n < true", WRONG_TYPE + "<, operand type: BOOL"),
        ("n >= null", WRONG_TYPE + ">=, operand type: NULL"),
        ("NOT n < [1]", WRONG_TYPE + "<, operand type: L"),
        ("n BETWEEN true AND false", WRONG_TYPE + "BETWEEN, operand type: BOOL"),
        ("attribute_exists(n) > false", WRONG_TYPE + ">, operand type: BOOL"),
        ("attribute_type(l, 1)", WRONG_TYPE + "attribute_type, operand type: N"),
        ("attribute_type(l, true)", WRONG_TYPE + "attribute_type, operand type: BOOL"),
        (
            "attribute_type(n, 'X')",
            "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
        ),
        ("attribute_exists('m')", REQUIRES_PATH + "attribute_exists"),
        ("attribute_exists()", OPERAND_COUNT + "attribute_exists, number of operands: 0"),
        ("attribute_exists(a, b)", OPERAND_COUNT + "attribute_exists, number of operands: 2"),
        ("n > -m", OPERAND_COUNT + "-, number of operands: 1"),
        ("n = 5 + 5", "Unsupported operator in Condition Expression. Operator: +"),
        ("s = <<'a','a'>>", INVALID + "Input collection [a, a] contains duplicates."),
        ("m.inner = 1", NOT_WELL_FORMED + "Invalid path dot component"),
        ("x IS FOO", NOT_WELL_FORMED + "Expected type name"),
    ],
)
def test_conditions_that_make_no_sense(t: Statements, condition: str, problem: str) -> None:
    assert t.refused(f"SELECT * FROM nowhere WHERE pk = 'x' AND {condition}") == problem


@pytest.mark.parametrize("condition", ["EXISTS(ss)", "set_add(ss, <<'x'>>) = ss"])
def test_functions_that_conditions_do_not_have(t: Statements, condition: str) -> None:
    text = f"SELECT * FROM things WHERE pk = 'x' AND {condition}"
    name = condition.partition("(")[0]
    at = f"1:{text.index(condition) + 1}:{len(name)}"
    assert t.refused(text) == f"Unrecognized function: {name.lower()} at {at}"


def test_parameters_are_judged_before_the_table(t: Statements) -> None:
    text = "SELECT pk FROM nowhere WHERE pk = ? AND val < ?"
    assert t.refused(text, "x", True) == WRONG_TYPE + "<, operand type: BOOL"
    assert t.fault(text, "x", 1) == NO_TABLE
    assert t.refused(text, "x") == "Number of parameters in request and statement don't match."
    assert t.refused(text, "x", 1, 2) == "Number of parameters in request and statement don't match."


def test_faulty_parameters_are_told_before_a_faulty_statement(t: Statements, dynamodb: Any) -> None:
    for raw, problem in [
        ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
        ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    ]:
        assert invalid(dynamodb.execute_statement, Statement="UPDATE t SET WHERE", Parameters=[raw]) == problem


def test_long_conditions_that_are_not_deep(thing: Statements) -> None:
    assert thing.sks(" AND ".join(["n = 1"] * 700)) == ["1"]
    assert thing.sks(" OR ".join(["n = 2"] * 700 + ["n=1"])) == ["1"]
    assert thing.sks("NOT " * 1000 + "n = 1") == ["1"]
