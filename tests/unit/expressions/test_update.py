"""Update text to tree, and every fault that it can have."""

from typing import Any

import pytest

from stator.errors import Family, ValidationException
from stator.expressions.scope import Scope
from stator.expressions.tree import (
    Arithmetic,
    Assignment,
    IfNotExists,
    ListAppend,
    Operation,
    PathOperand,
    Update,
    UpdateValue,
    ValueOperand,
)
from stator.expressions.update import parse_update

NAMES = {"#a": "a", "#dot": "x.y", "#s": "status"}
VALUES: dict[str, Any] = {
    ":v": {"S": "x"},
    ":n": {"N": "5"},
    ":b": {"B": "YQ=="},
    ":bool": {"BOOL": True},
    ":null": {"NULL": True},
    ":l": {"L": []},
    ":m": {"M": {}},
    ":ss": {"SS": ["a"]},
    ":ns": {"NS": ["1"]},
    ":bs": {"BS": ["YQ=="]},
}


def parse(text: str) -> Update:
    return parse_update(text, Scope(NAMES, VALUES))


def problem(text: str) -> str:
    with pytest.raises(ValidationException) as raised:
        parse(text)
    assert raised.value.family is Family.EXPRESSION
    lead_in = "Invalid UpdateExpression: "
    assert raised.value.message.startswith(lead_in)
    return raised.value.message[len(lead_in) :]


A, B, C = (PathOperand((name,)) for name in "abc")
V, N, L = ValueOperand(":v"), ValueOperand(":n"), ValueOperand(":l")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (":v", V),
        ("b", B),
        ("b.#dot[2]", PathOperand(("b", "x.y", 2))),
        ("b+:n", Arithmetic("+", B, N)),
        ("b-c", Arithmetic("-", B, C)),
        ("(b + c)", Arithmetic("+", B, C)),
        ("(b)", B),
        ("(b) + (c)", Arithmetic("+", B, C)),
        ("((b)+(c))", Arithmetic("+", B, C)),
        ("if_not_exists(b.c, :v)", IfNotExists(("b", "c"), V)),
        ("if_not_exists(b, if_not_exists(c, :v))", IfNotExists(("b",), IfNotExists(("c",), V))),
        ("if_not_exists(b, :n) + :n", Arithmetic("+", IfNotExists(("b",), N), N)),
        ("list_append(b, :l)", ListAppend(B, L)),
        ("list_append(if_not_exists(b, :l), (c))", ListAppend(IfNotExists(("b",), L), C)),
        ("if_not_exists(b, list_append(c, :l))", IfNotExists(("b",), ListAppend(C, L))),
    ],
)
def test_value(text: str, value: UpdateValue) -> None:
    assert parse(f"SET a = {text}") == Update(sets=(Assignment(("a",), value),))


def test_sections_in_any_order_and_case() -> None:
    text = "aDD n :n, #dot[1] :ss remove a, b.c Set d=:v , e = (d) DELETE f :bs"
    assert parse(text) == Update(
        sets=(Assignment(("d",), V), Assignment(("e",), PathOperand(("d",)))),
        removes=(("a",), ("b", "c")),
        adds=(Operation(("n",), N), Operation(("x.y", 1), ValueOperand(":ss"))),
        deletes=(Operation(("f",), ValueOperand(":bs")),),
    )


def test_words_of_conditions_are_only_reserved() -> None:
    assert problem("REMOVE between") == "Attribute name is a reserved keyword; reserved keyword: between"


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("SET", "<EOF>", "SET"),
        ("SET _123 = :v", "_", "SET _123"),
        ("SET a", "<EOF>", "a"),
        ("SET a =", "<EOF>", "="),
        ("SET a = set", "set", "= set"),
        ("SET a b", "b", "a b"),
        ("SET a = :v,", "<EOF>", ","),
        ("SET a = b + c + d", "+", "c + d"),
        ("SET a = b * :n", "*", "b * :n"),
        ("SET a = :n +", "<EOF>", "+"),
        ("SET a = 1", "1", "= 1"),
        ("SET a = if_not_exists(a, 0)", "0", ", 0)"),
        ("SET a = if_not_exists(a, :n+:n)", "+", ":n+:n"),
        ("SET a = _f(b)", "_", "= _f"),
        ("SET a = (b.c).d + e", ".", ").d"),
        ("SET (a = (b + c))", "(", "SET (a"),
        ("SET :v = b", ":v", "SET :v ="),
        ("SET a = (b", "<EOF>", "b"),
        ("SET a = b)", ")", "b)"),
        ("REMOVE a = b", "=", "a = b"),
        ("REMOVE a b", "b", "a b"),
        ("REMOVE :v", ":v", "REMOVE :v"),
        ("ADD n", "<EOF>", "n"),
        ("ADD n 1", "1", "n 1"),
        ("ADD n = :n", "=", "n = :n"),
        ("DELETE s t", "t", "s t"),
        ("DELETE s f(t)", "f", "s f("),
    ],
)
def test_syntax_error(text: str, token: str, near: str) -> None:
    assert problem(text) == f'Syntax error; token: "{token}", near: "{near}"'


NO_NAME = "An expression attribute name used in the document path is not defined; attribute name: "
NO_VALUE = "An expression attribute value used in expression is not defined; attribute value: "
OPERAND_TYPE = "Incorrect operand type for operator or function; operator or function: "
CLASH = "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SET abOrt = :v", "Attribute name is a reserved keyword; reserved keyword: abOrt"),
        ("SET a = b.Absolute", "Attribute name is a reserved keyword; reserved keyword: Absolute"),
        ("SET a = f(b, c, d)", "Invalid function name; function: f"),
        ("SET a = IF_NOT_EXISTS(b, :v)", "Invalid function name; function: IF_NOT_EXISTS"),
        ("SET a = contains(b, :v)", "The function is not allowed in an update expression; function: contains"),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        (
            "SET a = list_append(list_append(b, :l), :l)",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        ("SET a = :v SET b = :v", 'The "SET" section can only be used once in an update expression;'),
        ("remove a set b = :v remove c", 'The "REMOVE" section can only be used once in an update expression;'),
        ("ADD a :n ADD b :n", 'The "ADD" section can only be used once in an update expression;'),
        ("DELETE a :ss delete b :ss", 'The "DELETE" section can only be used once in an update expression;'),
        ("SET #zz = :v", NO_NAME + "#zz"),
        ("ADD n :zz", NO_VALUE + ":zz"),
        ("SET a = if_not_exists(:zz, :v)", NO_VALUE + ":zz"),
        ("SET a.b = :v, a.b[0] = :v", CLASH.format("overlap", "[a, b]", "[a, b, [0]]")),
        ("SET a.b = :v REMOVE a", CLASH.format("overlap", "[a, b]", "[a]")),
        ("SET a = :v REMOVE #a", CLASH.format("overlap", "[a]", "[a]")),
        ("SET a.b = :v, a[1] = :v", CLASH.format("conflict", "[a, b]", "[a, [1]]")),
        ("REMOVE a[0].b ADD a[0][1] :n", CLASH.format("conflict", "[a, [0], b]", "[a, [0], [1]]")),
        (
            "SET a = list_append(b)",
            (
                "Incorrect number of operands for operator or function; operator or function: list_append, "
                "number of operands: 1"
            ),
        ),
        (
            "SET a = if_not_exists(b, :v, :v)",
            (
                "Incorrect number of operands for operator or function; operator or function: if_not_exists, "
                "number of operands: 3"
            ),
        ),
        (
            "SET a = if_not_exists(:v, b)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET a = if_not_exists(if_not_exists(b, :v), :v)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        ("SET a = a + :v", OPERAND_TYPE + "+, operand type: S"),
        ("SET a = :l - a", OPERAND_TYPE + "-, operand type: L"),
        ("SET a = list_append(a, :l) + :n", OPERAND_TYPE + "+, operand type: L"),
        ("SET a = list_append(a, :ss)", OPERAND_TYPE + "list_append, operand type: SS"),
        ("SET a = ((b + c))", "The expression has redundant parentheses;"),
        ("REMOVE a[2147483648]", "List index is not within the allowable range; index: [2147483648]"),
        ("REMOVE a" + "[0]" * 32, "The document path has too many nesting levels; nesting levels: 33"),
        (
            "SET " + ",".join(f"a{i}=b+c" for i in range(301)),
            "The expression contains too many operators; operator count: 301",
        ),
    ],
)
def test_fault(text: str, expected: str) -> None:
    assert problem(text) == expected


@pytest.mark.parametrize(
    ("section", "placeholder", "type_name"),
    [
        ("ADD", ":v", "STRING"),
        ("ADD", ":b", "BINARY"),
        ("ADD", ":bool", "BOOLEAN"),
        ("ADD", ":null", "NULL"),
        ("ADD", ":l", "LIST"),
        ("ADD", ":m", "MAP"),
        ("DELETE", ":n", "NUMBER"),
        ("DELETE", ":v", "STRING"),
        ("DELETE", ":m", "MAP"),
    ],
)
def test_type_of_section_operand(section: str, placeholder: str, type_name: str) -> None:
    assert problem(f"{section} a {placeholder}") == (
        f"Incorrect operand type for operator or function; operator: {section}, operand type: {type_name}"
    )


@pytest.mark.parametrize("text", ["ADD a :n", "ADD a :bs", "DELETE a :ns", "SET a = :bool", "SET a[0] = b, a[1] = b"])
def test_no_fault(text: str) -> None:
    parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Each text has the fault that is reported behind one of the next lower kind.
        ("SET a = f(b), status = :v", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("SET a = :v SET b = f(c)", "Invalid function name; function: f"),
        ("SET #zz = :v SET b = :v", 'The "SET" section can only be used once in an update expression;'),
        ("SET a = :zz, #zz = :v", NO_NAME + "#zz"),
        ("SET a = :v, a = :zz", NO_VALUE + ":zz"),
        ("SET a.b = :v, a[1] = :v, c = :v, c = :v", CLASH.format("overlap", "[c]", "[c]")),
        ("ADD a :v, b.c :n, b[0] :n", CLASH.format("conflict", "[b, c]", "[b, [0]]")),
        (
            "SET a = list_append(b) ADD c :v",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING",
        ),
        (
            "SET a = a + :v, b = list_append(b)",
            (
                "Incorrect number of operands for operator or function; operator or function: list_append, "
                "number of operands: 1"
            ),
        ),
    ],
)
def test_order_of_faults(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_scope_holds_targets_and_placeholders() -> None:
    scope = Scope(NAMES, VALUES)
    parse_update("REMOVE b.c SET #s = if_not_exists(a, :v)", scope)
    assert list(scope.paths) == [("b", "c"), ("status",)]
    assert scope.names == {"#s": "status"}
    assert list(scope.values) == [":v"]


def test_deep_texts() -> None:
    assert problem("SET a = " + "f(" * 2000 + "b") == 'Syntax error; token: "<EOF>", near: "b"'
    assert problem("SET a = " + "(" * 2000 + "b" + ")" * 2000) == "The expression has redundant parentheses;"
    parse("SET a = " + "if_not_exists(a," * 230 + "b" + ")" * 230)
