"""Writing the objects of an export, so that it can go on after a crash where it stopped.

A data file is put when it is large enough, and then written down in the job with the place of the last row that it has
seen. Names of files follow from their numbers, so what a crash left unrecorded is written over. Manifests come last.
"""

import asyncio
import contextlib
from typing import Any, NamedTuple

from msgspec.structs import replace

from stator.archive.exports import exports
from stator.archive.exports.data_file import DataFile, Writer, name_of
from stator.archive.exports.manifest import INCREMENTAL, checksum, checksum_key, render_files, render_summary
from stator.archive.job import COMPLETED, Job
from stator.archive.jobs import JobFailed, Jobs
from stator.archive.places.failure import ArchiveError, Denied, Missing, Unreachable
from stator.archive.places.location import Location
from stator.services.intake.intake import no_bucket
from stator.storage.store import Position

PLAIN_BYTES_MAX = 32 * 1024 * 1024
PACKED_BYTES_MAX = 8 * 1024 * 1024  # syncing much to a disk holds up the commits of writes


class Lines(NamedTuple):
    """What became of one page of rows: the lines to write, and the size of the rows as it is billed."""

    lines: list[bytes]
    size: int


class Output:
    """The data files of one job. `after` is where to go on, None at the beginning."""

    def __init__(self, job: Job, jobs: Jobs, bucket: Location) -> None:
        progress = job.progress
        self._job = job
        self._jobs = jobs
        self._bucket = bucket
        self._layout = exports.layout_of(job)
        self._files: list[list[Any]] = list(progress.get("files", ()))  # [items, md5] each
        self._billed: int = progress.get("billed", 0)
        after = progress.get("after")
        self.after = None if after is None else Position(*map(bytes.fromhex, after))
        self._writer = Writer()

    async def begin(self) -> None:
        """Show that the bucket is there and may be written to. Raises JobFailed."""
        with contextlib.suppress(Denied):  # who may not list may still put
            if not await self._bucket.there():
                raise no_bucket(self._bucket)
        await self._put(self._layout.started, b"")

    async def add(self, page: Lines, last: Position) -> None:
        """`last` is the place of the last row that the page is of."""
        self._billed += page.size
        self.after = last
        await asyncio.to_thread(self._writer.add, page.lines)
        if self._writer.plain_bytes >= PLAIN_BYTES_MAX or self._writer.packed_bytes >= PACKED_BYTES_MAX:
            await self._finish_file()

    async def finish(self, end: float) -> None:
        """The last file, the manifests, and the end of the job. Every export has a file, be it empty."""
        if self._writer.items or not self._files:
            await self._finish_file()
        billed = self._billed
        if self._job.request["ExportType"] == INCREMENTAL:
            billed = max(billed, exports.INCREMENTAL_BILLED_BYTES_MIN)
        told = {"EndTime": end, "ItemCount": sum(items for items, _ in self._files), "BilledSizeBytes": billed}
        files = [self._file(number, *file) for number, file in enumerate(self._files)]
        await self._put_with_checksum(self._layout.files, await asyncio.to_thread(render_files, files))
        ended = replace(self._job, state=COMPLETED, progress=self._job.progress | told)
        summary = render_summary(exports.describe(ended), self._job.request["ExportType"], self._layout)
        await self._put_with_checksum(self._layout.summary, summary)
        await self._jobs.finish(self._job, COMPLETED, **told)

    async def _finish_file(self) -> None:
        number = len(self._files)
        key = self._key(number)
        file, body = await asyncio.to_thread(self._writer.finish, key)
        await self._put(key, body)
        files = [*self._files, [file.items, file.md5]]  # the job keeps the list, so this one is never changed
        after = None if self.after is None else [each.hex() for each in self.after]
        self._job = await self._jobs.save(self._job, files=files, after=after, billed=self._billed)
        self._files = files
        self._writer = Writer()

    def _key(self, number: int) -> str:
        return self._layout.data(name_of(self._job.id, number, self._job.request["ExportFormat"]))

    def _file(self, number: int, items: int, md5: str) -> DataFile:
        return DataFile.of(items, md5, self._key(number))

    async def _put_with_checksum(self, key: str, body: bytes) -> None:
        await self._put(key, body)
        await self._put(checksum_key(key), checksum(body))

    async def _put(self, key: str, body: bytes) -> None:
        """Raises JobFailed for what will not get better by itself."""
        try:
            await self._bucket.put(key, body)
        except Missing as error:
            raise no_bucket(self._bucket) from error
        except Denied as error:
            raise JobFailed("S3AccessDenied", f"Access Denied: {error}") from error
        except Unreachable:
            raise
        except ArchiveError as error:
            raise JobFailed("S3Error", str(error)) from error
