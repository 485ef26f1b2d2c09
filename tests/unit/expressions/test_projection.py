"""Projection text to paths, and every fault that it can have."""

import pytest

from stator.errors import Family, ValidationException
from stator.expressions.projection import parse_projection
from stator.expressions.scope import Scope
from stator.expressions.tree import Path

NAMES = {"#a": "a", "#dot": "x.y", "#b": "b"}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a", (("a",),)),
        ("a , b.c[0] ,#dot", (("a",), ("b", "c", 0), ("x.y",))),
        ("b, a[1], a[0]", (("b",), ("a", 1), ("a", 0))),
        ("#dot.y, x.y", (("x.y", "y"), ("x", "y"))),
    ],
)
def test_paths(text: str, paths: tuple[Path, ...]) -> None:
    scope = Scope(NAMES, None)
    assert parse_projection(text, scope) == paths
    assert tuple(scope.paths) == paths


CLASH = "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
NO_NAME = "An expression attribute name used in the document path is not defined; attribute name: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ", "The expression can not be empty;"),
        ("!!!", 'Syntax error; token: "!", near: "!!"'),
        ("a,", 'Syntax error; token: "<EOF>", near: ","'),
        ("a b", 'Syntax error; token: "b", near: "a b"'),
        ("a.", 'Syntax error; token: "<EOF>", near: "."'),
        ("a[b]", 'Syntax error; token: "b", near: "[b]"'),
        ("a[-1]", 'Syntax error; token: "-", near: "[-1"'),
        (":v", 'Syntax error; token: ":v", near: ":v"'),
        ("f(a)", 'Syntax error; token: "(", near: "f(a"'),
        ("a, status", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("and", "Attribute name is a reserved keyword; reserved keyword: and"),
        ("a.#zz", NO_NAME + "#zz"),
        ("#a, a", CLASH.format("overlap", "[a]", "[a]")),
        ("a.b, a", CLASH.format("overlap", "[a, b]", "[a]")),
        ("a.#b, a[0]", CLASH.format("conflict", "[a, b]", "[a, [0]]")),
        # orders
        ("#zz, status", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("a, a, #zz", NO_NAME + "#zz"),
        ("a.b, a[0], c, c", CLASH.format("overlap", "[c]", "[c]")),
        ("status a", 'Syntax error; token: "a", near: "status a"'),
        ("a[99999999999999]", "List index is not within the allowable range; index: [99999999999999]"),
        ("a" + ".b" * 32, "The document path has too many nesting levels; nesting levels: 33"),
    ],
)
def test_fault(text: str, expected: str) -> None:
    with pytest.raises(ValidationException) as raised:
        parse_projection(text, Scope(NAMES, None))
    assert raised.value.message == f"Invalid ProjectionExpression: {expected}"
    assert raised.value.family is Family.EXPRESSION
