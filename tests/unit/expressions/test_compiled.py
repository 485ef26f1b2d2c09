"""Compiled expressions: kept, bounded, and never the answer to another question."""

from typing import Any

import pytest

from stator.errors import ValidationException
from stator.expressions import compiled
from stator.expressions.checks import Values
from stator.expressions.compiled import Language
from stator.expressions.condition import parse_condition
from stator.expressions.scope import Names, Scope
from stator.expressions.tree import Condition


class Parser:
    """Counts the texts that are parsed."""

    def __init__(self) -> None:
        self.parsed: list[str] = []

    def __call__(self, kind: str, text: str, scope: Scope) -> Condition:
        self.parsed.append(text)
        return parse_condition(kind, text, scope)


@pytest.fixture
def parser() -> Parser:
    return Parser()


@pytest.fixture
def language(parser: Parser) -> Language[Condition]:
    return Language(parser)


def message(language: Language[Condition], text: str, names: Names | None, values: Values | None) -> str:
    with pytest.raises(ValidationException) as raised:
        language.compile("ConditionExpression", text, names, values)
    return raised.value.message


S: dict[str, Any] = {":v": {"S": "x"}}


def test_a_repeated_text_is_parsed_once(language: Language[Condition], parser: Parser) -> None:
    first = language.compile("ConditionExpression", "a = :v", None, S)
    assert language.compile("ConditionExpression", "a = :v", {"#other": "b"}, {":v": {"N": "1"}}) is first
    assert parser.parsed == ["a = :v"]
    assert first.values == (":v",)
    assert first.names == {}


def test_the_same_text_of_another_kind_is_another(language: Language[Condition]) -> None:
    one = language.compile("ConditionExpression", "a = b", None, None)
    assert language.compile("FilterExpression", "a = b", None, None) is not one


def test_names_behind_placeholders_count(language: Language[Condition], parser: Parser) -> None:
    text = "#a = #b"
    one = language.compile("ConditionExpression", text, {"#a": "x", "#b": "y"}, None)
    two = language.compile("ConditionExpression", text, {"#a": "y", "#b": "x"}, None)
    assert (one.paths, two.paths) == ((("x",), ("y",)), (("y",), ("x",)))
    assert language.compile("ConditionExpression", text, {"#b": "y", "#a": "x", "#c": "z"}, None) is one
    assert len(parser.parsed) == 2
    assert message(language, text, {"#a": "x"}, None).endswith("attribute name: #b")
    assert message(language, text, None, None).endswith("attribute name: #a")
    assert "must be distinct" in message(language, text, {"#a": "x", "#b": "x"}, None)


def test_values_are_checked_each_time(language: Language[Condition], parser: Parser) -> None:
    text = "a < :v AND begins_with(b, :w)"
    good: dict[str, Any] = {":v": {"N": "1"}, ":w": {"S": "x"}}
    kept = language.compile("ConditionExpression", text, None, good)
    assert message(language, text, None, {":v": {"BOOL": True}, ":w": {"S": "x"}}).endswith(": <, operand type: BOOL")
    assert message(language, text, None, {":v": {"N": "1"}, ":w": {"N": "1"}}).endswith("begins_with, operand type: N")
    assert message(language, text, None, {":v": {"N": "1"}}).endswith("attribute value: :w")
    assert message(language, text, None, None).endswith("attribute value: :v")
    assert language.compile("ConditionExpression", text, None, good) is kept


def test_bounds_are_checked_each_time(language: Language[Condition]) -> None:
    text = "a BETWEEN :v AND :w"
    language.compile("ConditionExpression", text, None, {":v": {"N": "2"}, ":w": {"N": "10"}})
    assert "greater than or equal" in message(language, text, None, {":v": {"N": "10"}, ":w": {"N": "2"}})
    assert "same data type" in message(language, text, None, {":v": {"N": "10"}, ":w": {"S": "2"}})


def test_faulty_texts_are_not_kept(language: Language[Condition]) -> None:
    message(language, "a =", None, None)
    assert len(language) == 0


def test_texts_are_bounded_and_used_ones_stay(language: Language[Condition], parser: Parser) -> None:
    for number in range(3 * compiled.TEXTS_MAX):
        language.compile("ConditionExpression", "a = b", None, None)
        language.compile("ConditionExpression", f"a = b{number}", None, None)
        if number % 500 == 0:
            assert len(language) <= compiled.TEXTS_MAX
    assert parser.parsed.count("a = b") == 1
    assert parser.parsed.count("a = b0") == 1
    language.compile("ConditionExpression", "a = b0", None, None)
    assert parser.parsed.count("a = b0") == 2


def test_variants_of_one_text_are_bounded(language: Language[Condition], parser: Parser) -> None:
    for number in range(50):
        found = language.compile("ConditionExpression", "#a = b", {"#a": f"x{number}"}, None)
        assert found.paths[0] == (f"x{number}",)
    assert len(language) == 1
    variants = language._young["ConditionExpression", "#a = b"]
    assert len(variants.compiled) <= compiled.VARIANTS_MAX


def test_long_names_are_not_kept(language: Language[Condition]) -> None:
    language.compile("ConditionExpression", "#a = b", {"#a": "x" * 60_000}, None)
    assert len(language) == 0
