"""Every kind of damage is found, and nothing is found where there is none."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from stator.items.examine import examine
from stator.items.indexes import entry, entry_key
from stator.items.keys import item_key
from stator.model.table import Build, Table
from stator.storage.store import Change, Key, Put
from stator.values.attribute import Item
from stator.values.size import item_bytes
from tests.unit.items.conftest import Make, Running, index, item, put

_ITEM = item(pk="p", sk=1, g="g1", x="x1", y="y1")
_OTHER = item(pk="p", sk=2, g="g2")
_SPARSE = item(pk="q", sk=3)


@pytest.fixture
def of(running: Running, make_table: Make) -> Table:
    """A table with two indexes and three items, two of them indexed."""
    made = make_table(
        "pk:S",
        "sk:N",
        index("G", "g:S", projection="x"),
        index("L", "pk:S", "x:S", projection="KEYS_ONLY", local=True),
    )
    running.run(running.writer.commit_all([put(made, one) for one in (_ITEM, _OTHER, _SPARSE)]))
    return made


def _findings(running: Running, of: Table) -> list[str]:
    async def collect() -> list[str]:
        return [finding async for finding in examine(running.store, of)]

    return running.run(collect())


def _tamper(running: Running, puts: Sequence[Put] = (), deletes: Sequence[Key] = ()) -> None:
    running.run(running.store.transact([], lambda rows: Change(puts, deletes)))


def _row(key: Key, one: Any, size: int | None = None) -> Put:
    return Put(key, item_bytes(one) if size is None else size, orjson.dumps(one))


def test_a_sound_table(running: Running, of: Table) -> None:
    assert _findings(running, of) == []


def test_an_empty_table(running: Running, make_table: Make) -> None:
    assert _findings(running, make_table("pk:S", "", index("G", "g:S"))) == []


def test_a_table_of_many_pages(running: Running, make_table: Make) -> None:
    of = make_table("pk:N", "", index("G", "g:S"))
    for start in range(0, 2500, 500):
        writes = [put(of, item(pk=n, g="g")) for n in range(start, start + 500)]
        running.run(running.writer.commit_all(writes))
    assert _findings(running, of) == []
    _tamper(running, deletes=[entry_key(of, of.indexes[0], item(pk=n, g="g")) for n in range(1200, 1210)])
    assert len(_findings(running, of)) == 11


_SHOWN = '{"pk":{"S":"p"},"sk":{"N":"1"}}'

Damage = Callable[[Table], tuple[list[Put], list[Key]]]


def _entry(of: Table, number: int = 0) -> Put:
    made = entry(of, of.indexes[number], _ITEM)
    assert made is not None
    return made


def _at(of: Table, one: Item = _ITEM) -> Key:
    return item_key(of, one)


@pytest.mark.parametrize(
    ("damage", "findings"),
    [
        (
            lambda of: ([_row(_at(of), _ITEM, size=item_bytes(_ITEM) + 1)], []),
            [f"item {_SHOWN} has {item_bytes(_ITEM)} bytes, its row says {item_bytes(_ITEM) + 1}"],
        ),
        (
            lambda of: ([], [_entry(of).key]),
            [f"index G lacks the entry of item {_SHOWN}", "index G has 1 entries, its items make 2"],
        ),
        (
            lambda of: ([], [_entry(of, 1).key]),
            [f"index L lacks the entry of item {_SHOWN}", "index L has 0 entries, its items make 1"],
        ),
        (
            lambda of: ([_row(entry_key(of, of.indexes[0], _SPARSE | item(g="z")), _SPARSE | item(g="z"))], []),
            ["index G has 3 entries, its items make 2"],
        ),
        (
            # The item went, its entries stayed.
            lambda of: ([], [_at(of)]),
            ["index G has 2 entries, its items make 1", "index L has 1 entries, its items make 0"],
        ),
        (
            lambda of: ([_row(_entry(of).key, orjson.loads(_entry(of).value) | item(x="stale"))], []),
            [f"index G has another entry of item {_SHOWN}"],
        ),
        (
            lambda of: ([replace(_entry(of), size=1)], []),
            [f"index G says 1 bytes, not 13, for the entry of item {_SHOWN}"],
        ),
        (
            # An item in the place of another; what it should have in the indexes is there.
            lambda of: ([_row(_at(of, item(pk="elsewhere", sk=1)), _ITEM)], [_at(of)]),
            [f"item {_SHOWN} is not where its key belongs"],
        ),
        (
            lambda of: ([_row(_at(of), _ITEM | {"n": {"N": "1.0"}}, size=item_bytes(_ITEM) + 3)], []),
            [f"item {_SHOWN} is not in canonical form"],
        ),
        (
            lambda of: ([_row(_at(of), _ITEM | {"s": {"SS": ["b", "a"]}}, size=item_bytes(_ITEM) + 3)], []),
            [f"item {_SHOWN} is not in canonical form"],
        ),
    ],
)
def test_damage_is_found(running: Running, of: Table, damage: Damage, findings: list[str]) -> None:
    _tamper(running, *damage(of))
    assert _findings(running, of) == [f"things: {finding}" for finding in findings]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"pk":{"S":"p"}}',
        b'{"pk":{"S":"p"},"sk":{"S":"1"}}',
        b'{"pk":{"S":"p"},"sk":{"N":"1"},"x":{}}',
        b'{"pk":{"S":"p"},"sk":{"N":"1"},"x":{"N":"one"}}',
        b'{"pk":{"S":"p"},"sk":{"N":"1"},"x":{"B":"*"}}',
        b'{"pk":{"S":"p"},"sk":{"N":"1"},"x":7}',
        b'{"pk":{"S":""},"sk":{"N":"1"}}',
    ],
)
def test_a_row_that_is_no_item_is_told_and_the_rest_examined(running: Running, of: Table, value: bytes) -> None:
    _tamper(running, [Put(_at(of), item_bytes(_ITEM), value)], [entry_key(of, of.indexes[0], _OTHER)])
    findings = _findings(running, of)
    assert any("lacks the entry" in finding and '"N":"2"' in finding for finding in findings)
    assert any("is no item" in finding for finding in findings)


def test_an_entry_that_is_no_json(running: Running, of: Table) -> None:
    _tamper(running, [replace(_entry(of), value=b"{")])
    assert _findings(running, of) == [f"things: index G has another entry of item {_SHOWN}"]


def test_an_index_being_filled_may_lack_entries_but_have_no_wrong_ones(running: Running, of: Table) -> None:
    filling = replace(of, indexes=(replace(of.indexes[0], build=Build.FILLING), of.indexes[1]))
    _tamper(running, deletes=[_entry(of).key])
    assert _findings(running, filling) == []
    _tamper(running, [replace(_entry(of), value=b"{}")])
    assert _findings(running, filling) == [f"things: index G has another entry of item {_SHOWN}"]
    gone = item(pk="gone", sk=1, g="g")
    _tamper(running, [_entry(of), _row(entry_key(of, of.indexes[0], gone), gone)])
    assert _findings(running, filling) == ["things: index G has 3 entries, its items make 2"]


def test_the_table_is_named(running: Running, of: Table) -> None:
    _tamper(running, deletes=[_at(of, _ITEM)])
    assert all(finding.startswith("other: ") for finding in _findings(running, replace(of, name="other")))
