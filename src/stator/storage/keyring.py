"""The access keys of a store that several routers share: a row for each, read again every second.

The rows are in space 0, partition eight zero bytes and `keys`, sort the access key id. Whoever can read the store can
read the secrets, as whoever can read a data directory can read its `keys.json`.
"""

import orjson
from msgspec import to_builtins

from stator.storage.failure import StoreFailure
from stator.storage.keyfile import AccessKey
from stator.storage.rows import rows_of
from stator.storage.store import Change, Key, Put, Store

FORMAT = 1
KEYS = bytes(8) + b"keys"


class KeyRing:
    """The keys of one store, as of the last `refresh`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.keys: tuple[AccessKey, ...] = ()

    async def refresh(self) -> bool:
        """Read the keys again; whether they are other ones. Raises StoreFailure for rows that cannot be used."""
        before, self.keys = self.keys, tuple(await self._read())
        return self.keys != before

    async def put(self, key: AccessKey) -> None:
        """Add a key, or replace that of the same id."""
        put = put_of(key)
        await self._store.transact([put.key], lambda _: Change(puts=[put]))

    async def _read(self) -> list[AccessKey]:
        keys: list[AccessKey] = []
        for row in await rows_of(self._store, 0, KEYS):
            stored = orjson.loads(row.value)
            if stored.pop("format") != FORMAT:
                raise StoreFailure(f"the access key {row.sort.decode()} was written by a newer version")
            keys.append(AccessKey(**stored))
        return sorted(keys, key=lambda key: (key.created, key.access_key_id))


def put_of(key: AccessKey) -> Put:
    value = orjson.dumps({"format": FORMAT} | to_builtins(key))
    return Put(Key(0, KEYS, key.access_key_id.encode()), len(value), value)
