"""A place for objects: a folder, a bucket of an object store, or memory, and a prefix in it.

    archive = Location.open("s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=us-east-1")
    await archive.put("backups/a", b"...")
    await archive.below("backups").get("a")

The options of object stores are those of obstore's `S3Config`, `GCSConfig` and `AzureConfig`, in the URL's query, or
what the environment holds (AWS_*, GOOGLE_*, AZURE_*). A path has parts between slashes: none is empty, "." or "..".
"""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from stator.archive.places.failure import ArchiveError, Damaged, Denied, Exists, Missing, Unreachable
from stator.archive.places.folder import Folder
from stator.archive.places.found import Found
from stator.archive.places.memory import Memory
from stator.archive.places.remote import SCHEMES, Remote

__all__ = ["ArchiveError", "Damaged", "Denied", "Exists", "Found", "Location", "Missing", "Unreachable"]


class Backend(Protocol):
    """Where objects are. Paths are checked; a folder of "" is everything."""

    async def there(self) -> bool: ...

    async def try_out(self, folder: str) -> None: ...

    async def put(self, path: str, body: bytes, *, if_absent: bool, lasting: bool) -> None: ...

    async def settle(self, paths: Sequence[str]) -> None: ...

    async def get(self, path: str) -> bytes: ...

    def stream(self, path: str, start: int) -> AsyncIterator[bytes]: ...

    async def list(self, folder: str) -> list[Found]: ...

    async def delete(self, path: str) -> None: ...


class Location:
    """Made by `open` and `below`. `url` is for messages: it holds no secrets. Every method raises Unreachable, or
    Denied, when the store cannot do it."""

    def __init__(self, backend: Backend, url: str, prefix: str) -> None:
        self.url = url
        self._backend = backend
        self._prefix = prefix  # "" or ends with a slash

    @classmethod
    def open(cls, url: str) -> "Location":
        """A folder ("/dir", "dir", file:///dir), memory://name, s3://bucket, gs://bucket or az://container, each with
        a prefix behind it if need be. Looks at nothing yet. Raises ArchiveError."""
        scheme, separator, _ = url.partition("://")
        if not separator:
            return cls._folder(Path(url).expanduser())
        parts = urlsplit(url)
        prefix = unquote(parts.path).strip("/")
        shown = f"{scheme}://{parts.netloc.rpartition('@')[2]}" + (f"/{prefix}" if prefix else "")
        if scheme == "file":
            if parts.netloc not in ("", "localhost"):
                raise ArchiveError(f"{shown}: a file URL has three slashes, as file:///srv/archive")
            return cls._folder(Path(unquote(parts.path)))
        backend: Backend
        if scheme == "memory":
            backend = Memory.named(parts.netloc)
        elif scheme in SCHEMES and parts.netloc:
            backend = Remote.open(scheme, parts.netloc, dict(parse_qsl(parts.query)), shown)
        else:
            raise ArchiveError(f"{shown} is no place for an archive or bucket: use a folder, s3://, gs:// or az://")
        return cls(backend, shown, f"{_checked(prefix)}/" if prefix else "")

    @classmethod
    def _folder(cls, root: Path) -> "Location":
        root = root.absolute()
        return cls(Folder(root), str(root), "")

    def below(self, prefix: str) -> "Location":
        """The same place, further down."""
        prefix = _checked(prefix.strip("/"))
        return Location(self._backend, f"{self.url}/{prefix}", f"{self._prefix}{prefix}/")

    def overlaps(self, other: "Location") -> bool:
        """Whether one is the other or in it. Buckets of one name count as one, at whichever endpoint they are."""
        mine, its = self._real(), other._real()
        return mine.startswith(its) or its.startswith(mine)

    def _real(self) -> str:
        """Without the detours that a folder's path may take. Ends with a slash."""
        url = os.path.realpath(self.url) if isinstance(self._backend, Folder) else self.url
        return f"{url.rstrip('/')}/"

    async def there(self) -> bool:
        """Whether the bucket or folder exists. Memory always does."""
        return await self._backend.there()

    async def try_out(self) -> None:
        """Whether objects can be put here and deleted. Leaves nothing. Raises what would keep them from it."""
        await self._backend.try_out(self._prefix)

    async def put(self, path: str, body: bytes, *, if_absent: bool = False, lasting: bool = True) -> None:
        """Write an object, whole or not at all, and durably. A folder that is not there is made, a bucket is not. One
        that is not `lasting` may be gone after a power failure until `settle` was called with its path.

        Raises Exists for an object that is there although it should be absent.
        """
        await self._backend.put(self._prefix + _checked(path), body, if_absent=if_absent, lasting=lasting)

    async def settle(self, paths: Sequence[str]) -> None:
        """Return once these objects are durable. Raises Missing."""
        await self._backend.settle([self._prefix + _checked(path) for path in paths])

    async def get(self, path: str) -> bytes:
        """Raises Missing."""
        return await self._backend.get(self._prefix + _checked(path))

    def stream(self, path: str, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes of an object from `start` on, about 1 MB at a time. Raises Missing with the first."""
        return self._backend.stream(self._prefix + _checked(path), start)

    async def list(self, prefix: str = "") -> list[Found]:
        """Every object whose path begins with `prefix`, which need not end at a slash, by path."""
        folder = prefix.rpartition("/")[0]
        if folder:
            _checked(folder)
        cut, wanted = len(self._prefix), self._prefix + prefix
        found = await self._backend.list(self._prefix + folder if folder else self._prefix.rstrip("/"))
        return sorted(one._replace(path=one.path[cut:]) for one in found if one.path.startswith(wanted))

    async def delete(self, path: str) -> None:
        """Forget an object; nothing where there is none."""
        await self._backend.delete(self._prefix + _checked(path))


def _checked(path: str) -> str:
    """`path` if it leads down and nowhere else."""
    if "\0" in path or any(part in ("", ".", "..") for part in path.split("/")) or not _is_text(path):
        raise ArchiveError(f"{path!r} is no path of an object")
    return path


def _is_text(path: str) -> bool:
    """Halves of surrogate pairs, which JSON can name, are in no path."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
