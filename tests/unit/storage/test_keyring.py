"""Access keys in a store."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from stator.storage.failure import StoreFailure
from stator.storage.keyfile import AccessKey
from stator.storage.keyring import KEYS, KeyRing
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put

FIRST = AccessKey("STTR1", "secret", "000000000001", 1.0)


def run(test: Callable[[SqliteStore], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        store = SqliteStore.open(None)
        await test(store)
        await store.close()

    asyncio.run(main())


def test_keys_are_seen_by_every_ring_of_the_store_and_kept_when_revoked() -> None:
    async def test(store: SqliteStore) -> None:
        one, other = KeyRing(store), KeyRing(store)
        assert not await other.refresh()
        second = AccessKey("STTR0", "other", "000000000002", 2.0)
        await one.put(second)
        await one.put(FIRST)
        assert await other.refresh()
        assert other.keys == (FIRST, second)
        assert not await other.refresh()
        revoked = replace(FIRST, revoked=3.0)
        await one.put(revoked)
        assert await other.refresh()
        assert other.keys == (revoked, second)

    run(test)


def test_a_key_of_a_newer_version_is_refused() -> None:
    async def test(store: SqliteStore) -> None:
        put = Put(Key(0, KEYS, b"STTR1"), 1, b'{"format": 2}')
        await store.transact((), lambda _: Change(puts=[put]))
        with pytest.raises(StoreFailure, match="STTR1 was written by a newer version"):
            await KeyRing(store).refresh()

    run(test)
