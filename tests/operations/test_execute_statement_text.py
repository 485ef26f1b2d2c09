"""Texts that are no statements, and literals. Expectations are captures of the service; where a test is about our own words it says so."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.operations.faults import NO_TABLE
from tests.operations.statements import INVALID, NOT_WELL_FORMED, Statements, value


@pytest.fixture
def t(dynamodb: Any, table: str) -> Statements:
    return Statements(dynamodb, table)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("SELECT * FROM t WHERE pk = 1 foo", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1 e5", "Unexpected token after expression"),
        ("INSERT INTO t VALUE {'pk': 970001} foo", "Unexpected token after expression"),
        ("INSERT INTO t x VALUE {'pk': 'x'}", "Unexpected token after expression"),
        ("UPDATE t SET a = 9 WHERE pk = 970002 foo", "Unexpected token after expression"),
        ("DELETE FROM t WHERE pk = 970003 foo", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1)", "Unexpected token after expression"),
        ("DELETE FROM t WHERE pk = 970004 ORDER BY pk", "Unexpected token after expression"),
        ("SELECT * FROM t ORDER BY pk WHERE pk = 1", "Unexpected token after expression"),
        ("SELECT * FROM t ; SELECT * FROM t ", "Unexpected token after expression"),
        ("SELECT * FROM t ;;", "Unexpected token after expression"),
        ("FROM t SET c = 1 WHERE pk = 'x'", "Unexpected token after expression"),
        ("FROM t SET c = 1 WHERE pk = 'x' SET d = 2", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1e2147483648", ""),
        ("SELECT * FROM t WHERE pk = 1e99999999999", ""),
        ("SELECT * FROM t WHERE pk = 1.5e-2147483647", ""),
        ("SELECT * FROM t WHERE pk = 1 # note", ""),
        ("SELECT * FROM t WHERE pk = 1 /* note", ""),
        ('SELECT * FROM "abc', ""),
        ("SELECT * FROM t WHERE pk = 'oops", ""),
        ("SELECT * FROM t WHERE pk = `ion`", ""),
        ("SELECT * FROM t WHERE", "Unexpected term"),
        ("SELECT * FROM t WHERE;", "Unexpected term"),
        ("SELECT pk FROM t WHERE   ", "Unexpected term"),
        ("UPDATE t SET a = 1 WHERE", "Unexpected term"),
        ("DELETE FROM t WHERE", "Unexpected term"),
        ("SELECT * FROM t WHERE NOT", "Unexpected term"),
        ("SELECT * FROM t WHERE (", "Unexpected term"),
        ("SELECT * FROM", "Unexpected term"),
        ("SELECT * FROM t WHERE pk = 'p1' AND", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE pk = 'p1' OR", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE ORDER BY pk", "Unexpected keyword"),
        ("INSERT INTO t (key, other) VALUES (?, ?)", "Unexpected keyword"),
        ("SELECT * FROM t WHERE IS NULL", "Unexpected operator"),
        ("SELECT * FROM t WHERE pk = LIKE", "Unexpected operator"),
        ("DELETE FROM", "Expected identifier for simple path"),
        ("DELETE FROM   ", "Expected identifier for simple path"),
        ("DELETE FROM;", "Expected identifier for simple path"),
        ("DELETE FROM WHERE pk = 'a'", "Expected identifier for simple path"),
        ("SLECT * FROM t WHERE pk = 'x'", "Expected data manipulation"),
        ("UPDATE t-x SET active = 1 WHERE pk = 'x'", "Expected data manipulation"),
        ("UPDATE t WHERE pk = 'x'", "Expected data manipulation"),
    ],
)
def test_texts_that_are_no_statements(t: Statements, text: str, detail: str) -> None:
    assert t.refused(text) == NOT_WELL_FORMED + detail


@pytest.mark.parametrize("type_name", ["INT4", "INT8", "DOUBLE PRECISION", "CHARACTER VARYING"])
def test_a_type_test_alone(t: Statements, type_name: str) -> None:
    assert t.refused(f"x IS {type_name}") == "Unsupported operation: IsType"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t x WHERE pk = 'x'",
        "SELECT * FROM t AS x WHERE pk = 'x'",
        "UPDATE t x SET a = 3 WHERE pk = 'x'",
        "DELETE FROM t x WHERE pk = 'x'",
        "SELECT sk AS x FROM t ",
    ],
)
def test_aliases(t: Statements, text: str) -> None:
    assert t.refused(text) == "Aliasing is not supported"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT COUNT(*) FROM nowhere", "Unexpected path component at 1:8:5"),
        ("SELECT\n  count(pk) FROM nowhere", "Unexpected path component at 2:3:5"),
        ("SELECT attribute_exists(ss) FROM nowhere", "Unexpected path component at 1:8:16"),
        ("SELECT id FROM dbimp_page LIMIT 5", "Unsupported clause: LIMIT at 1:33:1"),
        ("SELECT s, s FROM nowhere", "Duplicate identifiers in select clause: s"),
        ("SELECT l[-1] FROM nowhere", "List index is not within the allowable range; index: [-1] at 1:11:1"),
        (
            "SELECT l[2147483648] FROM nowhere",
            "List index is not within the allowable range; index: [2147483648] at 1:10:10",
        ),
        ('SELECT * FROM a."b".c WHERE pk = 1', "A path may contain at most 2 components in the FROM clause"),
        ("SELECT * FROM \"\" WHERE pk = 'x'", "Path component cannot be an empty string"),
        ("SELECT * FROM a.\"\" WHERE pk = 'x'", "Path component cannot be an empty string"),
        (
            "INSERT INTO \"t\".\"gsi\" VALUE {'pk': 'x'}",
            "FROM clause may only contain a single table name in data manipulation statements at 1:13:3",
        ),
        ("UPDATE a.gsi SET x = 1 WHERE pk = 'x'", "This operation is not supported on an index"),
        ("DELETE FROM a.gsi WHERE pk = 'x'", "This operation is not supported on an index"),
        (
            "EXISTS(SELECT * FROM nowhere WHERE pk = 'x' AND a IS MISSING)",
            "EXISTS can only be used in ExecuteTransaction write requests.",
        ),
    ],
)
def test_statements_refused_before_the_table_is_looked_for(t: Statements, text: str, problem: str) -> None:
    assert t.refused(text) == problem


def test_unknown_tables(t: Statements) -> None:
    for text in (
        "SELECT * FROM nowhere WHERE pk = 'x'",
        "INSERT INTO nowhere VALUE {'pk': 'x'}",
        "UPDATE nowhere SET a = 1 WHERE pk = 'x'",
        "FROM nowhere WHERE pk = 'x' SET a = 1",
        "DELETE FROM nowhere WHERE pk = 'x'",
    ):
        assert t.fault(text) == NO_TABLE


def test_what_is_nested_too_deeply_is_refused(t: Statements) -> None:
    """Our own words: how deep the service goes is not known."""
    for condition in ("(" * 2000 + "a = 1", "NOT (" * 1000, "a = " + "[" * 4000, "a = " + "{'a':" * 1000):
        assert t.refused(f"SELECT * FROM t WHERE {condition}").startswith(NOT_WELL_FORMED)
    sums = "+".join("1" * 3000)
    assert t.refused(f"UPDATE t SET a = {sums} WHERE pk = 'x'") == NOT_WELL_FORMED + "Expression is nested too deeply"


def test_literals_of_every_kind(t: Statements) -> None:
    t.run(
        "INSERT INTO t value {'pk':'dt', 'sk':'1', 'n':1, 'map' : {'one': 'value', 'two': 4}, 'list': [1,'s', [- 1]],"
        " 'numbers':<<1,34,4.5>>, 'texts':<<'a','b'>>, 'yes': TRUE, 'nothing': null, 'empty': {}, 'none': []}"
    )
    assert t.get("dt") == {
        "pk": "dt",
        "sk": "1",
        "n": 1,
        "map": {"one": "value", "two": 4},
        "list": [1, "s", [-1]],
        "numbers": {1, 34, 4.5},
        "texts": {"a", "b"},
        "yes": True,
        "nothing": None,
        "empty": {},
        "none": [],
    }


def test_numbers_and_quotes(t: Statements) -> None:
    t.run("INSERT INTO t VALUE {'pk':'num','sk':'1','a':1E3,'b':-1.5e-3,'c':2.50,'d':-0,'e':.5,'q':'it''s here'}")
    stored = t.client.get_item(TableName=t.name, Key={"pk": value("num"), "sk": value("1")})["Item"]
    numbers = {name: stored[name]["N"] for name in "abcde"}
    assert numbers == {"a": "1000", "b": "-0.0015", "c": "2.5", "d": "0", "e": "0.5"}
    assert stored["q"] == {"S": "it's here"}
    assert t.sks("pk = 'num' AND q = 'it''s here' AND a = 1e3 AND a = +10.0e+2 AND c = .25e1") == ["1"]


OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range under "
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range under "
DEEP = "Nesting Levels have exceeded supported limits under root"


@pytest.mark.parametrize(
    ("literal", "problem"),
    [
        ("1e126", OVERFLOW + "root"),
        ("1e-131", UNDERFLOW + "root"),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number under root"),
        ("{'x': 1e126}", OVERFLOW + "root.x"),
        ("[1, 1e126]", OVERFLOW + "root[1]"),
        ("<<>>", "Empty bags are not supported"),
        ("<<1, 'a'>>", "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
        ("<<?>>", "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
        ("<<'a', 'a'>>", INVALID + "Input collection [a, a] contains duplicates."),
        ("<<2, 2.0>>", INVALID + "Input collection [2, 2.0] contains duplicates! under root"),
        ("{'a':" * 32 + "1" + "}" * 32, DEEP + ".a" * 32),
        ("{'a':" + "[" * 31 + "1" + "]" * 31 + "}", DEEP + ".a" + "[0]" * 31),
    ],
)
def test_literals_that_cannot_be_stored(t: Statements, literal: str, problem: str) -> None:
    assert t.refused(f"UPDATE t SET a = {literal} WHERE pk = 'x' AND sk = '1'") == problem
    assert t.refused(f"INSERT INTO t VALUE {{'pk': 'x', 'sk': '1', 'a': {literal}}}") == problem
    assert t.get("x") is None


def test_a_literal_as_deep_as_can_be(t: Statements) -> None:
    t.run("INSERT INTO t VALUE {'pk':'x','sk':'1','d':" + "{'a':" * 31 + "1" + "}" * 31 + "}")
    assert t.get("x") is not None


def test_parameters_stand_for_whole_values_only(t: Statements) -> None:
    prefix = "UPDATE t SET x = "
    sent = prefix.replace(" t ", f' "{t.name}" ')
    problem = t.refused(prefix + "[?] WHERE pk='x' AND sk='1'", "v")
    assert problem == f"Unsupported data type: Parameter under key root[0] at 1:{len(sent) + 2}:1"
    insert = f"INSERT INTO {t.name} VALUE {{'pk':'x','sk':'1','m':{{'k':?}}}}"
    problem = t.refused(insert, "v")
    assert problem == f"Unsupported data type: Parameter under key root.k at 1:{insert.index('?') + 1}:1"
    call = f"INSERT INTO {t.name} VALUE {{'pk': 'x', 'ss': set_add(<<'a'>>, <<'b'>>)}}"
    at = f"1:{call.index('set_add') + 1}:7"
    assert t.refused(call) == f"Unsupported data type: set_add under key root at {at}"
    t.run("INSERT INTO t VALUE {'pk':?,'sk':'1','n':1}", "x")
    assert t.sks("pk='x' AND n IN [?, 2]", 1) == ["1"]


WORDS = [
    "pk",
    "sk",
    "a",
    "b",
    "m.x",
    "l[0]",
    '"quoted"',
    "'x'",
    "'1'",
    "1",
    "-2",
    "1.5",
    "1e99",
    "?",
    "true",
    "null",
    "[1,'a']",
    "{'x':1}",
    "<<'a'>>",
    "<<1>>",
    "=",
    "<>",
    "<",
    ">=",
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    "BETWEEN",
    "IN",
    "[",
    "]",
    "IS",
    "MISSING",
    "NULL",
    "begins_with(sk,'1')",
    "contains(b,'a')",
    "size(b)",
    "attribute_type(a,'N')",
    "attribute_exists(a)",
    "+",
    "-",
    "list_append(l,[1])",
    "set_add(s,<<'a'>>)",
    "SET",
    "REMOVE",
    ",",
    "RETURNING",
    "ALL",
    "OLD",
    "NEW",
    "*",
    "ORDER",
    "BY",
    "DESC",
]
STARTS = (
    "SELECT * FROM t WHERE ",
    "SELECT a, b FROM t WHERE pk = 'x' AND ",
    "SELECT * FROM t WHERE pk = 'x' ",
    "UPDATE t SET a = ",
    "UPDATE t SET b = 1 WHERE pk = 'x' AND sk = '1' AND ",
    "INSERT INTO t VALUE {'pk': 'x', 'sk': '1', 'a': ",
    "DELETE FROM t WHERE pk = 'x' AND sk = '1' AND ",
)
PARAMETERS: list[Any] = [1, "x", True, None, ["x"], {"x": 1}, {"x"}]
ENDS = ("", "}", " WHERE pk = 'x' AND sk = '1'", " ORDER BY sk", " RETURNING ALL OLD *")


def test_nothing_that_reads_like_a_statement_breaks_the_server(t: Statements) -> None:
    t.put(pk="x", sk="1", a=1, b="text", l=["a"], m={"x": 1}, s={"a"})

    @given(
        st.sampled_from(STARTS),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join),
        st.sampled_from(ENDS),
        st.lists(st.sampled_from(PARAMETERS), max_size=2),
    )
    @settings(max_examples=250, deadline=None)
    def run(start: str, middle: str, end: str, parameters: list[Any]) -> None:
        try:
            t.run(start + middle + end, *parameters)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != 400:
                raise

    run()
