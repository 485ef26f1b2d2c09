"""The expressions of one request together."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.errors import Family, ValidationException
from stator.expressions.request import Expressions
from stator.values.attribute import Item

VALUES: dict[str, Any] = {":v": {"S": "x"}, ":one": {"N": "1.0"}}
NAMES = {"#a": "a", "#s": "status"}


def unused(names: dict[str, str] | None, values: dict[str, Any] | None, *conditions: str) -> str:
    expressions = Expressions(names, values)
    for text in conditions:
        expressions.condition("ConditionExpression", text)
    with pytest.raises(ValidationException) as raised:
        expressions.check_used()
    assert raised.value.family is Family.EXPRESSION
    return raised.value.message


def test_unused_names_come_before_unused_values() -> None:
    names = "Value provided in ExpressionAttributeNames unused in expressions: keys: "
    values = "Value provided in ExpressionAttributeValues unused in expressions: keys: "
    assert unused(NAMES, VALUES, "a = b") == names + "{#a, #s}"
    assert unused(NAMES, VALUES, "#s = b", "a = b") == names + "{#a}"
    assert unused(NAMES, VALUES, "#s = #a") == values + "{:v, :one}"
    assert unused(None, VALUES, "a = :v") == values + "{:one}"
    assert unused(None, VALUES) == values + "{:v, :one}"


def test_expressions_share_placeholders() -> None:
    expressions = Expressions(NAMES, VALUES)
    expressions.update("SET #a = :v")
    expressions.condition("ConditionExpression", "attribute_exists(#a) OR #s = :one")
    expressions.check_used()


def test_every_kind_counts_as_use() -> None:
    expressions = Expressions({"#a": "a", "#b": "b", "#c": "c"}, {":k": {"S": ""}, ":f": {"S": ""}})
    expressions.key_condition("#a = :k")
    expressions.condition("FilterExpression", "#b = :f")
    expressions.projection("#c.d")
    expressions.check_used()


def test_nothing_given_nothing_unused() -> None:
    Expressions(None, None).check_used()


def test_maps_are_checked_at_once() -> None:
    with pytest.raises(ValidationException, match="ExpressionAttributeNames must not be empty"):
        Expressions({}, {})
    with pytest.raises(ValidationException, match="ExpressionAttributeValues must not be empty"):
        Expressions(None, {})
    with pytest.raises(ValidationException, match=r"invalid value: .+ for key :v"):
        Expressions(None, {":v": {"N": "dog"}})


def test_condition() -> None:
    condition = Expressions(NAMES, VALUES).condition("FilterExpression", "#s = :v AND a.b[0] < :one")
    assert condition.paths == (("status",), ("a", "b", 0))
    assert condition.values == {":v": {"S": "x"}, ":one": {"N": "1"}}
    assert condition.holds({"status": {"S": "x"}, "a": {"M": {"b": {"L": [{"N": "0"}]}}}})
    assert not condition.holds({"status": {"S": "x"}, "a": {"M": {"b": {"L": [{"N": "1"}]}}}})
    assert not condition.holds({})


def test_the_same_text_with_other_values() -> None:
    def holds(value: str) -> bool:
        bound = Expressions(None, {":v": {"S": value}}).condition("ConditionExpression", "a = :v")
        return bound.holds({"a": {"S": "x"}})

    assert [holds("x"), holds("y"), holds("x")] == [True, False, True]


def test_update() -> None:
    update = Expressions(NAMES, VALUES).update("ADD n :one SET #s = if_not_exists(#s, :v), m.b = :v REMOVE #a")
    assert update.paths == (("n",), ("status",), ("m", "b"), ("a",))
    item: Item = {"a": {"S": "y"}, "m": {"M": {}}, "n": {"N": "41"}}
    assert update.apply(item) == {
        "status": {"S": "x"},
        "m": {"M": {"b": {"S": "x"}}},
        "n": {"N": "42"},
    }


def test_update_of_an_absent_item() -> None:
    update = Expressions(None, None).update("REMOVE a.b")
    assert update.apply({"pk": {"S": "k"}}, absent=True) == {"pk": {"S": "k"}}
    with pytest.raises(ValidationException, match="document path"):
        update.apply({"pk": {"S": "k"}})


def test_projection() -> None:
    projection = Expressions(NAMES, None).projection("b.c, #a[1]")
    assert projection.paths == (("b", "c"), ("a", 1))
    assert projection.project({"a": {"L": [{"S": "0"}, {"S": "1"}]}, "b": {"S": "no map"}}) == {
        "a": {"L": [{"S": "1"}]}
    }


def test_deepest_expressions_work() -> None:
    item = {"a": {"N": "1"}, "b": {"N": "2"}}
    text = "a<b " + "and (a<b or (a<b " * 74 + "))" * 74
    assert Expressions(None, None).condition("ConditionExpression", text).holds(item)
    text = "NOT (a<b AND " * 98 + "a<b" + ")" * 98
    assert Expressions(None, None).condition("ConditionExpression", text).holds(item)
    text = "SET c = " + "if_not_exists(x," * 230 + "b" + ")" * 230
    assert Expressions(None, None).update(text).apply(item)["c"] == {"N": "2"}


_WORDS = (
    "( ) ( ) , . [ ] = <> < <= > >= + - AND OR NOT IN BETWEEN SET REMOVE ADD DELETE size if_not_exists list_append "
    "attribute_exists attribute_not_exists attribute_type begins_with contains a b c a b #a #s #zz :v :one :zz status "
    "0 1 99999999999 _ ! f"
)
WORDS = st.sampled_from(_WORDS.split())
TEXTS = st.one_of(
    st.lists(WORDS, max_size=40).map(" ".join),
    st.lists(WORDS, max_size=40).map("".join),
    st.text(max_size=50),
    st.builds(lambda word, count: (word + " ") * count, WORDS, st.integers(1, 1500)),
)


@settings(max_examples=150)
@given(TEXTS)
def test_any_text_is_refused_or_works(text: str) -> None:
    item: Item = {"a": {"N": "1"}, "b": {"M": {"c": {"L": []}}}}
    expressions = Expressions(NAMES, VALUES)
    uses = [
        lambda: expressions.condition("ConditionExpression", text).holds(item),
        lambda: expressions.condition("FilterExpression", text).holds({}),
        lambda: expressions.update(text).apply(item),
        lambda: expressions.projection(text).project(item),
        lambda: expressions.key_condition(text).terms,
        expressions.check_used,
    ]
    for use in uses:
        with suppress(ValidationException):
            use()


OPERANDS = st.sampled_from(["a", "b.c", "a[0]", "#a", ":v", ":one", "size(a)", "b"])
COMPARISONS = st.one_of(
    st.builds(lambda x, o, y: f"{x} {o} {y}", OPERANDS, st.sampled_from(["=", "<>", "<", ">="]), OPERANDS),
    st.builds(lambda x, y, z: f"{x} BETWEEN {y} AND {z}", OPERANDS, OPERANDS, OPERANDS),
    st.builds(lambda x, y: f"{x} IN ({', '.join(y)})", OPERANDS, st.lists(OPERANDS, min_size=1, max_size=3)),
    st.builds(lambda x: f"attribute_exists({x})", OPERANDS),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(lambda x: f"NOT {x}", inner),
        st.builds(lambda x, o, y: f"({x} {o} {y})", inner, st.sampled_from(["AND", "OR"]), inner),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(CONDITIONS)
def test_well_formed_conditions_have_no_syntax_error(text: str) -> None:
    problem = ""
    try:
        Expressions(NAMES, VALUES).condition("ConditionExpression", text).holds({})
    except ValidationException as error:
        problem = error.message
    assert "Syntax error" not in problem
    assert "redundant" not in problem
