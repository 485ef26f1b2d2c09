"""Index maintenance against a model that computes all entries anew."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.errors import ValidationException
from stator.items.indexes import check_item, check_update, entry, entry_of_row, maintain, placer, projected
from stator.items.keys import item_key
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Table
from stator.storage.store import Key, Row
from stator.values.attribute import AttributeValue, Item
from stator.values.size import item_bytes
from tests.unit.items.conftest import index, item, key_values, table, value

Entries = dict[Key, tuple[int, Any]]

# Every attribute that an index may be keyed by has one type; the items may hold others, as items older than it do.
_KINDS = {"pk": "S", "sk": "N", "a": "S", "b": "N", "c": "B", "d": "S"}
_NAMES = [*_KINDS, "x", "y"]


def _schema(names: list[str], hashes: int) -> KeySchema:
    attributes = tuple(KeyAttribute(name, _KINDS[name]) for name in names)
    return KeySchema(attributes[:hashes], attributes[hashes:])


@st.composite
def _indexes(draw: st.DrawFn, space: int) -> Index:
    local = draw(st.booleans())
    if local:
        keys = _schema(["pk", draw(st.sampled_from(["a", "b", "c", "d"]))], 1)
    else:
        names = draw(st.lists(st.sampled_from([*_KINDS]), min_size=1, max_size=6, unique=True))
        keys = _schema(names, draw(st.integers(max(1, len(names) - 4), min(4, len(names)))))
    included = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    kind = draw(st.sampled_from(["ALL", "KEYS_ONLY", "INCLUDE"]))
    projection = Projection(kind, tuple(included) if kind == "INCLUDE" else ())
    return Index(f"index{space}", local, keys, projection, space)


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    return table("pk:S", "sk:N", *(draw(_indexes(space)) for space in range(2, 2 + draw(st.integers(1, 3)))))


_ODD: st.SearchStrategy[AttributeValue] = st.sampled_from(
    [{"S": ""}, {"B": ""}, {"BOOL": True}, {"NULL": True}, {"SS": ["a", "b"]}, {"L": []}, value({"m": "x" * 1500})]
)


@st.composite
def _items(draw: st.DrawFn) -> Item:
    """The same key each time: it is one item that changes."""
    one: Item = item(pk="p", sk=7)
    for name in ("a", "b", "c", "d"):
        kind = _KINDS[name]
        if draw(st.booleans()):
            one[name] = draw(_ODD if draw(st.integers(0, 9)) == 0 else key_values(kind))
    for name in ("x", "y"):
        if draw(st.booleans()):
            one[name] = draw(_ODD | key_values("S"))
    return one


def _model(of: Table, one: Item | None) -> dict[str, Item]:
    """By index name: what the entry of the item holds, worked out the slow way."""
    entries: dict[str, Item] = {}
    for of_index in of.indexes:
        if one is None:
            continue
        keys = of_index.keys.attributes
        if any(a.name not in one or list(one[a.name]) != [a.type] or one[a.name][a.type] == "" for a in keys):
            continue
        names = set(one)
        if of_index.projection.type != "ALL":
            names &= {"pk", "sk", *(a.name for a in keys), *of_index.projection.attributes}
        entries[of_index.name] = {name: one[name] for name in names}
    return entries


def _entries(of: Table, one: Item | None) -> Entries:
    found = [] if one is None else [put for i in of.indexes if (put := entry(of, i, one))]
    return {put.key: (put.size, orjson.loads(put.value)) for put in found}


@given(_tables(), st.none() | _items())
def test_entries_hold_what_is_projected(of: Table, one: Item | None) -> None:
    spaces = {i.space: i.name for i in of.indexes}
    found = {spaces[key.space]: content for key, (_, content) in _entries(of, one).items()}
    assert found == _model(of, one)
    assert all(size == item_bytes(content) for size, content in _entries(of, one).values())


@given(_tables(), _items())
def test_an_entry_made_of_a_stored_row_is_the_one_that_a_write_makes(of: Table, one: Item) -> None:
    key = item_key(of, one)
    row = Row(key.partition, key.sort, 1, item_bytes(one), orjson.dumps(one))
    for of_index in of.indexes:
        place = placer(of_index)(row)
        assert (place and entry_of_row(of, of_index, row, place)) == entry(of, of_index, one)


@given(_tables(), st.none() | _items(), st.none() | _items())
def test_a_change_turns_the_old_entries_into_the_new(of: Table, before: Item | None, after: Item | None) -> None:
    entries = _entries(of, before)
    puts, deletes, _ = maintain(of, before, after)
    for key in deletes:
        assert entries.pop(key)  # it was there
    for put in puts:
        entries[put.key] = (put.size, orjson.loads(put.value))
    assert entries == _entries(of, after)
    assert not {put.key for put in puts} & set(deletes)


@given(_tables(), st.none() | _items(), st.none() | _items())
def test_units_follow_the_entries(of: Table, before: Item | None, after: Item | None) -> None:
    old, new = _model(of, before), _model(of, after)
    expected = {}
    for of_index in of.indexes:
        name = of_index.name
        was, becomes = old.get(name), new.get(name)
        if was == becomes:
            continue
        sizes = [item_bytes(one) for one in (was, becomes) if one is not None]
        keys = of_index.keys.attributes
        stays = was is not None and becomes is not None and all(was[a.name] == becomes[a.name] for a in keys)
        expected[name] = -(-max(sizes) // 1024) if stays else sum(-(-size // 1024) for size in sizes)
    assert maintain(of, before, after).units == expected


_PLAIN = table("pk:S", "", index("G", "g:S", projection="x"))


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, {"g": "a"}, {"G": 1}),
        (None, {"g": "a", "x": "x" * 2000}, {"G": 2}),
        (None, {"x": "1"}, {}),
        ({"g": "a"}, {"g": "a"}, {}),
        ({"g": "a", "y": "1"}, {"g": "a", "y": "2"}, {}),
        ({"g": "a", "x": "1"}, {"g": "a", "x": "2"}, {"G": 1}),
        ({"g": "a", "x": "x" * 3000}, {"g": "a", "x": "2"}, {"G": 3}),
        ({"g": "a"}, {"g": "b"}, {"G": 2}),
        ({"g": "a", "x": "x" * 3000}, {"g": "b", "x": "x" * 3000}, {"G": 6}),
        ({"g": "a"}, {}, {"G": 1}),
        ({"g": "a", "x": "x" * 3000}, None, {"G": 3}),
        ({"x": "1"}, None, {}),
    ],
)
def test_units_of_typical_changes(
    before: dict[str, Any] | None, after: dict[str, Any] | None, units: dict[str, int]
) -> None:
    old = None if before is None else item(pk="p", **before)
    new = None if after is None else item(pk="p", **after)
    assert maintain(_PLAIN, old, new).units == units


def test_a_reordered_set_is_no_change() -> None:
    old = item(pk="p", g="a") | {"x": {"SS": ["a", "b"]}}
    assert maintain(_PLAIN, old, dict(reversed(old.items()))) == ([], [], {})


@given(key_values("S"), key_values("N"), key_values("N"))
def test_items_of_equal_index_keys_have_entries_of_their_own(
    hashed: AttributeValue, one: AttributeValue, other: AttributeValue
) -> None:
    of = table("pk:S", "sk:N", index("G", "g:S"))
    keys = [entry(of, of.indexes[0], {"pk": hashed, "sk": sort, "g": {"S": "g"}}) for sort in (one, other)]
    assert keys[0]
    assert keys[1]
    assert (keys[0].key == keys[1].key) == (one == other)


_KEYED = table(
    "pk:S",
    "sk:S",
    index("zeta", "g:S", "n:N"),
    index("alpha", "g:S", "b:B"),
    index("own", "pk:S", "t:S", local=True),
)
_EMPTY_PUT = (
    "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
    "AttributeValue for a key attribute cannot contain an empty {} value. IndexName: {}, IndexKey: {}"
)
_EMPTY_UPDATE = (
    "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a "
    "value that is not supported. The AttributeValue for a key attribute cannot contain an empty {} value."
)
_MISMATCH = (
    "One or more parameter values were invalid: Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}"
)


@pytest.mark.parametrize(
    ("attributes", "on_put", "on_update"),
    [
        ({"g": 1}, _MISMATCH.format("g", "S", "N", "alpha"), None),
        ({"n": "1"}, _MISMATCH.format("n", "N", "S", "zeta"), None),
        ({"n": None, "b": []}, _MISMATCH.format("b", "B", "L", "alpha"), None),
        ({"g": ""}, _EMPTY_PUT.format("string", "alpha", "g"), _EMPTY_UPDATE.format("string")),
        ({"b": b""}, _EMPTY_PUT.format("binary", "alpha", "b"), _EMPTY_UPDATE.format("binary")),
        ({"t": ""}, _EMPTY_PUT.format("string", "own", "t"), _EMPTY_UPDATE.format("string")),
    ],
)
def test_illegal_index_keys(attributes: dict[str, Any], on_put: str, on_update: str | None) -> None:
    one = item(pk="p", sk="s", **attributes)
    with pytest.raises(ValidationException) as refused:
        check_item(_KEYED, one)
    assert refused.value.message == on_put
    with pytest.raises(ValidationException) as refused:
        check_update(_KEYED, one, set(attributes))
    assert refused.value.message == (on_put if on_update is None else on_update)


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"g": "x" * 2049}, "maximum size limit of2048 bytes"),
        ({"t": "x" * 1025}, "size limit of 1024 bytes"),
        ({"b": bytes(1025)}, "size limit of 1024 bytes"),
    ],
)
def test_overlong_index_keys(attributes: dict[str, Any], text: str) -> None:
    one = item(pk="p", sk="s", **attributes)
    with pytest.raises(ValidationException, match=text):
        check_item(_KEYED, one)
    with pytest.raises(ValidationException, match=text):
        check_update(_KEYED, one, set(attributes))
    check_update(_KEYED, one, {"other"})


def test_legal_index_keys() -> None:
    one = item(pk="p", sk="s", g="x" * 2048, t="t" * 1024, n=0, b=bytes(1024))
    check_item(_KEYED, one)
    check_update(_KEYED, one, set(one))
    check_item(_KEYED, item(pk="p", sk="s"))


@pytest.mark.parametrize("attributes", [{"g": 1}, {"g": ""}, {"g": "x" * 2049}, {"n": "1"}])
def test_an_update_answers_only_for_what_it_touches(attributes: dict[str, Any]) -> None:
    check_update(_KEYED, item(pk="p", sk="s", **attributes), {"other"})


@pytest.mark.parametrize(
    "attributes", [{"g": 1, "n": 1}, {"g": "", "n": 1}, {"g": "a"}, {"n": 1}, {"g": "a", "n": "1"}]
)
def test_what_no_index_can_take_is_left_out(attributes: dict[str, Any]) -> None:
    assert projected(_KEYED, _KEYED.indexes[0], item(pk="p", sk="s", **attributes)) is None


@pytest.mark.parametrize(
    "attributes", [{"g": "x" * 2049, "b": b"b"}, {"g": "g", "b": bytes(1025)}, {"g": "é" * 1025, "b": b"b"}]
)
def test_what_is_too_long_for_an_index_is_left_out(attributes: dict[str, Any]) -> None:
    assert projected(_KEYED, _KEYED.indexes[1], item(pk="p", sk="s", **attributes)) is None


def test_a_zero_is_an_index_key() -> None:
    assert projected(_KEYED, _KEYED.indexes[0], item(pk="p", sk="s", g="a", n=0)) is not None
