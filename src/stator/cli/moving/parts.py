"""The files of an incremental export, numbered and rotated."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from stator.cli.complaint import Complaint
from stator.cli.moving.rows import MakeWriter, RowWriter, Spool
from stator.cli.part_file import SUFFIX, PartFile
from stator.cli.progress import Progress
from stator.storage.directory import make_directory


class PartFolder(Struct, frozen=True):
    """Files called TABLE-00000001.parquet and so on."""

    folder: Path
    table: str
    suffix: str

    def path(self, number: int) -> Path:
        return self.folder / f"{self.table}-{number:08d}.{self.suffix}"

    def numbers(self) -> list[int]:
        """Of the files that are there, smallest first, of whatever format."""
        return sorted({number for number, _ in self._found()})

    def remove_from(self, number: int) -> None:
        """Remove the files of a run that was killed."""
        for each, path in self._found():
            if each >= number:
                path.unlink(missing_ok=True)

    def write(self, spool: Spool, make: MakeWriter, *, first: int, bytes_max: int) -> int:
        """All rows of the spool, in as many files as it takes. Returns the number of the next file."""
        rows = spool.read()
        number = first
        row = next(rows, None)
        with Progress(f"writing {self.table}", spool.rows, unit="rows") as progress:
            while row is not None:
                with PartFile(self.path(number)) as part:
                    writer: RowWriter = make(part.file)
                    while row is not None and writer.size < bytes_max:
                        writer.write(*row)
                        progress.advance(1)
                        row = next(rows, None)
                    writer.close()
                number += 1
        return number

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Against another export into the same folder, such as one that a timer started too early."""
        try:
            make_directory(self.folder.absolute())
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Complaint(f"cannot write to {self.folder}: {error.strerror}. Name a folder with --to.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise Complaint(f"another export into {self.folder} is under way. Wait for its end.") from error
        finally:
            os.close(descriptor)

    def _found(self) -> list[tuple[int, Path]]:
        pattern = re.compile(rf"{re.escape(self.table)}-(\d{{8}})\.(?:csv|jsonl|parquet)(?:{re.escape(SUFFIX)})?")
        matches = ((pattern.fullmatch(path.name), path) for path in self.folder.iterdir())
        return [(int(match[1]), path) for match, path in matches if match]
