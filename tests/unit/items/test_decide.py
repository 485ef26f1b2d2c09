"""Puts, updates and deletes against the row that was there."""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from stator.errors import ConditionalCheckFailedException, ValidationException
from stator.expressions.legacy_update import parse_updates
from stator.expressions.request import Expressions
from stator.items.decide import (
    CheckWrite,
    DeleteWrite,
    Guard,
    Outcome,
    PutWrite,
    UpdateWrite,
    Write,
    action_bytes,
    touched,
)
from stator.items.indexes import entry_key
from stator.items.keys import item_key, key_of
from stator.limits import ITEM_BYTES_MAX
from stator.model.table import Table
from stator.storage.store import Key, Put, Row
from stator.values.attribute import Item
from stator.values.size import item_bytes
from tests.unit.items.conftest import index, item, table, value

_PLAIN = table("pk:S", "sk:N")
_INDEXED = table("pk:S", "sk:N", index("G", "g:S", projection="KEYS_ONLY"))
_KEY = item(pk="p", sk=1)
_OLD = item(pk="p", sk=1, a="old", n=5, g="g1")
_NEW = item(pk="p", sk=1, a="newer", g="g2")


@dataclass(frozen=True, slots=True)
class Never:
    """A condition that fails and remembers what it was asked."""

    asked: list[Item]

    def holds(self, item: Item) -> bool:
        self.asked.append(item)
        return False


class Always:
    def holds(self, item: Item) -> bool:
        return True


def _row(of: Table, one: Item | None) -> Row | None:
    if one is None:
        return None
    place = item_key(of, one)
    return Row(place.partition, place.sort, 1, item_bytes(one), orjson.dumps(one))


def _put(of: Table, one: Item, guard: Guard = Guard()) -> PutWrite:  # noqa: B008  a frozen value
    return PutWrite(of, item_key(of, one), one, item_bytes(one), guard)


def _update(of: Table, text: str | None, guard: Guard = Guard(), **values: Any) -> UpdateWrite:  # noqa: B008
    expressions = Expressions(None, {f":{name}": value(content) for name, content in values.items()} or None)
    action = None if text is None else expressions.update(text)
    return UpdateWrite(of, item_key(of, _KEY), _KEY, action, guard)


def _delete(of: Table, guard: Guard = Guard()) -> DeleteWrite:  # noqa: B008
    return DeleteWrite(of, item_key(of, _KEY), guard)


def _text(one: Item | None) -> bytes | None:
    return None if one is None else orjson.dumps(one)


def _entry(one: Item) -> Key:
    return entry_key(_INDEXED, _INDEXED.indexes[0], one)


@pytest.mark.parametrize("of", [_PLAIN, _INDEXED])
@pytest.mark.parametrize("old", [None, _OLD])
def test_a_put_replaces_the_item(of: Table, old: Item | None) -> None:
    change = _put(of, _NEW).decide([_row(of, old)])
    assert change.puts[0] == Put(item_key(of, _NEW), item_bytes(_NEW), orjson.dumps(_NEW))
    outcome = change.result
    assert (outcome.before, outcome.after, outcome.after_item) == (_text(old), orjson.dumps(_NEW), _NEW)
    assert outcome.size == max(item_bytes(_NEW), 0 if old is None else item_bytes(old))
    if of is _PLAIN:
        assert (len(change.puts), list(change.deletes), dict(outcome.index_units)) == (1, [], {})
    else:
        assert change.puts[1].key == _entry(_NEW)
        assert list(change.deletes) == ([] if old is None else [_entry(_OLD)])
        assert outcome.index_units == {"G": 1 if old is None else 2}


@pytest.mark.parametrize("of", [_PLAIN, _INDEXED])
def test_a_delete_removes_item_and_entry(of: Table) -> None:
    change = _delete(of).decide([_row(of, _OLD)])
    assert list(change.puts) == []
    assert list(change.deletes) == [item_key(of, _KEY), *([_entry(_OLD)] if of is _INDEXED else [])]
    assert (change.result.before, change.result.after) == (orjson.dumps(_OLD), None)
    assert change.result.size == item_bytes(_OLD)


def test_deleting_what_is_not_there_changes_nothing() -> None:
    change = _delete(_INDEXED).decide([None])
    assert (change.puts, change.deletes, change.appends) == ((), (), ())
    assert change.result == Outcome(None, None, None, None, 0, {})


@pytest.mark.parametrize(
    ("text", "values", "old", "new"),
    [
        ("SET a = :v", {"v": "x"}, _OLD, _OLD | item(a="x")),
        ("SET a = :v", {"v": "x"}, None, _KEY | item(a="x")),
        ("ADD n :v", {"v": 2}, _OLD, _OLD | item(n=7)),
        ("ADD n :v", {"v": 2}, None, _KEY | item(n=2)),
        (None, {}, None, _KEY),
        (None, {}, _OLD, _OLD),
        ("REMOVE a", {}, _OLD, {name: one for name, one in _OLD.items() if name != "a"}),
    ],
)
def test_an_update_changes_or_creates(text: str | None, values: dict[str, Any], old: Item | None, new: Item) -> None:
    change = _update(_PLAIN, text, **values).decide([_row(_PLAIN, old)])
    assert [(put.key, put.size, orjson.loads(put.value)) for put in change.puts] == [
        (item_key(_PLAIN, _KEY), item_bytes(new), new)
    ]
    outcome = change.result
    assert (outcome.before_item, outcome.after_item, outcome.before) == (old, new, _text(old))
    assert outcome.size == max(item_bytes(new), 0 if old is None else item_bytes(old))


@pytest.mark.parametrize("text", ["REMOVE a", "DELETE s :v"])
def test_clearing_an_attribute_of_an_absent_item_creates_none(text: str) -> None:
    values = {"v": value("x")} if ":v" in text else {}
    expressions = Expressions(None, {":v": {"SS": ["x"]}} if values else None)
    write = UpdateWrite(_PLAIN, item_key(_PLAIN, _KEY), _KEY, expressions.update(text))
    change = write.decide([None])
    assert (change.puts, change.deletes) == ((), ())
    assert change.result.after is None


@pytest.mark.parametrize(
    ("text", "units", "puts", "deletes"),
    [
        ("SET g = :v", {"G": 2}, 1, 1),
        ("REMOVE g", {"G": 1}, 0, 1),
        ("SET a = :v", {}, 0, 0),
    ],
)
def test_an_update_takes_the_index_along(text: str, units: dict[str, int], puts: int, deletes: int) -> None:
    values: dict[str, Any] = {"v": "moved"} if ":v" in text else {}
    change = _update(_INDEXED, text, **values).decide([_row(_INDEXED, _OLD)])
    assert change.result.index_units == units
    assert (len(change.puts) - 1, len(change.deletes)) == (puts, deletes)


def test_an_update_leaves_the_old_row_as_it_was() -> None:
    row = _row(_PLAIN, item(pk="p", sk=1, l=["a"], m={"x": 1}))
    assert row is not None
    before = bytes(row.value)
    _update(_PLAIN, "SET l[0] = :v, m.x = :v, m.y = :v", v="new").decide([row])
    assert row.value == before


def test_an_update_may_be_decided_again() -> None:
    write = _update(_PLAIN, "SET n = n + :v", v=1)
    first = write.decide([_row(_PLAIN, _OLD)]).result.after_item
    assert first["n"] == {"N": "6"}
    assert write.decide([_row(_PLAIN, first)]).result.after_item["n"] == {"N": "7"}
    assert write.decide([_row(_PLAIN, _OLD)]).result.after_item["n"] == {"N": "6"}


@pytest.mark.parametrize("make", [lambda guard: _put(_PLAIN, _NEW, guard), lambda guard: _delete(_PLAIN, guard)])
@pytest.mark.parametrize("old", [None, _OLD])
@pytest.mark.parametrize("show", [True, False])
def test_a_guard_sees_the_old_item_and_refuses(make: Any, old: Item | None, show: bool) -> None:
    condition = Never([])
    _refused(make(Guard(condition, show)), old, condition, show=show)


@pytest.mark.parametrize("old", [None, _OLD])
@pytest.mark.parametrize("show", [True, False])
def test_a_guard_comes_before_the_update(old: Item | None, show: bool) -> None:
    condition = Never([])
    # The update could not be done either: the condition speaks first.
    _refused(_update(_PLAIN, "SET a = nothing", Guard(condition, show)), old, condition, show=show)


def _refused(write: Write, old: Item | None, condition: Never, *, show: bool) -> None:
    with pytest.raises(ConditionalCheckFailedException) as refused:
        write.decide([_row(_PLAIN, old)])
    assert condition.asked == [old or {}]
    assert refused.value.fields == ({"Item": old} if show and old is not None else {})
    assert refused.value.message == "The conditional request failed"


@pytest.mark.parametrize("old", [None, _OLD])
def test_a_check_only_refuses(old: Item | None) -> None:
    place = item_key(_INDEXED, _KEY)
    change = CheckWrite(_INDEXED, place, Guard(Always())).decide([_row(_INDEXED, old)])
    assert (change.puts, change.deletes, change.appends) == ((), (), ())
    assert (change.result.before, change.result.after) == (_text(old), _text(old))
    condition = Never([])
    _refused(CheckWrite(_PLAIN, place, Guard(condition, show_item=True)), old, condition, show=True)


@pytest.mark.parametrize("old", [None, _OLD])
def test_a_guard_that_holds_changes_nothing_else(old: Item | None) -> None:
    guarded = _put(_PLAIN, _NEW, Guard(Always())).decide([_row(_PLAIN, old)])
    assert guarded.puts == _put(_PLAIN, _NEW).decide([_row(_PLAIN, old)]).puts
    assert (
        _delete(_PLAIN, Guard(Always())).decide([_row(_PLAIN, old)]).deletes
        == _delete(_PLAIN).decide([_row(_PLAIN, old)]).deletes
    )


@pytest.mark.parametrize(
    ("text", "content", "message"),
    [
        ("SET g = :v", 1, "Type mismatch for Index Key g Expected: S Actual: N IndexName: G"),
        ("SET g = :v", "", "cannot contain an empty string value"),
        ("SET g = :v", "x" * 2049, "maximum size limit of2048 bytes"),
    ],
)
def test_an_update_to_an_illegal_index_key(text: str, content: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        _update(_INDEXED, text, v=content).decide([_row(_INDEXED, _OLD)])


def _filled(size: int) -> Item:
    """An item with the key of all, of so many bytes."""
    return _KEY | item(fill="x" * (size - item_bytes(_KEY) - len("fill")))


@pytest.mark.parametrize(
    ("text", "values", "allowance"),
    [
        # What the service adds for the actions, less the key: facts 3.6.
        ("SET a = :v", {"v": "x"}, 3 + 19),
        ("SET a = :v, b = :v", {"v": "x"}, 3 + 19 * 2),
        ("ADD n :v", {"v": 1}, 3 + 19),
        ("SET a = :v REMOVE z", {"v": "x"}, 3 + 19 + 2),
        ("SET a = if_not_exists(a, :v)", {"v": "x"}, 3 + 19),
        ("SET n = :v + :v", {"v": 1}, 3 + 19 + 50),
        ("REMOVE z", {}, 3 + 2),
    ],
)
def test_the_special_limit_of_updates(text: str, values: dict[str, Any], allowance: int) -> None:
    probe = _update(_PLAIN, text, **values)
    start = _filled(100)
    written = item_bytes(probe.decide([_row(_PLAIN, start)]).result.after_item) - item_bytes(start)
    most = ITEM_BYTES_MAX - written + min(0, item_bytes(_KEY) - allowance)
    probe.decide([_row(_PLAIN, _filled(most))])
    with pytest.raises(ValidationException) as refused:
        probe.decide([_row(_PLAIN, _filled(most + 1))])
    assert refused.value.message == "Item size to update has exceeded the maximum allowed size"


@pytest.mark.parametrize(("action", "each"), [("PUT", 19), ("DELETE", 2)])
def test_the_special_limit_of_thousands_of_legacy_updates(action: str, each: int) -> None:
    """They may add more than half of the limit, so an item of half its size is near enough to it."""
    names = [f"{number:05}" for number in range(12_000)]
    value_or_none = {"Value": {"S": "x"}} if action == "PUT" else {}
    updates = parse_updates({name: {"Action": action, **value_or_none} for name in names})
    write = UpdateWrite(_PLAIN, item_key(_PLAIN, _KEY), _KEY, updates)
    old = _KEY | {name: {"S": "x"} for name in names}
    gone = 0 if action == "PUT" else item_bytes(old) - item_bytes(_KEY)
    most = ITEM_BYTES_MAX - 3 - each * len(names) + item_bytes(_KEY)
    room = most - item_bytes(old) + gone - len("fill")
    write.decide([_row(_PLAIN, old | item(fill="x" * room))])
    with pytest.raises(ValidationException, match="Item size to update has exceeded the maximum allowed size"):
        write.decide([_row(_PLAIN, old | item(fill="x" * (room + 1)))])


def test_an_update_that_does_nothing_fits_the_largest_item() -> None:
    old = _filled(ITEM_BYTES_MAX)
    assert _update(_PLAIN, None).decide([_row(_PLAIN, old)]).result.size == ITEM_BYTES_MAX


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("SET a = :v", 22),
        ("SET a[3] = :v", 23),
        ("SET a = :v + :v", 72),
        ("ADD a :v", 22),
        ("REMOVE a, b", 7),
    ],
)
def test_what_actions_cost(text: str, size: int) -> None:
    values = {":v": value(1)} if ":v" in text else None
    assert action_bytes(Expressions(None, values).update(text).tree) == size


def test_what_an_update_touches() -> None:
    expressions = Expressions({"#n": "n.n"}, {":v": value(1), ":s": {"NS": ["1"]}})
    update = expressions.update("SET a.b = :v, #n[1] = c REMOVE d[0] ADD e :v DELETE f :s")
    assert touched(update.tree) == {"a", "n.n", "d", "e", "f"}


def test_keys_are_in_what_an_update_creates() -> None:
    after = _update(_PLAIN, "SET a = :v", v="x").decide([None]).result.after_item
    assert key_of(_PLAIN.keys, after) == _KEY
