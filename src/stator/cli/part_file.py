"""Files that are there whole or not at all."""

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from stator.cli.complaint import Complaint
from stator.storage.directory import make_directory, sync_directory

SUFFIX = ".part"


class PartFile:
    """`file` is written under a name of its own; leaving the block without an error gives it the right one, durably."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + SUFFIX)
        self.file: BinaryIO

    def __enter__(self) -> Self:
        try:
            make_directory(self.path.parent.absolute())
            self.file = self.part.open("wb")
        except OSError as error:
            raise Complaint(f"cannot write {error.filename or self.path}: {error.strerror}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.file.flush()
                os.fsync(self.file.fileno())
                self.file.close()
                self.part.replace(self.path)
                sync_directory(self.path.parent.absolute())
            else:
                self.file.close()
        except OSError as fault:
            raise Complaint(f"cannot write {self.path}: {fault.strerror}.") from fault
        finally:
            with contextlib.suppress(OSError):
                self.part.unlink(missing_ok=True)


def save(path: Path, body: bytes) -> None:
    """Replace the file by one with this content. Raises Complaint."""
    with PartFile(path) as saved:
        saved.file.write(body)
