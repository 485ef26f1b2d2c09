"""Key conditions to terms, and the forms that no Query can follow."""

from typing import Any

import pytest

from stator.errors import Family, ValidationException
from stator.expressions.request import Expressions
from stator.expressions.tree import KeyTerm, ValueOperand

VALUES: dict[str, Any] = {":v": {"S": "v"}, ":w": {"S": "w"}, ":bool": {"BOOL": True}}
V, W = ValueOperand(":v"), ValueOperand(":w")
PK = KeyTerm("pk", "=", (V,))


def terms(text: str) -> tuple[KeyTerm, ...]:
    return Expressions({"#k": "key"}, VALUES).key_condition(text).terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pk = :v", (PK,)),
        ("(pk = :v)", (PK,)),
        (":v = pk", (PK,)),
        ("#k = :v AND pk = :v", (KeyTerm("key", "=", (V,)), PK)),
        ("pk = :v AND sk < :w", (PK, KeyTerm("sk", "<", (W,)))),
        ("pk = :v AND :w < sk", (PK, KeyTerm("sk", ">", (W,)))),
        ("pk = :v AND :w <= sk", (PK, KeyTerm("sk", ">=", (W,)))),
        ("pk = :v AND :w > sk", (PK, KeyTerm("sk", "<", (W,)))),
        ("pk = :v AND :w >= sk", (PK, KeyTerm("sk", "<=", (W,)))),
        ("pk = :v AND sk BETWEEN :v AND :w", (PK, KeyTerm("sk", "BETWEEN", (V, W)))),
        ("((begins_with(sk, :w)) AND (pk = :v))", (KeyTerm("sk", "begins_with", (W,)), PK)),
        (
            "a = :v AND (b = :v AND c > :w)",
            (KeyTerm("a", "=", (V,)), KeyTerm("b", "=", (V,)), KeyTerm("c", ">", (W,))),
        ),
    ],
)
def test_terms(text: str, expected: tuple[KeyTerm, ...]) -> None:
    assert terms(text) == expected


OPERATOR = "Invalid operator used in KeyConditionExpression: "
INVALID = "Invalid KeyConditionExpression: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pk = :v OR sk = :w", OPERATOR + "OR"),
        ("NOT pk = :v", OPERATOR + "NOT"),
        ("pk = :v AND NOT sk = :w", OPERATOR + "NOT"),
        ("NOT NOT pk = :v", OPERATOR + "NOT"),
        ("pk IN (:v)", OPERATOR + "IN"),
        ("pk <> :v", OPERATOR + "<>"),
        ("attribute_exists(pk)", OPERATOR + "attribute_exists"),
        ("contains(pk.a, :v)", OPERATOR + "contains"),
        ("size(pk) = :v", OPERATOR + "size"),
        ("pk = sk", INVALID + "Multiple attribute names used in one condition"),
        ("begins_with(pk, sk)", INVALID + "Multiple attribute names used in one condition"),
        ("pk BETWEEN :v AND sk", INVALID + "Multiple attribute names used in one condition"),
        (":v = :w", INVALID + "No key attribute specified"),
        (":v BETWEEN pk AND :w", INVALID + "BETWEEN operator must have the key attribute as its first operand"),
        ("begins_with(:v, pk)", INVALID + "begins_with operator must have the key attribute as its first operand"),
        ("pk.a = :v", INVALID + "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("pk[0] = :v", INVALID + "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("pk = :v AND pk = :w", INVALID + "KeyConditionExpressions must only contain one condition per key"),
        ("pk", INVALID + 'Syntax error; token: "<EOF>", near: "pk"'),
        ("", INVALID + "The expression can not be empty;"),
        ("((pk = :v))", INVALID + "The expression has redundant parentheses;"),
        ("key = :v", INVALID + "Attribute name is a reserved keyword; reserved keyword: key"),
        (
            "pk > :bool",
            INVALID + "Incorrect operand type for operator or function; operator or function: >, operand type: BOOL",
        ),
    ],
)
def test_fault(text: str, expected: str) -> None:
    with pytest.raises(ValidationException) as raised:
        terms(text)
    assert raised.value.message == expected
    assert raised.value.family is Family.EXPRESSION


def test_forms_are_judged_after_unused_placeholders() -> None:
    expressions = Expressions({"#k": "key"}, VALUES)
    condition = expressions.key_condition("NOT pk = :v")
    with pytest.raises(ValidationException, match="ExpressionAttributeNames unused"):
        expressions.check_used()
    for _ in range(2):
        with pytest.raises(ValidationException, match="KeyConditionExpression: NOT"):
            _ = condition.terms
