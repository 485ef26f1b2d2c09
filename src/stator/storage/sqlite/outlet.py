"""What a data directory at rest holds beside its rows: for moving it to another engine."""

from pathlib import Path
from typing import Any

import apsw

from stator.storage.resharding import Inventory, Shard
from stator.storage.sqlite.fault import TRANSLATED
from stator.storage.sqlite.schema import FILE_NAME, READER_CACHE_KIB, connect


def inventory(directory: Path) -> Inventory:
    """Of a directory whose store is open in this process, so that no other one writes to it. Raises StoreFailure."""
    path = (directory / FILE_NAME).resolve()
    with TRANSLATED:
        connection = connect(str(path), cache_kib=READER_CACHE_KIB, flags=apsw.SQLITE_OPEN_READONLY)
        try:
            shards: list[Any] = connection.execute("SELECT * FROM shards ORDER BY journal, shard").fetchall()
            following = connection.execute("SELECT next FROM counters WHERE name = 'space'").get
        finally:
            connection.close()
    return Inventory(f"sqlite:{path}", int(following) - 1, [Shard(*shard) for shard in shards])
