"""Objects as files of a local folder. Not by obstore, whose local store never syncs: a backup that is told of as done
must be there after the power failed.

A file is written beside the others, synced, given its name at once, and its folder synced. Each sync holds up those of
the database on the same disk, so where many files count together they are synced together, at the end.
"""

import asyncio
import contextlib
import errno
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

from stator.archive.places.failure import ArchiveError, Denied, Exists, Missing, Unreachable
from stator.archive.places.found import Found
from stator.limits import DAY_SECONDS

STAGING = ".staging"
"""The folder, below the root, of files that are being written. `list` never tells of them."""

BLOCK_BYTES = 1 << 20

_STALE_SECONDS = DAY_SECONDS
_ATTEMPTS = 5
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


class Folder:
    """The objects below `root`, which the first `put` makes. Work on files is done in threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._swept = False
        # Folders come and go under it: one that somebody is still making durable is no folder to rely on.
        self._tree = threading.Lock()

    async def there(self) -> bool:
        return await asyncio.to_thread(self.root.is_dir)

    async def try_out(self, folder: str) -> None:
        target = self.root / folder
        try:
            with _translated(target):
                await asyncio.to_thread(_try_out, target)
        except Missing as error:
            raise Unreachable(f"{target} cannot be written: part of its path is a file") from error

    async def put(self, path: str, body: bytes, *, if_absent: bool, lasting: bool) -> None:
        target = self.root / path
        try:
            with _translated(target):
                await asyncio.to_thread(self._put, target, body, if_absent, lasting)
        except Missing as error:
            raise Unreachable(f"{target} cannot be written: part of its path is a file, or it is a folder") from error

    async def settle(self, paths: Sequence[str]) -> None:
        for path in paths:
            with _translated(self.root / path):
                await asyncio.to_thread(_sync_file, self.root / path)
        for folder in {(self.root / path).parent for path in paths}:
            await asyncio.to_thread(_sync, folder)

    async def get(self, path: str) -> bytes:
        with _translated(self.root / path):
            return await asyncio.to_thread((self.root / path).read_bytes)

    async def stream(self, path: str, start: int) -> AsyncIterator[bytes]:
        with _translated(self.root / path):
            file = await asyncio.to_thread((self.root / path).open, "rb", buffering=0)
            try:
                file.seek(start)
                while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
                    yield block
            finally:
                file.close()

    async def list(self, folder: str) -> list[Found]:
        with _translated(self.root / folder):
            return await asyncio.to_thread(lambda: list(self._walk(folder)))

    async def delete(self, path: str) -> None:
        with _translated(self.root / path):
            await asyncio.to_thread(self._delete, self.root / path)

    def _put(self, target: Path, body: bytes, if_absent: bool, lasting: bool) -> None:
        staging = self.root / STAGING
        _make(staging)
        if not self._swept:
            self._swept = True
            _sweep(staging)
        written = staging / uuid4().hex
        try:
            _write(written, body, lasting=lasting)
            with self._tree:
                _place(written, target, if_absent)
            if lasting:
                _sync(target.parent)
        finally:
            with contextlib.suppress(FileNotFoundError):
                written.unlink()

    def _walk(self, folder: str) -> Iterator[Found]:
        waiting = [folder.strip("/")]
        while waiting:
            path = waiting.pop()
            try:
                entries = list(os.scandir(self.root / path))
            except (FileNotFoundError, NotADirectoryError):
                continue
            for entry in entries:
                name = f"{path}/{entry.name}" if path else entry.name
                if name == STAGING:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                elif entry.is_file():  # reading a pipe would never end, and links between folders may be a circle
                    with contextlib.suppress(FileNotFoundError):
                        status = entry.stat()
                        yield Found(name, status.st_size, status.st_mtime)

    def _delete(self, target: Path) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.unlink()
            _sync(target.parent)
        folder = target.parent
        with self._tree, contextlib.suppress(OSError):  # until one is not empty
            while folder != self.root and folder.is_relative_to(self.root):
                folder.rmdir()
                folder = folder.parent


def _try_out(folder: Path) -> None:
    """Make a file and take it away; where the folder is yet to be made, in the one that it is to be made in."""
    while not folder.exists():
        folder = folder.parent
    file = folder / f".stator-{uuid4().hex}"
    _write(file, b"?")
    file.unlink()


def _make(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _sync(folder.parent)


def _write(path: Path, body: bytes, *, lasting: bool = True) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        if lasting:
            os.fsync(file.fileno())
        else:  # on its way to the disk: there is little left to wait for later
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place(written: Path, target: Path, if_absent: bool) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _make(target.parent)
            _name(written, target, if_absent)
            return
        except FileNotFoundError:  # another process took the folder away because it was empty
            if attempt == _ATTEMPTS:
                raise


def _name(written: Path, target: Path, if_absent: bool) -> None:
    """Give a file its name. Where there are no hard links, two processes at the same moment may both believe that
    theirs is the first."""
    if if_absent:
        try:
            os.link(written, target)
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    written.replace(target)


def _sync(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that cannot sync folders
            raise
    finally:
        os.close(handle)


def _sweep(staging: Path) -> None:
    """Remove what processes that died left."""
    for path in staging.iterdir():
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _STALE_SECONDS:
                path.unlink()


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise Exists(f"{path} exists already") from error
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise Missing(f"there is no {path}") from error
    except PermissionError as error:
        raise Denied(f"{path}: {error.strerror}; give the user of this process the right to it") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # it will be too long next time as well
            raise ArchiveError(f"{path} is too long a path for a folder") from error
        raise Unreachable(f"{path}: {error.strerror}") from error
