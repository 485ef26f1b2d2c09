"""The event source mappings of a store, and how far each has come."""

from collections.abc import Callable, Sequence

import orjson
from msgspec.structs import replace

from stator.clock import Clock
from stator.journal.lineage import StreamRecord
from stator.journal.mapping import MAPPINGS, Mapping, cursor_key, decode, encode, mapping_key
from stator.journal.record import LANES
from stator.journal.streams import Streams
from stator.storage.rows import below, rows_of
from stator.storage.store import Change, Key, Put, Row, Store
from stator.tables.catalog import CATALOG_SPACE

FACTOR_MAX = 10


class Mappings:
    """Keeps nothing in memory but `changes`, which grows whenever a mapping was made, changed or deleted. With `told`
    changes go through that store, which tells other routers of them."""

    __slots__ = ("_store", "_told", "changes", "clock", "has_function", "may_fail_to", "streams")

    def __init__(
        self,
        store: Store,
        streams: Streams,
        clock: Clock,
        has_function: Callable[[str], bool] = lambda name: False,
        may_fail_to: Callable[[str], bool] = lambda destination: False,
        *,
        told: Store | None = None,
    ) -> None:
        self._store = store
        self._told = told or store
        self.streams = streams
        self.clock = clock
        self.has_function = has_function  # whether there is a target for a function's name
        self.may_fail_to = may_fail_to  # whether failed batches may be told to a destination
        self.changes = 0

    async def take_up(self, store: Store, keys: Sequence[Key] | None) -> None:
        """Another router may have changed these rows; None: any."""
        if keys is None or any(key.partition.startswith(MAPPINGS) for key in keys):
            self.changes += 1

    async def all(self, account: str | None = None, region: str | None = None) -> list[Mapping]:
        """Every mapping, or those of an account and region, in the order of their ids."""
        lower, upper = (None, None) if account is None else below(f"{account}/{region}")
        return [decode(row.value) for row in await rows_of(self._store, CATALOG_SPACE, MAPPINGS, lower, upper)]

    async def find(self, account: str, region: str, uuid: str) -> Mapping | None:
        (row,) = await self._store.get([mapping_key(account, region, uuid)])
        return None if row is None else decode(row.value)

    async def create(self, mapping: Mapping, stream: StreamRecord) -> None:
        starts = [await self._start(mapping, stream, lane) for lane in range(LANES)]
        puts = [_put(mapping)] + [
            _cursor(mapping.uuid, lane, slot, starts[lane]) for lane in range(LANES) for slot in range(mapping.factor)
        ]
        await self._told.transact((), lambda _: Change(puts=puts))
        self.changes += 1

    async def change(self, mapping: Mapping, edit: Callable[[Mapping], Mapping]) -> Mapping | None:
        """Store what `edit` makes of the mapping. None when it is gone. Parts of a lane that are cut in another way
        begin where the last of them was, so that no change is passed over."""
        keys = [mapping_key(mapping.account, mapping.region, mapping.uuid), *_cursor_keys(mapping.uuid)]

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None:
                return Change(result=None)
            before = decode(rows[0].value)
            after = edit(before)
            puts = [_put(after)]
            deletes: list[Key] = []
            if after.factor != before.factor:
                for lane in range(LANES):
                    found = rows[1 + lane * FACTOR_MAX : 1 + (lane + 1) * FACTOR_MAX]
                    least = min((orjson.loads(row.value)[1] for row in found if row is not None), default=0)
                    puts += [_cursor(after.uuid, lane, slot, least) for slot in range(after.factor)]
                    deletes += [cursor_key(after.uuid, lane, slot) for slot in range(after.factor, FACTOR_MAX)]
            return Change(puts=puts, deletes=deletes, result=after)

        after: Mapping | None = await self._told.transact(keys, decide)
        self.changes += 1
        return after

    async def delete(self, mapping: Mapping) -> None:
        keys = [mapping_key(mapping.account, mapping.region, mapping.uuid), *_cursor_keys(mapping.uuid)]
        await self._told.transact((), lambda _: Change(deletes=keys))
        self.changes += 1

    async def cursor(self, mapping: Mapping, lane: int, slot: int) -> int:
        (row,) = await self._store.get([cursor_key(mapping.uuid, lane, slot)])
        return 0 if row is None else int(orjson.loads(row.value)[1])

    async def advance(self, mapping: Mapping, lane: int, slot: int, cursor: int, result: str) -> bool:
        """Store how far a part of a lane is. False, with nothing stored, once the mapping was changed or deleted."""
        key = mapping_key(mapping.account, mapping.region, mapping.uuid)

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None:
                return Change(result=False)
            now = decode(rows[0].value)
            if now.revision != mapping.revision:
                return Change(result=False)
            puts = [_cursor(mapping.uuid, lane, slot, cursor)]
            if result and now.result != result:
                puts.append(_put(replace(now, result=result)))
            return Change(puts=puts, result=True)

        done: bool = await self._store.transact([key], decide)
        return done

    async def _start(self, mapping: Mapping, stream: StreamRecord, lane: int) -> int:
        first = (stream.shards[lane][0].start or 1) if stream.shards[lane] else 0
        journal = self.streams.journal
        if mapping.starting_position == "LATEST":
            return max(first, await journal.end(stream.journal, lane))
        if mapping.starting_position == "AT_TIMESTAMP":
            return max(first, await journal.before(stream.journal, lane, mapping.starting_timestamp or 0.0))
        return first


def _cursor_keys(uuid: str) -> list[Key]:
    return [cursor_key(uuid, lane, slot) for lane in range(LANES) for slot in range(FACTOR_MAX)]


def _put(mapping: Mapping) -> Put:
    value = encode(mapping)
    return Put(mapping_key(mapping.account, mapping.region, mapping.uuid), len(value), value)


def _cursor(uuid: str, lane: int, slot: int, cursor: int) -> Put:
    value = orjson.dumps([1, cursor])
    return Put(cursor_key(uuid, lane, slot), len(value), value)
