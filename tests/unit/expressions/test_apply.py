"""Updates: the service's rules by example, and the laws that hold for every update."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.apply import INVALID_PATH, ITEM_TOO_LARGE, MISSING_ATTRIBUTE, WRONG_TYPE, apply, creates
from stator.values import path as paths
from stator.values.number import OVERFLOW
from stator.values.parse import NESTED_TOO_DEEP, parse_item, parse_value

ITEM, _ = parse_item(
    {
        "pk": {"S": "key"},
        "n": {"N": "10"},
        "s": {"S": "text"},
        "big": {"N": "9" * 38},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2"]},
        "bs": {"BS": ["AQ==", "gA=="]},
        "l": {"L": [{"S": "0"}, {"S": "1"}, {"S": "2"}, {"S": "3"}]},
        "m": {"M": {"n": {"N": "1"}, "l": {"L": [{"M": {"x": {"N": "7"}}}]}, "set": {"SS": ["only"]}}},
    }
)


def path(text: str) -> tree.Path:
    return tuple(int(step) if step.isdigit() else step for step in text.split("."))


def operand(text: str) -> tree.PathOperand | tree.ValueOperand:
    return tree.ValueOperand(text) if text.startswith(":") else tree.PathOperand(path(text))


def plus(left: str, right: str) -> tree.Arithmetic:
    return tree.Arithmetic("+", operand(left), operand(right))


def minus(left: str, right: str) -> tree.Arithmetic:
    return tree.Arithmetic("-", operand(left), operand(right))


def assign(**targets: Any) -> tree.Update:
    """`a__b=...` sets a.b; texts become operands."""
    return tree.Update(
        sets=tuple(
            tree.Assignment(path(name.replace("__", ".")), operand(value) if isinstance(value, str) else value)
            for name, value in targets.items()
        )
    )


def remove(*targets: str) -> tree.Update:
    return tree.Update(removes=tuple(map(path, targets)))


def add(target: str) -> tree.Update:
    return tree.Update(adds=(tree.Operation(path(target), tree.ValueOperand(":v")),))


def delete(target: str) -> tree.Update:
    return tree.Update(deletes=(tree.Operation(path(target), tree.ValueOperand(":v")),))


def changed(update: tree.Update, **values: Any) -> dict[str, Any]:
    """The attributes that differ from ITEM after the update; None for those that went."""
    before = copy.deepcopy(ITEM)
    new = apply(update, ITEM, {f":{name}": parse_value(value) for name, value in values.items()})
    assert before == ITEM
    return {name: new.get(name) for name in {**ITEM, **new} if new.get(name) != ITEM.get(name)}


def elements(*texts: str) -> dict[str, Any]:
    return {"L": [{"S": text} for text in texts]}


IF_NOT_EXISTS = tree.IfNotExists(("zz",), tree.ValueOperand(":v"))


@pytest.mark.parametrize(
    ("update", "values", "expected"),
    [
        (assign(a=":v"), {"v": {"S": "x"}}, {"a": {"S": "x"}}),
        (assign(n=":v"), {"v": {"S": "x"}}, {"n": {"S": "x"}}),
        (assign(a="s"), {}, {"a": {"S": "text"}}),
        (assign(a="m.l.0.x"), {}, {"a": {"N": "7"}}),
        (assign(n="s", s="n"), {}, {"n": {"S": "text"}, "s": {"N": "10"}}),
        (assign(n=plus("n", ":v")), {"v": {"N": "-0.5"}}, {"n": {"N": "9.5"}}),
        (assign(n=minus(":v", "n")), {"v": {"N": "1"}}, {"n": {"N": "-9"}}),
        (assign(a=plus("n", "m.n")), {}, {"a": {"N": "11"}}),
        (assign(a=IF_NOT_EXISTS), {"v": {"N": "1"}}, {"a": {"N": "1"}}),
        (assign(a=tree.IfNotExists(("n",), tree.ValueOperand(":v"))), {"v": {"N": "1"}}, {"a": {"N": "10"}}),
        (assign(a=tree.IfNotExists(("zz",), tree.PathOperand(("s",)))), {}, {"a": {"S": "text"}}),
        (assign(a=tree.IfNotExists(("zz",), plus("n", "n"))), {}, {"a": {"N": "20"}}),
        (assign(a=tree.Arithmetic("+", IF_NOT_EXISTS, operand(":v"))), {"v": {"N": "2"}}, {"a": {"N": "4"}}),
        (assign(l=tree.ListAppend(operand("l"), operand(":v"))), {"v": elements("x")}, {"l": elements(*"0123x")}),
        (assign(l=tree.ListAppend(operand(":v"), operand("l"))), {"v": elements("x")}, {"l": elements(*"x0123")}),
        (assign(a=tree.ListAppend(IF_NOT_EXISTS, operand(":v"))), {"v": elements("x")}, {"a": elements("x", "x")}),
        # Nested targets
        (
            assign(m__l__0__y=":v"),
            {"v": {"S": "x"}},
            {"m": {"M": {**ITEM["m"]["M"], "l": {"L": [{"M": {"x": {"N": "7"}, "y": {"S": "x"}}}]}}}},
        ),
        (assign(l__1=":v"), {"v": {"S": "x"}}, {"l": elements(*"0x23")}),
        (assign(l__4=":v"), {"v": {"S": "x"}}, {"l": elements(*"0123x")}),
        (assign(l__99=":v", l__50=":w", l__0=":v"), {"v": {"S": "x"}, "w": {"S": "y"}}, {"l": elements(*"x123yx")}),
        # REMOVE
        (remove("s"), {}, {"s": None}),
        (remove("zz"), {}, {}),
        (remove("m.zz"), {}, {}),
        (remove("l.9"), {}, {}),
        (remove("l.0", "l.2"), {}, {"l": elements("1", "3")}),
        (remove("l.2", "l.0", "l.1", "l.3"), {}, {"l": {"L": []}}),
        (remove("m.l.0.x"), {}, {"m": {"M": {**ITEM["m"]["M"], "l": {"L": [{"M": {}}]}}}}),
        (remove("m.n", "m.l", "m.set"), {}, {"m": {"M": {}}}),
        # ADD
        (add("n"), {"v": {"N": "-10"}}, {"n": {"N": "0"}}),
        (add("a"), {"v": {"N": "3"}}, {"a": {"N": "3"}}),
        (add("m.n"), {"v": {"N": "3"}}, {"m": {"M": {**ITEM["m"]["M"], "n": {"N": "4"}}}}),
        (add("m.new"), {"v": {"N": "3"}}, {"m": {"M": {**ITEM["m"]["M"], "new": {"N": "3"}}}}),
        (add("l.9"), {"v": {"N": "3"}}, {"l": {"L": [*ITEM["l"]["L"], {"N": "3"}]}}),
        (add("ss"), {"v": {"SS": ["z", "a", "0"]}}, {"ss": {"SS": ["0", "a", "b", "z"]}}),
        (add("ss"), {"v": {"SS": ["a"]}}, {}),
        (add("ns"), {"v": {"NS": ["10", "-1", "1.0"]}}, {"ns": {"NS": ["-1", "1", "2", "10"]}}),
        (add("bs"), {"v": {"BS": ["", "/w=="]}}, {"bs": {"BS": ["", "AQ==", "gA==", "/w=="]}}),
        (add("a"), {"v": {"SS": ["z", "a"]}}, {"a": {"SS": ["a", "z"]}}),
        # DELETE
        (delete("ss"), {"v": {"SS": ["a", "zz"]}}, {"ss": {"SS": ["b"]}}),
        (delete("ns"), {"v": {"NS": ["2.0", "3"]}}, {"ns": {"NS": ["1"]}}),
        (delete("ss"), {"v": {"SS": ["b", "a"]}}, {"ss": None}),
        (delete("zz"), {"v": {"SS": ["b"]}}, {}),
        (delete("m.set"), {"v": {"SS": ["only"]}}, {"m": {"M": {"n": {"N": "1"}, "l": ITEM["m"]["M"]["l"]}}}),
        (delete("m.zz"), {"v": {"SS": ["only"]}}, {}),
        (tree.Update(), {}, {}),
    ],
)
def test_apply(update: tree.Update, values: Any, expected: dict[str, Any]) -> None:
    assert changed(update, **values) == expected


def test_sections_work_together_on_the_old_item() -> None:
    update = tree.Update(
        sets=(tree.Assignment(("l", 1), operand("l.2")), tree.Assignment(("l", 9), operand("l.0"))),
        removes=(("l", 0), ("s",)),
        adds=(tree.Operation(("m", "n"), tree.ValueOperand(":one")),),
        deletes=(tree.Operation(("ss",), tree.ValueOperand(":a")),),
    )
    new = apply(update, ITEM, {":one": {"N": "1"}, ":a": {"SS": ["a"]}})
    assert new["l"] == elements("2", "2", "3", "0")
    assert "s" not in new
    assert new["m"]["M"]["n"] == {"N": "2"}
    assert new["ss"] == {"SS": ["b"]}


def test_untouched_parts_are_shared_and_not_copied() -> None:
    new = apply(assign(m__n=":v"), ITEM, {":v": {"N": "3"}})
    assert new["l"] is ITEM["l"]
    assert new["m"]["M"]["l"] is ITEM["m"]["M"]["l"]


PATHS_THAT_LEAD_NOWHERE = ["zz.a", "zz.0", "s.a", "s.0", "l.a", "m.0", "m.zz.a", "l.9.a", "l.0.a", "ss.0"]


@pytest.mark.parametrize("target", PATHS_THAT_LEAD_NOWHERE)
@pytest.mark.parametrize("update", [lambda at: assign(**{at.replace(".", "__"): ":v"}), add, delete, remove])
def test_invalid_path(target: str, update: Any) -> None:
    with pytest.raises(ValidationException) as raised:
        changed(update(target), v={"SS": ["a"]})
    assert raised.value.message == INVALID_PATH


@pytest.mark.parametrize(
    ("update", "values", "text"),
    [
        (assign(a="zz"), {}, MISSING_ATTRIBUTE),
        (assign(a="m.zz"), {}, MISSING_ATTRIBUTE),
        (assign(a="l.9"), {}, MISSING_ATTRIBUTE),
        (assign(a=plus("zz", ":v")), {"v": {"N": "1"}}, MISSING_ATTRIBUTE),
        (assign(a=tree.ListAppend(operand("zz"), operand(":v"))), {"v": {"L": []}}, MISSING_ATTRIBUTE),
        (assign(a=tree.IfNotExists(("zz",), operand("yy"))), {}, MISSING_ATTRIBUTE),
        (assign(a=plus("s", ":v")), {"v": {"N": "1"}}, WRONG_TYPE),
        (assign(a=minus("n", "ns")), {}, WRONG_TYPE),
        (assign(a=tree.ListAppend(operand("ss"), operand("l"))), {}, WRONG_TYPE),
        (assign(a=tree.ListAppend(operand("l"), operand("n"))), {}, WRONG_TYPE),
        (add("s"), {"v": {"N": "1"}}, WRONG_TYPE),
        (add("n"), {"v": {"NS": ["1"]}}, WRONG_TYPE),
        (add("ns"), {"v": {"N": "1"}}, WRONG_TYPE),
        (add("ss"), {"v": {"NS": ["1"]}}, WRONG_TYPE),
        (add("l.0"), {"v": {"N": "1"}}, WRONG_TYPE),
        (delete("ss"), {"v": {"BS": ["AQ=="]}}, WRONG_TYPE),
        (delete("n"), {"v": {"NS": ["1"]}}, WRONG_TYPE),
        (assign(a=plus("big", ":v")), {"v": {"N": "0.1"}}, OVERFLOW),
        (add("big"), {"v": {"N": "0.1"}}, OVERFLOW),
    ],
)
def test_run_time_failure(update: tree.Update, values: Any, text: str) -> None:
    with pytest.raises(ValidationException) as raised:
        changed(update, **values)
    assert raised.value.message == text


def nested(levels: int) -> dict[str, Any]:
    """A value of so many levels; a scalar has one."""
    value: dict[str, Any] = {"S": "x"}
    for level in range(levels - 1):
        value = {"M": {"k": value}} if level % 2 else {"L": [value]}
    return value


@pytest.mark.parametrize(("levels", "refused"), [(30, False), (31, True)])
def test_nesting_limit_counts_from_the_top_of_the_item(levels: int, refused: bool) -> None:
    item: dict[str, Any] = {"m": {"M": {"a": {"M": {}}}}}
    update = assign(m__a__b=":v")
    if refused:
        with pytest.raises(ValidationException) as raised:
            apply(update, item, {":v": nested(levels)})
        assert raised.value.message == NESTED_TOO_DEEP
    else:
        assert parse_item(apply(update, item, {":v": nested(levels)}))[0]["m"]["M"]["a"]["M"]["b"] == nested(levels)


def test_a_short_expression_cannot_build_an_endless_item() -> None:
    item: dict[str, Any] = {"l": {"L": [{"BOOL": True}] * 100_000}}
    doubled: tree.UpdateValue = operand("l")
    for _ in range(200):
        doubled = tree.ListAppend(doubled, operand("l"))
    copies = {f"a{number}": "l" for number in range(600)}
    for update in (assign(a=doubled), assign(**copies)):
        with pytest.raises(ValidationException) as raised:
            apply(update, item, {})
        assert raised.value.message == ITEM_TOO_LARGE


def test_many_small_assignments_are_fine() -> None:
    assert len(apply(assign(**{f"a{number}": "l" for number in range(600)}), ITEM, {})) == 600 + len(ITEM)


def test_absent_item_has_nothing_to_clear() -> None:
    update = tree.Update(
        sets=(tree.Assignment(("a",), operand("pk")),),
        removes=(("x", "y"), ("z",)),
        deletes=(tree.Operation(("d", "e"), tree.ValueOperand(":v")),),
    )
    key = {"pk": {"S": "k"}}
    assert apply(update, key, {":v": {"SS": ["a"]}}, absent=True) == {"pk": {"S": "k"}, "a": {"S": "k"}}
    with pytest.raises(ValidationException):
        apply(update, key, {":v": {"SS": ["a"]}})
    with pytest.raises(ValidationException) as raised:
        apply(assign(b__a="pk"), key, {}, absent=True)
    assert raised.value.message == INVALID_PATH


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (tree.Update(), True),
        (assign(a=":v"), True),
        (add("a"), True),
        (remove("a"), False),
        (delete("a"), False),
        (tree.Update(removes=(("a",),), adds=(tree.Operation(("b",), tree.ValueOperand(":v")),)), True),
    ],
)
def test_only_an_update_that_writes_creates_an_item(update: tree.Update, expected: bool) -> None:
    assert creates(update) is expected


# Laws, over documents that hold every path of a small alphabet or not, as it happens.

scalars = st.one_of(
    st.sampled_from("xyz").map(lambda text: {"S": text}),
    st.integers(-5, 5).map(lambda number: {"N": str(number)}),
    st.sets(st.sampled_from("pqr"), min_size=1).map(lambda members: {"SS": sorted(members)}),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda members: {"M": members}),
    ),
    max_leaves=10,
)
items = st.dictionaries(st.sampled_from("abcd"), documents, max_size=4)
steps: st.SearchStrategy[str | int] = st.sampled_from(["a", "b", "c", 0, 1, 2, 3])
targets = st.builds(lambda first, rest: (first, *rest), st.sampled_from("abcd"), st.lists(steps, max_size=2))


def apart(left: tree.Path, right: tree.Path) -> bool:
    """Neither overlapping nor in conflict, which is what parsing lets through."""
    for a, b in zip(left, right, strict=False):
        if a != b:
            return type(a) is type(b)
    return False


@st.composite
def updates(draw: st.DrawFn) -> tree.Update:
    chosen: list[tree.Path] = []
    for target in draw(st.lists(targets, min_size=1, max_size=4)):
        if all(apart(target, other) for other in chosen):
            chosen.append(target)
    sections: dict[str, list[Any]] = {"sets": [], "removes": [], "adds": [], "deletes": []}
    for target in chosen:
        section = draw(st.sampled_from(["sets", "removes", "adds", "deletes"]))
        if section == "sets":
            value = draw(
                st.one_of(
                    st.just(tree.ValueOperand(":v")),
                    targets.map(tree.PathOperand),
                    st.builds(tree.IfNotExists, targets, st.just(tree.ValueOperand(":v"))),
                    st.builds(
                        tree.Arithmetic,
                        st.sampled_from("+-"),
                        targets.map(tree.PathOperand),
                        st.just(tree.ValueOperand(":n")),
                    ),
                )
            )
            sections["sets"].append(tree.Assignment(target, value))
        elif section == "removes":
            sections["removes"].append(target)
        else:
            name = ":n" if section == "adds" and draw(st.booleans()) else ":set"
            sections[section].append(tree.Operation(target, tree.ValueOperand(name)))
    return tree.Update(**{name: tuple(section) for name, section in sections.items()})


def outcome(update: tree.Update, item: Any, value: Any) -> Any:
    try:
        return apply(update, item, {":v": value, ":n": {"N": "2"}, ":set": {"SS": ["p", "q"]}})
    except ValidationException as refusal:
        return refusal.message


@settings(max_examples=150, deadline=None)
@given(updates(), items, documents)
def test_the_old_item_stays_and_the_new_one_is_canonical(update: tree.Update, item: Any, value: Any) -> None:
    before = copy.deepcopy(item)
    new = outcome(update, item, value)
    assert item == before
    if isinstance(new, dict):
        assert parse_item(new)[0] == new


@settings(max_examples=150, deadline=None)
@given(updates(), items, documents)
def test_order_does_not_matter(update: tree.Update, item: Any, value: Any) -> None:
    backwards = tree.Update(update.sets[::-1], update.removes[::-1], update.adds[::-1], update.deletes[::-1])
    forwards, other = outcome(update, item, value), outcome(backwards, item, value)
    # Of several faults either may be found first.
    assert forwards == other or (isinstance(forwards, str) and isinstance(other, str))


@settings(max_examples=150, deadline=None)
@given(targets, items, documents)
def test_what_was_set_is_read(target: tree.Path, item: Any, value: Any) -> None:
    update = tree.Update(sets=(tree.Assignment(target, tree.ValueOperand(":v")),))
    new = outcome(update, item, value)
    if new == INVALID_PATH:
        assert len(target) > 1
        parent = paths.read(item, target[:-1])
        assert parent is None or ("L" if isinstance(target[-1], int) else "M") not in parent
        return
    found = paths.read(new, target)
    if found is None:  # beyond the end: appended
        found = paths.read(new, target[:-1])["L"][-1]  # type: ignore[index]
    assert found == value
    assert {name: new[name] for name in new if name != target[0]} == {
        name: item[name] for name in item if name != target[0]
    }


@settings(max_examples=150, deadline=None)
@given(targets, items)
def test_removing_takes_one_value_or_none(target: tree.Path, item: Any) -> None:
    new = outcome(tree.Update(removes=(target,)), item, {"S": "v"})
    if isinstance(new, str):
        assert paths.read(item, target) is None
        return
    gone = paths.read(item, target)
    if gone is None:
        assert new == item
    elif isinstance(target[-1], str):
        assert paths.read(new, target) is None
        assert outcome(tree.Update(sets=(tree.Assignment(target, tree.ValueOperand(":v")),)), new, gone) == item
    else:
        shorter, longer = paths.read(new, target[:-1]), paths.read(item, target[:-1])
        assert shorter is not None
        assert longer is not None
        shorter["L"].insert(target[-1], gone)
        assert shorter == longer
