import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.partiql.compiled import KEPT, TEXTS_MAX, compile_statement
from stator.partiql.parser import parse_statement
from stator.partiql.syntax import (
    BetweenNode,
    BinaryNode,
    DeleteNode,
    ExistsNode,
    InNode,
    InsertNode,
    IsNode,
    Literal,
    LogicNode,
    Node,
    NotNode,
    Parameter,
    PathNode,
    SelectNode,
    Source,
    UpdateNode,
)

STATEMENT_LENGTH_MAX = 8192


def where(text: str) -> Node:
    statement, _ = parse_statement(f"SELECT * FROM t WHERE {text}")
    assert isinstance(statement, SelectNode)
    assert statement.where is not None
    return statement.where


def said(node: Node) -> str:
    """A tree as text with a bracket round everything."""
    if isinstance(node, PathNode):
        return ".".join(map(str, node.path))
    if isinstance(node, Literal):
        return node.text
    if isinstance(node, Parameter):
        return f"?{node.index}"
    if isinstance(node, BinaryNode):
        return f"({said(node.left)} {node.operator} {said(node.right)})"
    if isinstance(node, LogicNode):
        return "(" + f" {node.operator} ".join(map(said, node.parts)) + ")"
    if isinstance(node, NotNode):
        return f"(not {said(node.operand)})"
    if isinstance(node, BetweenNode):
        return f"({said(node.operand)} between {said(node.low)} {said(node.high)})"
    if isinstance(node, InNode):
        return f"({said(node.operand)} in {' '.join(map(said, node.options))})"
    if isinstance(node, IsNode):
        return f"({said(node.operand)} is {node.type})"
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1 AND b = 2 OR c = 3 AND d = 4", "(((a = 1) and (b = 2)) or ((c = 3) and (d = 4)))"),
        ("a = 1 AND (b = 2 OR c = 3)", "((a = 1) and ((b = 2) or (c = 3)))"),
        ("NOT a = 1 AND b = 2", "((not (a = 1)) and (b = 2))"),
        ("NOT NOT a = 1", "(a = 1)"),
        ("a = b < c", "(a = (b < c))"),
        ("a = 1 + 2 - 3", "(a = ((1 + 2) - 3))"),
        ("a BETWEEN 1 AND 2 AND b = 3", "((a between 1 2) and (b = 3))"),
        ("a NOT BETWEEN 1 AND ? OR b NOT IN [?, 'x']", "((not (a between 1 ?0)) or (not (b in ?1 x)))"),
        ("a IS NOT MISSING = true", "((not (a is missing)) = true)"),
        ("a[0].b['c.d'].\"e\" = - - 1", "(a.0.b.c.d.e = 1)"),
        ("a = - + 1", "(a = -1)"),
        ("a = 1 and b = 2 and c = 3", "((a = 1) and (b = 2) and (c = 3))"),
        ("a = 1 AND (b = 2 AND c = 3)", "((a = 1) and ((b = 2) and (c = 3)))"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    assert said(where(text)) == tree


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT * FROM t", SelectNode),
        ("insert into t value {}", InsertNode),
        ("UPDATE t SET a = 1 REMOVE b SET c = 2", UpdateNode),
        ("FROM t WHERE a = 1 SET b = 2", UpdateNode),
        ("DELETE FROM t", DeleteNode),
        ("EXISTS(SELECT * FROM t)", ExistsNode),
        ("exists (SELECT * FROM t);", ExistsNode),
    ],
)
def test_kinds(text: str, kind: type) -> None:
    assert isinstance(parse_statement(text)[0], kind)


def test_sources() -> None:
    for text, source in [
        ("t", Source("t", None)),
        ('"a-b.c"', Source("a-b.c", None)),
        ("t.i", Source("t", "i")),
        ('"select"."from"', Source("select", "from")),
    ]:
        statement, _ = parse_statement(f"SELECT * FROM {text} WHERE a = 1")
        assert isinstance(statement, SelectNode)
        assert statement.source == source


def test_parameters_are_counted_in_the_order_of_the_text() -> None:
    statement, count = parse_statement("UPDATE t SET a = ?, b = ? WHERE c = ? AND d IN (?, ?)")
    assert count == 5
    assert isinstance(statement, UpdateNode)
    assert said(statement.where) == "((c = ?2) and (d in ?3 ?4))"  # type: ignore[arg-type]


# Pieces that make statements, nearly statements, and what opens and never closes.
PIECES = st.sampled_from(
    [
        "SELECT",
        "*",
        "FROM",
        "t",
        '"t"',
        ".",
        '"i"',
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<<",
        ">>",
        ",",
        ":",
        ";",
        "?",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "/",
        "||",
        "BETWEEN",
        "IN",
        "IS",
        "MISSING",
        "NULL",
        "LIKE",
        "EXISTS(",
        "attribute_exists(",
        "begins_with(",
        "size(",
        "list_append(",
        "set_add(",
        "COUNT(",
        "INSERT",
        "INTO",
        "VALUE",
        "UPDATE",
        "SET",
        "REMOVE",
        "DELETE",
        "RETURNING",
        "ALL",
        "MODIFIED",
        "OLD",
        "NEW",
        "ORDER",
        "BY",
        "ASC",
        "DESC",
        "LIMIT",
        "a",
        "pk",
        "sk",
        "'x'",
        "1",
        "1.5e3",
        "1e126",
        "-1",
        "true",
        "null",
        "'pk'",
        "--",
        "/*",
        "*/",
        "#",
        "'",
        '"',
        "`",
    ]
)


@given(st.lists(PIECES, max_size=60).map(" ".join) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_statement_or_a_wire_error(text: str) -> None:
    with suppress(ValidationException):
        compile_statement(text)


@given(
    st.sampled_from(
        ("SELECT * FROM t WHERE ", "UPDATE t SET a = ", "INSERT INTO t VALUE ", "EXISTS(SELECT * FROM t WHERE ", "")
    ),
    st.lists(PIECES, min_size=1, max_size=4).map(lambda pieces: " ".join(pieces) + " "),
    st.lists(PIECES, max_size=4).map(" ".join),
)
@settings(max_examples=150, deadline=None)
def test_no_statement_is_too_deep_or_takes_long(start: str, repeated: str, end: str) -> None:
    text = (start + repeated * STATEMENT_LENGTH_MAX)[: STATEMENT_LENGTH_MAX - len(end)] + end
    began = time.process_time()
    with suppress(ValidationException):
        compile_statement(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        "a = 1 AND " * 800 + "a = 1",
        "(a = 1 OR b = 2) AND " * 300 + "a = 1",
        "NOT (" * 45 + "a = 1" + ")" * 45,
        "(a = 1 AND (b = 2 OR " * 20 + "c = 3" + "))" * 20,
        "(" * 90 + "a" + " = 1)" * 90,
        "a IN [" + "1," * 99 + "1]",
        "a = " + "{'a':" * 31 + "1" + "}" * 31,
    ],
)
def test_what_compiles_can_be_evaluated(text: str) -> None:
    statement = compile_statement(f"SELECT * FROM t WHERE {text}")
    test = statement.test  # type: ignore[attr-defined]
    assert test({"a": {"N": "1"}}, statement.values) in (True, False)
    assert test({}, statement.values) in (True, False)


def test_texts_are_kept_and_not_too_many_of_them() -> None:
    first = compile_statement("SELECT * FROM kept WHERE a = 0")
    assert compile_statement("SELECT * FROM kept WHERE a = 0") is first
    for number in range(2 * TEXTS_MAX):
        compile_statement(f"SELECT * FROM kept WHERE a = {number}")
        compile_statement("SELECT * FROM kept")
    assert len(KEPT) <= TEXTS_MAX
    assert compile_statement("SELECT * FROM kept WHERE a = 0") is not first
