"""Lines that a job gathers for a report while it works: what could not be imported, what a condition refused.

They are rows of the store first, put in the commit that has made what they tell of, so that a crash neither loses one
nor doubles it; then they go into files, and the rows are deleted. Rows: space 0, partition eight zero bytes and
`reports`, sort `<kind>/<account>/<region>/<id>/<report>/` and the row's number in eight bytes; value: the lines.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stator.archive.job import Job
from stator.storage.store import Bound, Key, Put, Store

PARTITION = bytes(8) + b"reports"
# So that nobody holds the loop for long.
_READ_BYTES = 256 * 1024
_READ_ROWS = 100
_SWEPT_ROWS = 200


class Report(Struct, frozen=True):
    """How far one report of a job is. `lines` counts all it ever had; `files` has how many each file has that was
    written, and the MD5 of that file in base64."""

    rows: int = 0  # ever put
    first: int = 0  # the first that is in no file
    gone: int = 0  # those before this one are deleted
    bytes: int = 0  # in those that are in no file
    lines: int = 0
    files: tuple[tuple[int, str], ...] = ()

    @property
    def waiting(self) -> int:
        """Lines that are in no file yet."""
        return self.lines - sum(lines for lines, _ in self.files)

    def emptied(self, md5: str) -> "Report":
        """After its rows went into one more file."""
        return replace(self, first=self.rows, bytes=0, files=(*self.files, (self.waiting, md5)))

    def render(self) -> list[Any]:
        return [self.rows, self.first, self.gone, self.bytes, self.lines, list(self.files)]


def parse_report(stored: Sequence[Any] | None) -> Report:
    if stored is None:
        return Report()
    rows, first, gone, size, lines, files = stored
    return Report(rows, first, gone, size, lines, tuple((count, md5) for count, md5 in files))


def add_lines(job: Job, name: str, report: Report, lines: Sequence[bytes]) -> tuple[Report, Put]:
    """One more row of a report of that name."""
    value = b"\n".join(lines) + b"\n"
    after = replace(report, rows=report.rows + 1, bytes=report.bytes + len(value), lines=report.lines + len(lines))
    return after, Put(_key(job, name, report.rows), len(value), value)


def sweep(job: Job, name: str, report: Report) -> tuple[Report, list[Key]]:
    """Some rows to delete, because they are in files, and the report after that."""
    end = min(report.first, report.gone + _SWEPT_ROWS)
    return replace(report, gone=end), [_key(job, name, number) for number in range(report.gone, end)]


async def read_lines(store: Store, job: Job, name: str, report: Report) -> bytes:
    """The lines that are in no file yet, in order."""
    bodies: list[bytes] = []
    lower: Bound | None = Bound(_key(job, name, report.first).sort, inclusive=True)
    upper = Bound(_key(job, name, report.rows).sort, inclusive=False)
    while True:
        page = await store.range(0, PARTITION, lower, upper, reverse=False, rows_max=_READ_ROWS, bytes_max=_READ_BYTES)
        bodies += [row.value for row in page.rows]
        if not page.more or not page.rows:
            return b"".join(bodies)
        lower = Bound(page.rows[-1].sort, inclusive=False)
        await asyncio.sleep(0)


def _key(job: Job, name: str, number: int) -> Key:
    place = f"{job.kind}/{job.account}/{job.region}/{job.id}/{name}/"
    return Key(0, PARTITION, place.encode() + number.to_bytes(8, "big"))
