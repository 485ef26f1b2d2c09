"""Starting keys: made for the last row of a page, checked when they come back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.expressions.tree import KeyTerm, ValueOperand
from stator.items.indexes import entry_key
from stator.items.key_range import KeyRange, key_range
from stator.items.keys import item_key
from stator.items.start_key import check_query_start, check_scan_start, last_key, position, start_attributes
from stator.model.table import Index
from tests.unit.items.conftest import index, item, key_values, table, value

_TABLE = table(
    "pk:S",
    "sk:N",
    index("G", "g:S h:N", "r:S"),
    index("L", "pk:S", "l:S", local=True),
    index("flip", "sk:N", "pk:S"),
)
_SIMPLE = table("pk:S")
_G, _L, _FLIP = _TABLE.indexes
_ITEM = item(pk="p", sk=1, g="g", h=2, r="r", l="l", other="o")

_INVALID = "The provided starting key is invalid"
_MISMATCH = "The provided key element does not match the schema"
_SCHEMA = f"{_INVALID}: {_MISMATCH}"
_OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
_NO_MATCH = "The provided starting key does not match the range key predicate"
_ONE_ROW = "The query can return at most one row and cannot be restarted"


@pytest.mark.parametrize(
    ("of_index", "names"),
    [(None, "pk sk"), (_G, "g h r pk sk"), (_L, "pk l sk"), (_FLIP, "sk pk")],
)
def test_the_attributes_of_a_starting_key(of_index: Index | None, names: str) -> None:
    assert [attribute.name for attribute in start_attributes(_TABLE, of_index)] == names.split()
    assert list(last_key(_TABLE, of_index, _ITEM)) == names.split()


@given(key_values("S"), key_values("N"), key_values("S"), key_values("N"), key_values("S"))
def test_a_last_key_stands_where_its_row_stands(pk: Any, sk: Any, g: Any, h: Any, r: Any) -> None:
    one = {"pk": pk, "sk": sk, "g": g, "h": h, "r": r, "l": r}
    assert position(_TABLE, None, last_key(_TABLE, None, one)) == item_key(_TABLE, one)[1:]
    for of_index in _TABLE.indexes:
        start = last_key(_TABLE, of_index, one)
        assert position(_TABLE, of_index, start) == entry_key(_TABLE, of_index, one)[1:]
        check_scan_start(_TABLE, of_index, start)


def test_a_table_without_sort_key() -> None:
    assert position(_SIMPLE, None, item(pk="p")) == item_key(_SIMPLE, item(pk="p"))[1:]


@pytest.mark.parametrize(
    ("of_index", "start", "on_scan", "on_query"),
    [
        # the number of attributes first
        (None, {}, _SCHEMA, _INVALID),
        (None, {"pk": "p"}, _SCHEMA, _INVALID),
        (None, {"pk": "p", "sk": 1, "g": "g"}, _SCHEMA, _INVALID),
        (_G, {"pk": "p", "sk": 1}, _INVALID, _INVALID),
        (_G, {"g": "g", "h": 2, "r": "r"}, _INVALID, _INVALID),
        (_L, {"pk": "p", "sk": 1}, _INVALID, _INVALID),
        # then the key of what is read, by name and by type
        (None, {"pk": "p", "xx": 1}, _SCHEMA, _INVALID),
        (None, {"pk": "p", "sk": "1"}, _SCHEMA, _MISMATCH),
        (_G, {"pk": "p", "sk": 1, "g": "g", "h": "2", "r": "r"}, _MISMATCH, _MISMATCH),
        (_G, {"pk": "p", "sk": 1, "g": "g", "h": 2, "x": "r"}, _INVALID, _INVALID),
        (_FLIP, {"pk": 1, "sk": "p"}, _MISMATCH, _MISMATCH),
        # then the table's own
        (_G, {"pk": 1, "sk": 1, "g": "g", "h": 2, "r": "r"}, _SCHEMA, _SCHEMA),
        (_L, {"pk": "p", "l": "l", "x": 1}, _SCHEMA, _SCHEMA),
    ],
)
def test_a_start_of_another_shape(of_index: Index | None, start: dict[str, Any], on_scan: str, on_query: str) -> None:
    with pytest.raises(ValidationException) as refused:
        check_scan_start(_TABLE, of_index, item(**start))
    assert refused.value.message == on_scan
    with pytest.raises(ValidationException) as refused:
        check_query_start(_TABLE, of_index, item(**start), _wanted(None, [("pk", "=", "p")]))
    assert refused.value.message == on_query


def _wanted(of_index: Index | None, terms: list[tuple[Any, ...]]) -> KeyRange:
    keys = _TABLE.keys if of_index is None else of_index.keys
    values = {f":{term[0]}{i}": value(one) for term in terms for i, one in enumerate(term[2:])}
    made = [
        KeyTerm(term[0], term[1], tuple(ValueOperand(f":{term[0]}{i}") for i in range(len(term) - 2))) for term in terms
    ]
    return key_range(keys, made, values)


_P = ("pk", "=", "p")
_GH = [("g", "=", "g"), ("h", "=", 2)]


@pytest.mark.parametrize(
    ("of_index", "terms", "start", "text"),
    [
        (None, [_P], {"pk": "p", "sk": 1}, None),
        (None, [_P], {"pk": "q", "sk": 1}, _OUTSIDE),
        (None, [_P, ("sk", ">", 1)], {"pk": "p", "sk": 2}, None),
        (None, [_P, ("sk", ">", 1)], {"pk": "p", "sk": 1}, _NO_MATCH),
        (None, [_P, ("sk", ">=", 1)], {"pk": "p", "sk": 1}, None),
        (None, [_P, ("sk", "<", 1)], {"pk": "p", "sk": 1}, _NO_MATCH),
        (None, [_P, ("sk", "<=", 1)], {"pk": "p", "sk": 1}, None),
        (None, [_P, ("sk", "BETWEEN", 1, 3)], {"pk": "p", "sk": 3}, None),
        (None, [_P, ("sk", "BETWEEN", 1, 3)], {"pk": "p", "sk": 3.1}, _NO_MATCH),
        (None, [_P, ("sk", "=", 1)], {"pk": "p", "sk": 1}, _ONE_ROW),
        (None, [_P, ("sk", "=", 1)], {"pk": "p", "sk": 2}, _NO_MATCH),
        (None, [_P, ("sk", ">", 1)], {"pk": "q", "sk": 2}, _ONE_ROW),
        (_L, [_P, ("l", "=", "l")], {"pk": "p", "sk": 1, "l": "l"}, None),
        (_L, [_P, ("l", "begins_with", "l")], {"pk": "p", "sk": 1, "l": "k"}, _NO_MATCH),
        (_G, _GH, {"pk": "any", "sk": 9, "g": "g", "h": 2, "r": "r"}, None),
        (_G, _GH, {"pk": "any", "sk": 9, "g": "g", "h": 3, "r": "r"}, _OUTSIDE),
        (_G, [*_GH, ("r", "=", "r")], {"pk": "any", "sk": 9, "g": "g", "h": 2, "r": "r"}, None),
        (_G, [*_GH, ("r", "<=", "r")], {"pk": "any", "sk": 9, "g": "g", "h": 2, "r": "r"}, None),
        (_G, [*_GH, ("r", "<", "r")], {"pk": "any", "sk": 9, "g": "g", "h": 2, "r": "r"}, _NO_MATCH),
        (_G, [*_GH, ("r", ">", "r")], {"pk": "any", "sk": 9, "g": "g", "h": 2, "r": "r"}, _NO_MATCH),
    ],
)
def test_a_query_goes_on_inside_its_condition_only(
    of_index: Index | None, terms: list[tuple[Any, ...]], start: dict[str, Any], text: str | None
) -> None:
    wanted = _wanted(of_index, terms)
    if text is None:
        check_query_start(_TABLE, of_index, item(**start), wanted)
        return
    with pytest.raises(ValidationException) as refused:
        check_query_start(_TABLE, of_index, item(**start), wanted)
    assert refused.value.message == text


@pytest.mark.parametrize("start", [{"pk": "", "sk": 1}, {"pk": "x" * 2049, "sk": 1}])
def test_illegal_key_values(start: dict[str, Any]) -> None:
    with pytest.raises(ValidationException):
        check_scan_start(_TABLE, None, item(**start))


@given(st.data())
def test_going_on_from_a_row_leaves_out_that_row_and_those_before(data: st.DataObject) -> None:
    sorts = data.draw(st.lists(key_values("N"), min_size=2, max_size=8, unique_by=str))
    positions = sorted(position(_TABLE, None, {"pk": value("p"), "sk": one}).sort for one in sorts)
    cut = data.draw(st.sampled_from(positions))
    reverse = data.draw(st.booleans())
    span = _wanted(None, [_P]).span(1, reverse=reverse, start=cut)
    ahead = [one for one in positions if (one < cut if reverse else one > cut)]
    bound = span.upper if reverse else span.lower
    assert bound is not None
    assert not bound.inclusive
    assert ahead == [one for one in positions if (one < bound.sort if reverse else one > bound.sort)]
