"""What is known of data on its way in: how far an import or a bulk put is, and what it has counted. Pure.

It is the progress of their jobs, written in the commit that puts the items it tells of.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from stator.archive.intake.report import Report, parse_report
from stator.archive.intake.splitter import BEGINNING, Place
from stator.archive.job import Job

IMPORT, BULK = "import", "bulk"  # the kinds of jobs
LOGS = "logs"  # the folder of the archive for them
TOKEN_SECONDS = 8 * 3600.0  # so long after it ended a job answers to its token
ERRORS, REFUSALS = "errors", "condition-check-failures"  # the reports


class Tally(Struct, frozen=True):
    """`path` is the object that is read, or was read last (`done`); those before it, in order, are done."""

    path: str = ""
    place: Place = BEGINNING  # how far that object is
    done: bool = False
    stored: int = 0  # bytes read of that object, as it is stored
    stored_before: int = 0  # of all objects before it
    plain_before: int = 0  # the same, decompressed
    total: int | None = None  # bytes of all objects, as they are stored
    processed: int = 0  # records
    written: int = 0
    failed: int = 0
    refused: int = 0  # by their condition
    usage: Mapping[str, int] = field(default_factory=dict)  # bytes put into each index by its name; "" is the table
    reports: Mapping[str, Report] = field(default_factory=dict)

    @property
    def stored_bytes(self) -> int:
        """Read so far, as it is stored."""
        return self.stored_before + self.stored

    @property
    def plain_bytes(self) -> int:
        """Read so far, decompressed."""
        return self.plain_before + self.place.offset

    def has_read(self, path: str) -> bool:
        return path < self.path or (path == self.path and self.done)

    def begun(self, path: str) -> "Tally":
        """Now an object is read; from where it stopped if it is the one that was."""
        if path == self.path:
            return replace(self, done=False)
        return replace(
            self,
            path=path,
            place=BEGINNING,
            done=False,
            stored=0,
            stored_before=self.stored_bytes,
            plain_before=self.plain_bytes,
        )

    def render(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "place": list(self.place),
            "done": self.done,
            "stored": [self.stored, self.stored_before],
            "plain": self.plain_before,
            "total": self.total,
            "counts": [self.processed, self.written, self.failed, self.refused],
            "usage": dict(self.usage),
            "reports": {name: report.render() for name, report in self.reports.items()},
        }


def parse_tally(progress: Mapping[str, Any]) -> Tally:
    if "counts" not in progress:
        return Tally()
    stored, stored_before = progress["stored"]
    processed, written, failed, refused = progress["counts"]
    return Tally(
        path=progress["path"],
        place=Place(*progress["place"]),
        done=progress["done"],
        stored=stored,
        stored_before=stored_before,
        plain_before=progress["plain"],
        total=progress["total"],
        processed=processed,
        written=written,
        failed=failed,
        refused=refused,
        usage=progress["usage"],
        reports={name: parse_report(report) for name, report in progress["reports"].items()},
    )


def import_arn(job: Job) -> str:
    return _arn(job, "import")


def bulk_arn(job: Job) -> str:
    return _arn(job, "bulk-operation")


def _arn(job: Job, word: str) -> str:
    return f"arn:aws:dynamodb:{job.region}:{job.account}:table/{job.table}/{word}/{job.id}"


def error_log(job: Job) -> str:
    """Where in the archive the events of an import are: as CloudWatch has its group and its stream."""
    return f"{LOGS}/{job.account}/{job.region}/aws-dynamodb/imports/{job.id}/error"
