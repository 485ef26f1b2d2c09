"""Tables, items and random keys for the tests of the items room."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.items.commit import Writer
from stator.items.decide import PutWrite
from stator.items.indexes import check_item
from stator.items.keys import item_key
from stator.items.read import Reader
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Table
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Position, Row, Store
from stator.values.attribute import AttributeValue, Item
from stator.values.parse import parse_item, parse_value

T = TypeVar("T")

TABLE_SPACE = 1


def schema(hashes: str, ranges: str = "") -> KeySchema:
    """From texts like `a:S b:N`."""
    return KeySchema(_attributes(hashes), _attributes(ranges))


def _attributes(text: str) -> tuple[KeyAttribute, ...]:
    return tuple(KeyAttribute(*part.split(":")) for part in text.split())


def index(
    name: str, hashes: str, ranges: str = "", *, projection: str = "ALL", local: bool = False, space: int = 2
) -> Index:
    """`projection` is ALL, KEYS_ONLY or the included attributes, separated by blanks."""
    keys = schema(hashes, ranges)
    if projection in {"ALL", "KEYS_ONLY"}:
        return Index(name, local, keys, Projection(projection), space)
    return Index(name, local, keys, Projection("INCLUDE", tuple(projection.split())), space)


def table(hashes: str = "pk:S", ranges: str = "", *indexes: Index) -> Table:
    keys = schema(hashes, ranges)
    types = {a.name: a.type for one in (keys, *(i.keys for i in indexes)) for a in one.attributes}
    return Table("000000000000", "eu-west-1", "things", "id", 0.0, types, keys, TABLE_SPACE, indexes)


def value(content: Any) -> AttributeValue:
    """str, bytes, numbers, bools, None, lists and dicts as attribute values."""
    if isinstance(content, bool):
        return {"BOOL": content}
    if content is None:
        return {"NULL": True}
    if isinstance(content, str):
        return {"S": content}
    if isinstance(content, bytes):
        return {"B": b64encode(content).decode()}
    if isinstance(content, list):
        return {"L": [value(one) for one in content]}
    if isinstance(content, dict):
        return {"M": {name: value(one) for name, one in content.items()}}
    return parse_value({"N": str(content)})


def item(**attributes: Any) -> Item:
    return parse_item({name: value(content) for name, content in attributes.items()})[0]


def put(of: Table, one: Item, **more: Any) -> PutWrite:
    """The write that a PutItem makes, after its checks."""
    check_item(of, one)
    return PutWrite(of, item_key(of, one), one, parse_item(one)[1], **more)


# Small pools, so that random keys meet; texts with zeros, prefixes of each other and characters beyond the BMP.
TEXTS = ("a", "a\x00", "a\x00\x01", "aa", "ab", "b", "\x00", "\xff", "é", "\uffff", "\U0001f600")
BINARIES = (b"\x00", b"\x00\x00", b"\x00\x01", b"\x00\xff", b"\x01", b"a", b"a\x00", b"\xff", b"\xff\x00", b"\xff\xff")
NUMBERS = (
    "0",
    "1",
    "-1",
    "1.5",
    "-1.5",
    "10",
    "9",
    "99",
    "100",
    "0.001",
    "-0.001",
    "1e125",
    "-1e125",
    "1e-130",
    "12345",
)
_CONTENTS: dict[str, Any] = {
    "S": st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
    "B": st.sampled_from(BINARIES) | st.binary(min_size=1, max_size=6),
    "N": st.sampled_from(NUMBERS) | st.integers(-(10**12), 10**12).map(str),
}


def key_values(kind: str) -> st.SearchStrategy[AttributeValue]:
    """Canonical non-empty values of one key type."""
    contents: st.SearchStrategy[Any] = _CONTENTS[kind]
    return contents.map(lambda one: parse_value({"N": one}) if kind == "N" else value(one))


class Running:
    """A store in memory and the loop it lives on."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.store: Store = SqliteStore.open(None)
        self.reader = Reader(self.store)
        self.writer = Writer(self.store)

    def run(self, awaitable: Awaitable[T]) -> T:
        async def main() -> T:
            return await awaitable

        return self._runner.run(main())

    def spaces(self, count: int) -> list[int]:
        async def make() -> list[int]:
            return [await self.store.create_space() for _ in range(count)]

        return self.run(make())

    def rows(self, space: int) -> list[Row]:
        async def read() -> list[Row]:
            after: Position | None = None
            page = await self.store.scan(space, after, lower=b"", upper=None, rows_max=10_000, bytes_max=1 << 30)
            return page.rows

        return self.run(read())

    def close(self) -> None:
        self.run(self.store.close())
        self._runner.close()


@pytest.fixture
def running() -> Iterator[Running]:
    one = Running()
    yield one
    one.close()


Make = Callable[..., Table]


@pytest.fixture
def make_table(running: Running) -> Make:
    """Like `table`, in spaces of the running store; indexes are given without theirs."""

    def make(hashes: str = "pk:S", ranges: str = "", *indexes: Index) -> Table:
        made = table(hashes, ranges, *indexes)
        own, *others = running.spaces(1 + len(indexes))
        placed = tuple(replace(one, space=space) for one, space in zip(indexes, others, strict=True))
        return replace(made, space=own, indexes=placed)

    return make
