"""How a store can fail. The items room turns these into wire errors, in one place."""

from pathlib import Path


class StoreError(Exception):
    """Any failure of an engine. What `decide` raises is never one of these."""


class StoreFailure(StoreError):
    """The engine could not do it: disk full, I/O error, corrupt file. A write that raises this was rolled back, save
    that after a failed sync it may come to light again when the store is next opened, and that nobody knows how a
    commit ended whose answer was lost with the connection to a database."""


class StoreBusy(StoreError):
    """Too many writes are waiting. Nothing was done; the caller may try again."""


class StoreClosed(StoreError):
    """The store was closed, or is closing."""


class SpaceGone(StoreError):
    """A write into a space that was dropped or never made. Nothing was done. Reads of such a space find it empty."""

    def __init__(self, space: int) -> None:
        super().__init__(f"space {space} does not exist")
        self.space = space


class FormatTooNew(StoreError):
    """The data was written by a newer Stator than this one."""

    def __init__(self, path: Path | str, found: int, known: int) -> None:
        super().__init__(f"{path} has format {found}; this version of Stator reads formats up to {known}")
        self.found = found
        self.known = known


class NotADataDirectory(StoreError):
    """The directory holds a database that Stator did not make."""


class DataDirectoryInUse(StoreError):
    """Another process holds the data directory. `pid` is its process id, or None if it did not say."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"the data directory {directory} is in use by {holder}")
        self.directory = directory
        self.pid = pid
