"""The lock that keeps a second server out of a data directory."""

import fcntl
import os
from pathlib import Path

from stator.storage.failure import DataDirectoryInUse, StoreFailure

NAME = "stator.lock"


class DirectoryLock:
    """Holds the directory until `release` or the end of the process, whatever ends it.

    The lock is flock's and not the file's existence, so that nothing stale is left after a crash. The file names its
    holder for the message only.
    """

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.pread(self._descriptor, 32, 0).strip()
            os.close(self._descriptor)
            raise DataDirectoryInUse(directory, int(written) if written.isdigit() else None) from None
        except OSError as error:
            os.close(self._descriptor)
            raise StoreFailure(f"{directory / NAME} cannot be locked: {error.strerror}") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1
