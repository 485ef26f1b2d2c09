"""Read: rows by key and in order, from the store."""

from collections.abc import Sequence
from typing import NamedTuple

from stator.errors import InternalServerError
from stator.model.table import Table
from stator.storage.failure import StoreError
from stator.storage.store import Bound, Key, Page, Position, Row, Store
from stator.values.attribute import Item
from stator.values.key import partition_bytes


class Span(NamedTuple):
    """A stretch of one partition: sort bytes from `lower` up to `upper`, None for open ends."""

    space: int
    partition: bytes
    lower: Bound | None
    upper: Bound | None
    reverse: bool = False


class Stretch(NamedTuple):
    """A stretch of a whole space in scan order: `lower <= partition < upper`, rows strictly past `after`."""

    space: int
    lower: bytes
    upper: bytes | None
    after: Position | None


class Reader:
    """Reads rows. Strongly consistent reads see every acknowledged write."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    async def row(self, key: Key, *, consistent: bool) -> Row | None:
        try:  # not by way of `rows`: one coroutine less is felt in every GetItem
            return (await self._store.get((key,), consistent))[0]
        except StoreError:
            raise InternalServerError from None

    async def rows(self, keys: Sequence[Key], *, consistent: bool) -> list[Row | None]:
        """The rows of `keys`, in that order, at one moment."""
        try:
            return await self._store.get(keys, consistent)
        except StoreError:
            raise InternalServerError from None

    async def page(self, where: Span | Stretch, *, rows_max: int, bytes_max: int, consistent: bool) -> Page:
        """The next rows of a stretch, and whether it ended for one of the limits."""
        try:
            if isinstance(where, Span):
                return await self._store.range(
                    where.space,
                    where.partition,
                    where.lower,
                    where.upper,
                    reverse=where.reverse,
                    rows_max=rows_max,
                    bytes_max=bytes_max,
                    consistent=consistent,
                )
            return await self._store.scan(
                where.space,
                where.after,
                lower=where.lower,
                upper=where.upper,
                rows_max=rows_max,
                bytes_max=bytes_max,
                consistent=consistent,
            )
        except StoreError:
            raise InternalServerError from None

    async def collection_bytes(self, table: Table, key: Item) -> int:
        """The size of the item collection that `key` belongs to: its items and their entries in local indexes."""
        partition = partition_bytes([key[table.keys.hash[0].name]])
        spaces = [table.space, *(index.space for index in table.indexes if index.local)]
        try:
            return sum([(await self._store.measure(space, partition)).size for space in spaces])
        except StoreError:
            raise InternalServerError from None
