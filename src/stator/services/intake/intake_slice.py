"""One commit of an import or a bulk put: the records it deals with, what it puts, and what it adds up to.

Decided as often as the store asks, each time anew. Touches nothing but its own.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from stator.archive import job as jobs
from stator.archive.intake.intake import ERRORS, REFUSALS, Tally
from stator.archive.intake.report import Report, add_lines
from stator.archive.intake.source import Entry, Object
from stator.archive.intake.splitter import Place
from stator.archive.job import Job
from stator.errors import ConditionalCheckFailedException
from stator.items.capacity import write_units
from stator.items.decide import PutWrite
from stator.model.table import Table
from stator.storage.store import Append, Change, Key, Put, Row
from stator.values.attribute import Item

LINES_BYTES_MAX = 1024 * 1024  # of reports, in one commit: a line may hold two items
_BYTE_SECONDS = 2e-9  # at least, for each byte of the items before and after

Record = Entry[PutWrite]


class Kind(Protocol):
    """What an import and a bulk put do each in its own way."""

    def table(self) -> Table:
        """The table as it is. Raises JobFailed when it is gone."""

    def prepare(self, members: dict[str, Any]) -> PutWrite:
        """The put of a record. Called in a thread. Raises WireError."""

    def bind(self, write: PutWrite) -> str | None:
        """Give the put its condition, or say what is wrong with that. Called on the loop."""

    def error(self, tally: Tally, one: Object, record: Record, text: str) -> bytes | None:
        """The line about a record that could not be put; None when it is not to be told."""

    def refusal(self, one: Object, record: Record, existing: Item | None) -> bytes | None:
        """The line about a record whose condition did not hold; None when it is not to be told."""


class Step(NamedTuple):
    """What a commit did."""

    job: Job
    tally: Tally
    records: int  # that it dealt with
    units: int  # of the table and its local indexes
    seconds: float  # that it took on the loop, all but putting it into the store


class Slice:
    """What a commit of some records adds up to. Made anew whenever it is decided."""

    def __init__(self, job: Job, base: Tally, one: Object, kind: Kind) -> None:
        self._job = job
        self._base = base
        self._one = one
        self._kind = kind
        self._puts: list[Put] = []
        self._deletes: list[Key] = []
        self._appends: list[Append] = []
        self._lines: dict[str, list[bytes]] = {}
        self._lines_bytes = self._bytes = 0
        self._usage = dict(base.usage)
        table = kind.table()
        self._local = [index.name for index in table.indexes if index.local]
        self._names = {index.space: index.name for index in table.indexes} | {table.space: ""}
        self._written = self._failed = self._refused = self._units = 0

    def decide(self, records: Sequence[Record], rows: Sequence[Row | None]) -> int:
        """Returns how many of the records there was room for."""
        there = iter(rows)
        for done, record in enumerate(records):
            if self._lines_bytes > LINES_BYTES_MAX:
                return done
            if record.content is None:
                self._failed += 1
                self._tell(ERRORS, self._kind.error(self._so_far(), self._one, record, record.fault or ""))
            else:
                self._put(record, record.content, next(there))
        return len(records)

    def change(self, records: Sequence[Record], began: float) -> Change:
        tally = self._so_far()
        reports: dict[str, Report] = dict(tally.reports)
        for name, lines in self._lines.items():
            reports[name], put = add_lines(self._job, name, reports.get(name, Report()), lines)
            self._puts.append(put)
        place = Place(records[-1].end, records[-1].number + 1)
        tally = replace(tally, place=place, reports=reports, usage=self._usage)
        job = replace(self._job, progress=self._job.progress | tally.render())
        self._puts.append(jobs.put(job))
        seconds = max(time.perf_counter() - began, self._bytes * _BYTE_SECONDS)
        return Change(self._puts, self._deletes, self._appends, Step(job, tally, len(records), self._units, seconds))

    def _put(self, record: Record, write: PutWrite, row: Row | None) -> None:
        self._bytes += write.size + (0 if row is None else row.size)
        try:
            change = write.change(row)
        except ConditionalCheckFailedException as error:
            self._refused += 1
            self._units += write_units(max(write.size, 0 if row is None else row.size))
            self._tell(REFUSALS, self._kind.refusal(self._one, record, error.fields.get("Item")))
            return
        self._written += 1
        self._puts += change.puts
        self._deletes += change.deletes
        self._appends += change.appends
        self._count(change)

    def _count(self, change: Change) -> None:
        outcome = change.result
        self._units += write_units(outcome.size)
        for name in self._local:
            self._units += outcome.index_units.get(name, 0)
        for put in change.puts:
            index = self._names.get(put.key.space)
            if index is not None:  # no entry that says when the item expires
                self._usage[index] = self._usage.get(index, 0) + put.size

    def _so_far(self) -> Tally:
        base = self._base
        return replace(
            base,
            processed=base.processed + self._written + self._failed + self._refused,
            written=base.written + self._written,
            failed=base.failed + self._failed,
            refused=base.refused + self._refused,
        )

    def _tell(self, report: str, line: bytes | None) -> None:
        if line is not None:
            self._lines.setdefault(report, []).append(line)
            self._lines_bytes += len(line)
