"""Projection: shape kept, gaps closed, absences left out."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.expressions import tree
from stator.expressions.project import project, projector
from stator.values import path as paths

ITEM: dict[str, Any] = {
    "pk": {"S": "key"},
    "s": {"S": "text"},
    "a.b": {"S": "dotted"},
    "l": {"L": [{"S": "0"}, {"S": "1"}, {"M": {"x": {"N": "7"}, "y": {"N": "8"}}}, {"L": [{"N": "1"}, {"N": "2"}]}]},
    "m": {"M": {"a": {"S": "A"}, "b": {"M": {"c": {"N": "1"}, "d": {"N": "2"}}}, "e": {"L": []}}},
}


def path(text: str) -> tree.Path:
    return tuple(int(step) if step.isdigit() else step for step in text.split("."))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["s"], {"s": {"S": "text"}}),
        (["s", "pk", "zz"], {"s": {"S": "text"}, "pk": {"S": "key"}}),
        (["zz"], {}),
        (["m.a"], {"m": {"M": {"a": {"S": "A"}}}}),
        (["m.zz"], {}),
        (["m.a", "m.zz"], {"m": {"M": {"a": {"S": "A"}}}}),
        (["m.b.c", "m.a"], {"m": {"M": {"b": {"M": {"c": {"N": "1"}}}, "a": {"S": "A"}}}}),
        (["m.b.c", "m.b.d"], {"m": {"M": {"b": {"M": {"c": {"N": "1"}, "d": {"N": "2"}}}}}}),
        (["m.b.zz", "s"], {"s": {"S": "text"}}),
        (["m.e"], {"m": {"M": {"e": {"L": []}}}}),
        (["m.e.0"], {}),
        (["l.1"], {"l": {"L": [{"S": "1"}]}}),
        (["l.1", "l.0"], {"l": {"L": [{"S": "0"}, {"S": "1"}]}}),
        (["l.9", "l.1"], {"l": {"L": [{"S": "1"}]}}),
        (["l.2.x", "l.0", "l.2.y"], {"l": {"L": [{"S": "0"}, {"M": {"x": {"N": "7"}, "y": {"N": "8"}}}]}}),
        (["l.3.1", "l.2.x"], {"l": {"L": [{"M": {"x": {"N": "7"}}}, {"L": [{"N": "2"}]}]}}),
        (["l.2.zz", "l.0.q"], {}),
        (["l.a", "m.0", "s.a", "s.0"], {}),
        ([], {}),
    ],
)
def test_project(wanted: list[str], expected: dict[str, Any]) -> None:
    before = copy.deepcopy(ITEM)
    assert project([path(text) for text in wanted], ITEM) == expected
    assert before == ITEM


def test_a_dot_inside_a_name_is_part_of_the_name() -> None:
    assert project([("a.b",)], ITEM) == {"a.b": {"S": "dotted"}}


def test_a_projector_serves_many_items() -> None:
    pick = projector([("m", "a"), ("s",)])
    assert pick({"s": {"S": "1"}, "t": {"S": "2"}}) == {"s": {"S": "1"}}
    assert pick({"m": {"M": {"a": {"S": "1"}, "b": {"S": "2"}}}}) == {"m": {"M": {"a": {"S": "1"}}}}
    assert pick({}) == {}


documents = st.recursive(
    st.sampled_from("xyz").map(lambda text: {"S": text}),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda members: {"M": members}),
    ),
    max_leaves=10,
)
items = st.dictionaries(st.sampled_from("abc"), documents, max_size=3)
steps: st.SearchStrategy[str | int] = st.sampled_from(["a", "b", 0, 1])
targets = st.builds(lambda first, rest: (first, *rest), st.sampled_from("abc"), st.lists(steps, max_size=3))


@settings(max_examples=150, deadline=None)
@given(targets, items)
def test_one_path_gives_its_value_and_nothing_else(target: tree.Path, item: Any) -> None:
    value = paths.read(item, target)
    picked = project([target], item)
    if value is None:
        assert picked == {}
        return
    # A list holds only the element picked, so every index is 0 there.
    assert paths.read(picked, tuple(0 if isinstance(step, int) else step for step in target)) == value
    inner: Any = {"M": picked}
    for _ in target:
        (content,) = inner.values()
        (inner,) = content.values() if isinstance(content, dict) else content


@settings(max_examples=150, deadline=None)
@given(st.lists(targets, min_size=1, max_size=4), items)
def test_order_does_not_matter_and_wholes_win(wanted: list[tree.Path], item: Any) -> None:
    assert project(wanted, item) == project(wanted[::-1], item)
    tops = [(target[0],) for target in wanted]
    assert project([*wanted, *tops], item) == project(tops, item)
