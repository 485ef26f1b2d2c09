"""Condition text to tree, and every fault that it can have."""

from typing import Any

import pytest

from stator.errors import Family, ValidationException
from stator.expressions.condition import parse_condition
from stator.expressions.scope import Scope
from stator.expressions.tree import (
    And,
    Between,
    Comparison,
    Condition,
    FunctionCall,
    In,
    Not,
    Or,
    PathOperand,
    SizeOf,
    ValueOperand,
)

NAMES = {"#a": "a", "#dot": "x.y", "#s": "status"}
VALUES: dict[str, Any] = {
    ":v": {"S": "x"},
    ":w": {"S": "w"},
    ":n": {"N": "5"},
    ":two": {"N": "10"},
    ":b": {"B": "YQ=="},
    ":bool": {"BOOL": True},
    ":null": {"NULL": True},
    ":l": {"L": []},
    ":m": {"M": {}},
    ":ss": {"SS": ["a"]},
    ":ns": {"NS": ["1"]},
    ":bs": {"BS": ["YQ=="]},
    ":type": {"S": "SS"},
}


def parse(text: str, kind: str = "ConditionExpression") -> Condition:
    return parse_condition(kind, text, Scope(NAMES, VALUES))


def problem(text: str, kind: str = "ConditionExpression") -> str:
    with pytest.raises(ValidationException) as raised:
        parse(text, kind)
    assert raised.value.family is Family.EXPRESSION
    lead_in = f"Invalid {kind}: "
    assert raised.value.message.startswith(lead_in)
    return raised.value.message[len(lead_in) :]


A, B, C = (PathOperand((name,)) for name in "abc")
V, W = ValueOperand(":v"), ValueOperand(":w")
AB, BC, CV = Comparison("<", A, B), Comparison("<", B, C), Comparison("=", C, V)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a<b", AB),
        ("a.b[0].#dot = :v", Comparison("=", PathOperand(("a", "b", 0, "x.y")), V)),
        ("a . b [ 007 ] <> :v", Comparison("<>", PathOperand(("a", "b", 7)), V)),
        ("size (a) >= :n", Comparison(">=", SizeOf(A), ValueOperand(":n"))),
        ("a between b and c", Between(A, B, C)),
        ("a BETWEEN b AND c AND b < c", And((Between(A, B, C), BC))),
        ("a In (:v , b)", In(A, (V, B))),
        (":v IN (:w)", In(V, (W,))),
        ("attribute_exists (a)", FunctionCall("attribute_exists", (A,))),
        ("begins_with(:v, a)", FunctionCall("begins_with", (V, A))),
        ("attribute_type(:n, :type)", FunctionCall("attribute_type", (ValueOperand(":n"), ValueOperand(":type")))),
        ("NOT a<b", Not(AB)),
        ("nOt NOT not a<b", Not(AB)),
        ("NOT NOT a<b", AB),
        ("NOT (NOT a<b)", AB),
        ("a<b OR b<c AND c=:v", Or((AB, And((BC, CV))))),
        ("NOT a<b aNd b<c", And((Not(AB), BC))),
        ("(a<b OR b<c) AND c=:v", And((Or((AB, BC)), CV))),
        ("NOT (a<b OR b<c)", Not(Or((AB, BC)))),
        ("a<b AND (b<c AND (c=:v))", And((AB, BC, CV))),
        ("a<b OR (b<c OR c=:v)", Or((AB, BC, CV))),
        ("(a).b = :v", Comparison("=", PathOperand(("a", "b")), V)),
        (":v = :v", Comparison("=", V, V)),
        ("size(a) = size(a)", Comparison("=", SizeOf(A), SizeOf(A))),
    ],
)
def test_tree(text: str, tree: Condition) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("a", "<EOF>", "a"),
        (":v", "<EOF>", ":v"),
        ("(a)", ")", "a)"),
        ("things are not ok", "are", "things are not"),
        ("a > 4", "4", "> 4"),
        ("a == :v", "=", "== :v"),
        ("a-b", "-", "a-b"),
        ("attribute_not_exists(", "<EOF>", "("),
        ("attribute_type()", ")", "()"),
        ("attribute_exists(a..b)", ".", "..b"),
        ("attribute_exists(a[b])", "b", "[b]"),
        ("a[1.5] = :v", ".", "1.5"),
        ("a in b, c", "b", "in b,"),
        ("a in (b,)", ")", ",)"),
        ("a IN ()", ")", "()"),
        ("a > between", "between", "> between"),
        ("a.and = :v", "and", ".and ="),
        ("a = :v.b", ".", ":v.b"),
        ("size(a).b > a", ".", ").b"),
        ("(size(a))[0] > a", "[", ")[0"),
        ("a between b", "<EOF>", "b"),
        ("a between b or c", "or", "b or c"),
        ("a = :v)", ")", ":v)"),
        ("(a = :v", "<EOF>", ":v"),
        ("a = :v AND", "<EOF>", "AND"),
        ("AND a = :v", "AND", "AND a"),
        ("a = :v b", "b", ":v b"),
        ("a = b = c", "=", "b = c"),
        ("_a = :v", "_", "_a"),
        ("ü > a", "ü", "ü >"),
        ('a = "x"', '"', '= "x'),
        ("a.#$ = :v", "#", ".#$"),
    ],
)
def test_syntax_error(text: str, token: str, near: str) -> None:
    assert problem(text) == f'Syntax error; token: "{token}", near: "{near}"'


REDUNDANT = "The expression has redundant parentheses;"
MISUSED = "The function is not allowed to be used this way in an expression; function: "
OPERANDS = "Incorrect number of operands for operator or function; operator or function: "
OPERAND_TYPE = "Incorrect operand type for operator or function; operator or function: "
DISTINCT = "The first operand must be distinct from the remaining operands for this operator or function; operator: "
NO_NAME = "An expression attribute name used in the document path is not defined; attribute name: "
NO_VALUE = "An expression attribute value used in expression is not defined; attribute value: "
PATH = "Operator or function requires a document path; operator or function: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((a = :v))", REDUNDANT),
        ("(a) = :v", REDUNDANT),
        ("a = (:v)", REDUNDANT),
        ("((size(a)) < b)", REDUNDANT),
        ("contains((a), :v)", REDUNDANT),
        ("(a)between(b)and(c)", REDUNDANT),
        ("a = :v AND ((b = :v OR c = :v))", REDUNDANT),
        ("a > ((b))", REDUNDANT),
        ("((a.b)).c = :v", REDUNDANT),
        ("contains(a, ((:v)))", REDUNDANT),
        ("dog(a) = :v", "Invalid function name; function: dog"),
        ("Attribute_Exists(a)", "Invalid function name; function: Attribute_Exists"),
        ("size(a)", MISUSED + "size"),
        ("NOT size(a)", MISUSED + "size"),
        ("attribute_exists(a) > b", MISUSED + "attribute_exists"),
        ("size(contains(a, b)) > c", MISUSED + "contains"),
        ("a BETWEEN b AND begins_with(a, b)", MISUSED + "begins_with"),
        ("a IN (b, contains(a, c))", MISUSED + "contains"),
        ("if_not_exists(a, b) = :v", "The function is not allowed in a condition expression; function: if_not_exists"),
        ("list_append(a, b) = :v", "The function is not allowed in a condition expression; function: list_append"),
        ("Status = :v", "Attribute name is a reserved keyword; reserved keyword: Status"),
        ("a.abOrt = :v", "Attribute name is a reserved keyword; reserved keyword: abOrt"),
        ("#zz = :v", NO_NAME + "#zz"),
        ("a.#zz = :v", NO_NAME + "#zz"),
        ("a = :zz", NO_VALUE + ":zz"),
        ("attribute_exists(a, b)", OPERANDS + "attribute_exists, number of operands: 2"),
        ("begins_with(a)", OPERANDS + "begins_with, number of operands: 1"),
        ("size(a, b) = :n", OPERANDS + "size, number of operands: 2"),
        ("a = #a", DISTINCT + "=, first operand: [a]"),
        ("a.b[1] <> a.b[1]", DISTINCT + "<>, first operand: [a, b, [1]]"),
        ("contains(a, #a)", DISTINCT + "contains, first operand: [a]"),
        ("begins_with(a, a)", DISTINCT + "begins_with, first operand: [a]"),
        ("a IN (b, a)", DISTINCT + "IN, first operand: [a]"),
        ("attribute_exists(:v)", PATH + "attribute_exists"),
        ("attribute_not_exists(size(:v))", PATH + "attribute_not_exists"),
        ("begins_with(a, :n)", OPERAND_TYPE + "begins_with, operand type: N"),
        ("begins_with(:ss, a)", OPERAND_TYPE + "begins_with, operand type: SS"),
        ("begins_with(a, size(b))", OPERAND_TYPE + "begins_with, operand type: N"),
        ("size(:n) > a", OPERAND_TYPE + "size, operand type: N"),
        ("size(:bool) > a", OPERAND_TYPE + "size, operand type: BOOL"),
        ("size(:null) > a", OPERAND_TYPE + "size, operand type: NULL"),
        ("size(size(a)) > :n", OPERAND_TYPE + "size, operand type: N"),
        ("a < :bool", OPERAND_TYPE + "<, operand type: BOOL"),
        (":null >= a", OPERAND_TYPE + ">=, operand type: NULL"),
        ("a > :l", OPERAND_TYPE + ">, operand type: L"),
        ("a <= :m", OPERAND_TYPE + "<=, operand type: M"),
        ("a < :ns", OPERAND_TYPE + "<, operand type: NS"),
        ("a BETWEEN :bs AND b", OPERAND_TYPE + "BETWEEN, operand type: BS"),
        ("attribute_type(a, :n)", OPERAND_TYPE + "attribute_type, operand type: N"),
        ("attribute_type(a, size(b))", OPERAND_TYPE + "attribute_type, operand type: N"),
        (
            "attribute_type(a, :v)",
            "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        (
            "a BETWEEN :v AND :n",
            (
                "The BETWEEN operator requires same data type for lower and upper bounds; "
                "lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:5}"
            ),
        ),
        (
            "a BETWEEN :two AND :n",
            (
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                "lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:5}"
            ),
        ),
        ("a[99999999999999] = :v", "List index is not within the allowable range; index: [99999999999999]"),
        (
            "a" + ".b" * 32 + " = :v",
            "The document path has too many nesting levels; nesting levels: 33",
        ),
        (
            "a IN (" + ", ".join([":v"] * 100) + ")",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
        ("a<b OR " * 150 + "a<b", "The expression contains too many operators; operator count: 301"),
    ],
)
def test_fault(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_attribute_type_of_a_path_as_type_name() -> None:
    assert problem("attribute_type(a, b)").startswith(OPERAND_TYPE + "attribute_type, operand type: {")


@pytest.mark.parametrize(
    "text",
    [
        "a = :bool",
        "a <> :m",
        "a IN (:l, :ss)",
        "contains(:l, a)",
        "size(:ss) = :n",
        "begins_with(a, :b)",
        "a BETWEEN :n AND :two",
        "a BETWEEN :n AND :n",
        "a" + ".b" * 31 + " = :v",
        "a[2147483647] = :v",
        "a IN (" + ", ".join([":v"] * 99) + ")",
        "a<b OR " * 149 + "a<b",
    ],
)
def test_no_fault(text: str) -> None:
    parse(text)


@pytest.mark.parametrize("kind", ["FilterExpression", "KeyConditionExpression"])
def test_update_function_in_other_conditions(kind: str) -> None:
    assert problem("if_not_exists(a, b) = :v", kind) == MISUSED + "if_not_exists"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Each text has two faults: the one that is reported and the next lower one, written first.
        ("dog(a) = :v AND ((b = :v))", REDUNDANT),
        ("size(a) AND dog(a) = :v", "Invalid function name; function: dog"),
        ("status = :v AND size(a)", MISUSED + "size"),
        ("#zz = :v AND status = :v", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("begins_with(a, #zz, :v)", NO_NAME + "#zz"),
        ("begins_with(a, :zz, :v)", NO_VALUE + ":zz"),
        ("begins_with(:zz, #zz)", NO_VALUE + ":zz"),
        ("begins_with(#zz, :zz)", NO_NAME + "#zz"),
        ("begins_with(size(:n), a, a)", OPERANDS + "begins_with, number of operands: 3"),
        ("attribute_type(a, #a)", DISTINCT + "attribute_type, first operand: [a]"),
        # Below that, the first faulty comparison counts, whatever its fault.
        ("a = a AND b = :zz", DISTINCT + "=, first operand: [a]"),
        ("begins_with(a, :n) AND #zz = :v", OPERAND_TYPE + "begins_with, operand type: N"),
        ("attribute_exists(a, b) AND a = a", OPERANDS + "attribute_exists, number of operands: 2"),
        (
            "(a BETWEEN :two AND :n) AND a = a",
            (
                "The BETWEEN operator requires upper bound to be greater than or equal "
                "to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:5}"
            ),
        ),
        # Inner functions come before outer ones.
        ("attribute_not_exists(size(:n))", OPERAND_TYPE + "size, operand type: N"),
        # Syntax comes before everything.
        ("((status = :zz)) AND", 'Syntax error; token: "<EOF>", near: "AND"'),
    ],
)
def test_order_of_faults(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_scope_holds_what_is_used() -> None:
    scope = Scope(NAMES, VALUES)
    parse_condition("FilterExpression", "#s = :v OR a.b > :n AND #s <> :v", scope)
    assert scope.names == {"#s": "status"}
    assert list(scope.values) == [":v", ":n"]
    assert list(scope.paths) == [("status",), ("a", "b")]
    assert len(scope.checks) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(" * 4096, 'Syntax error; token: "<EOF>", near: "("'),
        ("(" * 2046 + "a<b" + ")" * 2046, REDUNDANT),
        ("not " * 1000 + "a<b", "The expression contains too many operators; operator count: 301"),
        ("a < " + "f(" * 1355 + "b" + ")" * 1355, "Invalid function name; function: f"),
        ("a < " + "size(" * 680 + "b" + ")" * 680, OPERAND_TYPE + "size, operand type: N"),
        ("a<b " + "or (a<b " * 454 + ")" * 454, "The expression contains too many operators; operator count: 301"),
        ("a = " + "(" * 2000 + "b" + ")" * 2000, REDUNDANT),
    ],
)
def test_deep_texts(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_deepest_tree_is_flat() -> None:
    depth = 149
    condition = parse("a<b " + "or (a<b " * depth + ")" * depth)
    assert isinstance(condition, Or)
    assert len(condition.conditions) == depth + 1
