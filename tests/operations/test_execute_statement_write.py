"""INSERT, UPDATE and DELETE. Expectations are captures of the service; where a test is about our own words it says so."""

from typing import Any

import pytest

from tests.operations.faults import CONDITION_FAILED
from tests.operations.statements import (
    EMPTY_KEY,
    INCOMPLETE_KEY,
    INVALID,
    NOT_WELL_FORMED,
    OVERLAP,
    WRONG_TYPE,
    Items,
    Statements,
)


@pytest.fixture
def t(dynamodb: Any, table: str) -> Statements:
    return Statements(dynamodb, table)


def test_insert(t: Statements) -> None:
    answer = t.run("INSERT INTO t VALUE {'pk': ?, 'sk': '1', 'a': ?}", "i", [1, "x"])
    assert answer["Items"] == []
    assert t.get("i") == {"pk": "i", "sk": "1", "a": [1, "x"]}
    duplicate = ("DuplicateItemException", "Duplicate primary key exists in table")
    assert t.fault("INSERT INTO t VALUE {'pk': 'i', 'sk': '1'}") == duplicate
    assert t.get("i") == {"pk": "i", "sk": "1", "a": [1, "x"]}


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("{'pk': 'x'}", INVALID + "Missing the key sk in the item"),
        ("{'pk': 1, 'sk': '1'}", INVALID + "Type mismatch for key pk expected: S actual: N"),
        (
            "{'pk': '', 'sk': '1'}",
            EMPTY_KEY,
        ),
    ],
)
def test_items_that_do_not_suit_the_table(t: Statements, item: str, problem: str) -> None:
    assert t.refused(f"INSERT INTO t VALUE {item}") == problem


def test_an_item_may_have_400_kilobytes_and_no_more(t: Statements) -> None:
    room = 409_600 - len("pkxsk1") - 1
    text = "INSERT INTO t VALUE {'pk': 'x', 'sk': '1', 'a': ?}"
    assert t.refused(text, "v" * (room + 1)) == "Item size has exceeded the maximum allowed size"
    t.run(text, "v" * room)
    update = "UPDATE t SET a = ? WHERE pk = 'x' AND sk = '1'"
    assert t.refused(update, "v" * (room + 1)) == "Item size to update has exceeded the maximum allowed size"
    t.run(update, "w" * room)


KEY = "WHERE pk = 'u' AND sk = '1'"


@pytest.fixture
def row(t: Statements) -> Statements:
    t.put(pk="u", sk="1", n=5, s="str", l=["a", "b", "c"], m={"sub": "old", "sib": "keep"}, ss={"a", "b"}, data="old")
    return t


@pytest.mark.parametrize(
    ("actions", "changed"),
    [
        ("SET n = n + 1", {"n": 6}),
        ("SET n=n-1", {"n": 4}),
        ("SET n = n - - 2", {"n": 7}),
        ("SET n = (n + 1) - 2 + n", {"n": 9}),
        ("SET n = n + n, data = s", {"n": 10, "data": "str"}),
        ("SET data = s SET s = data", {"data": "str", "s": "old"}),
        ("SET m.sub = 'new' REMOVE data", {"m": {"sub": "new", "sib": "keep"}, "data": None}),
        ("REMOVE data REMOVE l[1]", {"data": None, "l": ["a", "c"]}),
        ("REMOVE m.sub, m.sib", {"m": {}}),
        ("SET l[0] = 'x', l[9] = 'y'", {"l": ["x", "b", "c", "y"]}),
        ("SET l = list_append(l, [4, <<'x'>>])", {"l": ["a", "b", "c", 4, {"x"}]}),
        ("SET l = LIST_APPEND(['z'], l)", {"l": ["z", "a", "b", "c"]}),
        ("SET ss = set_add(ss, <<'c'>>)", {"ss": {"a", "b", "c"}}),
        ("SET ss = SET_DELETE( ss, <<'a'>>) SET fresh = set_add(fresh, <<1>>)", {"ss": {"b"}, "fresh": {1}}),
        ("SET ss = set_delete(ss, <<'a', 'b'>>)", {"ss": None}),
        ("SET fresh = {'a': [1]}, nil = null", {"fresh": {"a": [1]}}),
    ],
)
def test_actions(row: Statements, actions: str, changed: dict[str, Any]) -> None:
    before = row.get("u")
    assert before is not None
    assert row.run(f"UPDATE t {actions} {KEY}")["Items"] == []
    after = row.get("u")
    assert after is not None
    after.pop("nil", None)
    wanted = {name: one for name, one in {**before, **changed}.items() if one is not None}
    assert after == wanted


def test_the_form_that_begins_with_from(row: Statements) -> None:
    row.run(f"FROM t {KEY} SET n = 1 REMOVE data")
    after = row.get("u")
    assert after is not None
    assert (after["n"], "data" in after) == (1, False)


def test_a_set_as_a_parameter(row: Statements) -> None:
    row.run(f"UPDATE t SET ss = set_add(ss, ?) {KEY}", {"z"})
    assert row.get("u")["ss"] == {"a", "b", "z"}  # type: ignore[index]
    text = f"UPDATE things SET ss = set_add(ss, ?) {KEY}"
    problem = row.refused(text, "z")
    assert problem == f"The second argument to SET_ADD must be a value with type SET at 1:{text.index('(ss') + 2}:2"


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ("n = 'a' + 1", WRONG_TYPE + "+, operand type: S"),
        ("n = n - null", WRONG_TYPE + "-, operand type: NULL"),
        ("n = n + [1]", WRONG_TYPE + "+, operand type: L"),
        ("n = s + 1", "An operand in the update expression has an incorrect data type"),
        ("ss = set_add(ss, <<1>>)", "An operand in the update expression has an incorrect data type"),
        ("s = set_add(s, <<'x'>>)", "An operand in the update expression has an incorrect data type"),
        (
            "l = list_append(nope, [1])",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        ("ss = set_add(ss, <<'x', 'x'>>)", INVALID + "Input collection [x, x] contains duplicates."),
        ("ss = set_add(ss, <<>>)", "Empty bags are not supported"),
        ("m.inner = set_add(m.inner, <<'y'>>)", NOT_WELL_FORMED + "Invalid path dot component"),
        ("nope.sub = 1", "The document path provided in the update expression is invalid for update"),
        ("pk = 'other'", INVALID + "Cannot update attribute pk. This attribute is part of the key"),
        (
            "a = 1, a = 2",
            OVERLAP,
        ),
    ],
)
def test_updates_refused(row: Statements, action: str, problem: str) -> None:
    before = row.get("u")
    assert row.refused(f"UPDATE t SET {action} {KEY}") == problem
    assert row.get("u") == before


@pytest.mark.parametrize(
    ("action", "problem", "token"),
    [
        ("x = set_add(ss, <<'x'>>)", "The first argument to SET_ADD must equal the assignment value", "set_add"),
        ("ss = set_add(<<'a'>>, <<'b'>>)", "The first argument to SET_ADD must equal the assignment value", "set_add"),
        (
            "ss = set_delete(s, <<'b'>>)",
            "The first argument to SET_DELETE must equal the assignment value",
            "set_delete",
        ),
        ("ss = set_add(ss)", "SET_ADD must have exactly two arguments", "set_add"),
        ("ss = set_add(ss, <<'x'>>, <<'y'>>)", "SET_ADD must have exactly two arguments", "set_add"),
        (
            "BandMembers = set_add(\n  BandMembers, 'x')",
            "The second argument to SET_ADD must be a value with type SET",
            "",
        ),
        ('"ss" = set_delete("ss", [1])', "The second argument to SET_DELETE must be a value with type SET", '("ss"'),
    ],
)
def test_misused_set_functions(row: Statements, action: str, problem: str, token: str) -> None:
    text = f"UPDATE things SET {action} {KEY}"
    at = "2:3:11"
    if token:
        offset = text.index(token) + token.startswith("(")
        at = f"1:{offset + 1}:{len(token.removeprefix('('))}"
    assert row.refused(text) == f"{problem} at {at}"


def test_a_static_fault_is_told_before_a_failed_condition(row: Statements) -> None:
    assert row.refused(f"UPDATE t SET n = 'a' + 1 {KEY} AND nope = 'x'").startswith(WRONG_TYPE)


@pytest.mark.parametrize("verb", ["UPDATE t SET a = 1", "DELETE FROM t"])
@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("", INCOMPLETE_KEY),
        ("WHERE pk = 'u'", INCOMPLETE_KEY),
        ("WHERE s = 'str'", INCOMPLETE_KEY),
        ("WHERE pk IN ['u'] AND sk = '1'", INCOMPLETE_KEY),
        ("WHERE pk = 'u' AND sk = '1' OR n = 5", INCOMPLETE_KEY),
        (
            "WHERE pk = 'u' AND sk = '1' AND pk = 'other'",
            "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported",
        ),
        ("WHERE pk = 'u' AND sk = 1", "The provided key element does not match the schema"),
    ],
)
def test_a_write_names_one_item(row: Statements, verb: str, where: str, problem: str) -> None:
    assert row.refused(f"{verb} {where}") == problem
    assert row.get("u") is not None


def test_a_write_may_group_its_key_and_repeat_it(row: Statements) -> None:
    row.run("UPDATE t SET a = 2 WHERE (pk = 'u' AND '1' = sk) AND s = 'str' AND pk = 'u'")
    assert row.get("u")["a"] == 2  # type: ignore[index]


def test_update_of_what_is_not_there(t: Statements) -> None:
    assert t.fault("UPDATE t SET a = 1 WHERE pk = 'ghost' AND sk = '1'") == CONDITION_FAILED
    assert t.fault("UPDATE t SET a = 1 WHERE pk = 'ghost' AND sk = '1' AND a IS MISSING") == CONDITION_FAILED
    assert t.get("ghost") is None


def test_a_failed_condition_shows_the_item_if_asked(row: Statements) -> None:
    for text in (f"UPDATE t SET n = 1 {KEY} AND n = 6", f"DELETE FROM t {KEY} AND n = 6"):
        assert row.fault(text) == CONDITION_FAILED
        with pytest.raises(row.client.exceptions.ConditionalCheckFailedException) as caught:
            row.run(text, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        assert caught.value.response["Item"]["n"] == {"N": "5"}
    assert row.get("u")["n"] == 5  # type: ignore[index]


def test_an_update_that_nests_too_deeply(row: Statements) -> None:
    deep: Any = "x"
    for _ in range(31):
        deep = {"a": deep}
    text = f"UPDATE t SET m.deep = ? {KEY}"
    assert row.refused(text, deep) == "Nesting Levels have exceeded supported limits"


@pytest.mark.parametrize(
    ("actions", "mode", "items"),
    [
        ("SET data = 'new'", "MODIFIED OLD", [{"data": "old"}]),
        ("SET data = 'new'", "MODIFIED NEW", [{"data": "new"}]),
        ("SET m.sub = 'new'", "MODIFIED NEW", [{"m": {"sub": "new"}}]),
        ("SET m.sub = 'new'", "MODIFIED OLD", [{"m": {"sub": "old"}}]),
        ("REMOVE data", "MODIFIED OLD", [{"data": "old"}]),
        ("REMOVE data", "MODIFIED NEW", []),
        ("SET fresh = 1", "MODIFIED OLD", []),
        ("SET fresh = 1", "MODIFIED NEW", [{"fresh": 1}]),
        ("SET l[2] = 'y', l[0] = 'x'", "MODIFIED NEW", [{"l": ["x", "y"]}]),
        ("SET l[2] = 'y', l[0] = 'x'", "MODIFIED OLD", [{"l": ["a", "c"]}]),
        ("SET l[5] = 'z'", "MODIFIED NEW", []),
        ("SET l[3] = 'z'", "MODIFIED NEW", [{"l": ["z"]}]),
        ("SET l[3] = 'z'", "MODIFIED OLD", []),
        ("REMOVE l[1]", "MODIFIED OLD", [{"l": ["b"]}]),
        ("REMOVE l[1]", "MODIFIED NEW", [{"l": ["c"]}]),
    ],
)
def test_what_was_modified(row: Statements, actions: str, mode: str, items: Items) -> None:
    assert row.rows(f"UPDATE t {actions} {KEY} RETURNING {mode} *") == items


def test_the_whole_item_returned(row: Statements) -> None:
    before = row.get("u")
    assert row.rows(f"UPDATE t SET data = 'new' {KEY} RETURNING ALL OLD *") == [before]
    assert row.rows(f"UPDATE t SET data = 'new' {KEY} RETURNING ALL NEW *") == [{**(before or {}), "data": "new"}]


def test_delete(row: Statements) -> None:
    before = row.get("u")
    assert row.fault(f"DELETE FROM t {KEY} AND NOT begins_with(s, 'st')") == CONDITION_FAILED
    assert row.get("u") == before
    assert row.rows(f"DELETE FROM t {KEY} AND begins_with(s, 'st') RETURNING ALL OLD *") == [before]
    assert row.get("u") is None


def test_delete_of_what_is_not_there(t: Statements) -> None:
    for text in (
        f"DELETE FROM t {KEY}",
        f"DELETE FROM t {KEY} AND s = 'x'",
        f"DELETE FROM t {KEY} RETURNING ALL OLD *",
    ):
        assert t.run(text)["Items"] == []


@pytest.mark.parametrize("mode", ["MODIFIED OLD", "ALL NEW", "MODIFIED NEW"])
def test_delete_returns_nothing_but_the_old_item(row: Statements, mode: str) -> None:
    assert row.refused(f"DELETE FROM t {KEY} RETURNING {mode} *") == (
        f"Invalid returning clause: RETURNING {mode} *. Only RETURNING ALL OLD * is allowed in DELETE statements."
    )
    assert row.get("u") is not None
