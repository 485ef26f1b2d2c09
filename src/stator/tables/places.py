"""Where the catalog keeps its rows: space 0, which every store has.

Their partitions begin with eight zero bytes where other rows have a hash, then a kind: `tables/<account>/<region>`
(sort: the table name; value: its definition), `dropped` (sort: the number of a space in eight bytes; value: see
`tables.leavings`) and `filled` (sort: the number of the space of an index that is being filled; value: how far, see
`services.backfill`).
"""

from stator.storage.store import Key, Put

CATALOG_SPACE = 0
_KIND = bytes(8)
TABLES = _KIND + b"tables/"
TABLES_END = _KIND + b"tables0"  # "0" follows "/"
DROPPED = _KIND + b"dropped"
_FILLED = _KIND + b"filled"


def table_key(account: str, region: str, name: str) -> Key:
    return Key(CATALOG_SPACE, TABLES + f"{account}/{region}".encode(), name.encode())


def table_of(key: Key) -> tuple[str, str, str] | None:
    """The account, region and name of the table whose definition is there; None for any other row."""
    if not TABLES <= key.partition < TABLES_END:
        return None
    account, region = key.partition[len(TABLES) :].decode().split("/", 1)
    return account, region, key.sort.decode()


def dropped_key(space: int) -> Key:
    return Key(CATALOG_SPACE, DROPPED, space.to_bytes(8, "big"))


def progress_key(space: int) -> Key:
    """Where it is written down how far the index of that space is filled."""
    return Key(CATALOG_SPACE, _FILLED, space.to_bytes(8, "big"))


def put(key: Key, value: bytes) -> Put:
    return Put(key, len(value), value)
