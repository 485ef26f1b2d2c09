"""The access keys of a data directory: `keys.json`, written by `stator keys` and read by the server."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, to_builtins

from stator.storage.directory import sync_directory
from stator.storage.failure import FormatTooNew, StoreFailure

FILE_NAME = "keys.json"
FORMAT = 1


class AccessKey(Struct, frozen=True):
    """Times are seconds since the epoch. A key with `revoked` set no longer signs anything."""

    access_key_id: str
    secret_access_key: str
    account: str
    created: float
    revoked: float | None = None


class KeyFile:
    """The keys of one directory. A missing file holds none."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        self._seen: tuple[int, ...] | None = None
        self._keys: tuple[AccessKey, ...] = ()

    def load(self) -> tuple[AccessKey, ...]:
        """The keys as they are now, revoked ones included. Raises what `refresh_if_changed` does."""
        self.refresh_if_changed()
        return self._keys

    def refresh_if_changed(self) -> bool:
        """Read the file again if it is another than the one last read, and tell whether it was. Costs a stat otherwise.

        Raises StoreFailure or FormatTooNew for a file that cannot be used; the keys stay as they were.
        """
        try:
            seen = _identity(self.path)
        except OSError as error:
            raise StoreFailure(f"{self.path}: {error}") from error
        if seen == self._seen:
            return False
        self._keys = () if seen is None else _read(self.path)
        self._seen = seen
        return True

    async def refresh(self) -> bool:
        """The same for those who may also have a key ring."""
        return self.refresh_if_changed()

    @property
    def keys(self) -> tuple[AccessKey, ...]:
        """The keys as they were last read."""
        return self._keys

    @property
    def exposed(self) -> bool:
        """Whether others than the owner may open the file."""
        return self.path.exists() and bool(self.path.stat().st_mode & 0o077)

    def replace(self, keys: Sequence[AccessKey]) -> None:
        """Write the file anew and durably: whoever reads sees all of the old or all of the new."""
        content = orjson.dumps({"format": FORMAT, "keys": to_builtins(keys)}, option=orjson.OPT_INDENT_2)
        beside = self.path.with_name(f".{FILE_NAME}.{os.getpid()}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(content + b"\n")
                file.flush()
                os.fsync(descriptor)
            beside.replace(self.path)
            sync_directory(self.path.parent)
            self._seen = _identity(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise StoreFailure(f"{self.path}: {error}") from error
        self._keys = tuple(keys)


def _identity(path: Path) -> tuple[int, ...] | None:
    # The inode too: a file replaced within one tick of the file system's clock has the same time.
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _read(path: Path) -> tuple[AccessKey, ...]:
    try:
        document: dict[str, Any] = orjson.loads(path.read_bytes())
        if document["format"] > FORMAT:
            raise FormatTooNew(path, document["format"], FORMAT)
        return tuple(AccessKey(**entry) for entry in document["keys"])
    except OSError as error:
        raise StoreFailure(f"{path}: {error}") from error
    except (ValueError, TypeError, KeyError) as error:
        # Without the parser's text: it could quote a secret.
        raise StoreFailure(f"{path} is not a key file") from error
