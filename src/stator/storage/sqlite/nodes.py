"""The one node of the embedded engine: this process and its files."""

from pathlib import Path

from stator.storage.node import EMBEDDED, Node, Shard, file_bytes, machine_load, volume
from stator.storage.sqlite.schema import FILE_NAME


class EmbeddedNodes:
    engine = "SQLite"

    def __init__(self, directory: Path | None) -> None:
        """`directory` is that of the store; None in memory."""
        self._directory = directory

    async def shards(self) -> list[Shard]:
        return [Shard("0", [self._node()])]

    def _node(self) -> Node:
        name = "memory" if self._directory is None else str(self._directory.absolute())
        used = size = free = None
        if self._directory is not None:
            used = sum(file_bytes(self._directory / (FILE_NAME + suffix)) for suffix in ("", "-wal", "-shm"))
            size, free = volume(self._directory) or (None, None)
        return Node(name=name, role=EMBEDDED, used_bytes=used, total_bytes=size, free_bytes=free, load=machine_load())
