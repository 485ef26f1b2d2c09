"""Imports: fill the table that ImportTable has made, and make it ACTIVE.

What is wrong with a record is an event of CloudWatch's form, at most EVENTS_MAX of them, in the archive under
`intake.error_log`; the server's log has the first few. An import that could not begin takes its table away again.
"""

import asyncio
import logging
from typing import Any

import orjson

from stator.archive import mark
from stator.archive.intake import intake
from stator.archive.intake.intake import ERRORS, Tally, import_arn
from stator.archive.intake.report import read_lines
from stator.archive.intake.source import Object
from stator.archive.job import COMPLETED, FAILED, Job
from stator.archive.jobs import JobFailed
from stator.archive.places.failure import ArchiveError
from stator.errors import ResourceNotFoundException
from stator.items.decide import PutWrite
from stator.model.table import Status, Table
from stator.services.intake.intake import Intake, bucket_of, format_of, put_of, table_gone
from stator.services.intake.intake_slice import Record
from stator.services.parts import JobParts
from stator.tables import lifecycle
from stator.tables.catalog import Edit, not_found
from stator.values.attribute import Item
from stator.values.conversion import check_attribute_map

EVENTS_MAX = 10_000
SOME_FAULTY = (
    "Some of the items failed validation checks and were not imported. "
    "Please check CloudWatch error logs for more details."
)
_LOGGED_MAX = 10
_LOG_PAUSES_SECONDS = (0.0, 1.0, 5.0)
_GIVEN_UP_BYTES = 100_000

_log = logging.getLogger(__name__)


class ImportRunner:
    def __init__(self, parts: JobParts) -> None:
        self._parts = parts

    async def run(self, job: Job) -> None:
        table = self._parts.catalog.find(job.account, job.region, job.table)
        if table is None or table.id != job.request["table_id"] or table.status is not Status.CREATING:
            raise JobFailed("TableGone", f"The table {job.table} is not being imported any more")
        plan = job.request["plan"]
        work = Intake(self._parts, job, _Import(self._parts, job, table), may_be_empty=True)
        try:
            await work.run(
                bucket_of(self._parts, plan["bucket"]), plan["prefix"], format_of(plan, table.attribute_types)
            )
        except JobFailed as failure:
            await self._end(work, failure)
        else:
            await self._end(work, JobFailed("ItemValidationError", SOME_FAULTY) if work.tally.failed else None)

    async def _end(self, work: Intake, failure: JobFailed | None) -> None:
        await self._write_log(work)
        if failure is not None:
            _log.warning("job %s failed: %s", work.job.name, failure)
        keep = failure is None or work.tally.processed > 0
        jobs, now = self._parts.jobs, self._parts.clock()
        told = None if failure is None else (failure.code, failure.message)
        finished = jobs.finishing(work.job, COMPLETED if failure is None else FAILED, failure=told)

        def decide(table: Table | None) -> Edit:
            if table is None or table.id != work.job.request["table_id"]:
                raise not_found(work.job.table)
            if keep:
                return Edit(lifecycle.complete_creation(table), puts=(jobs.put(finished),))
            return Edit(lifecycle.delete(table, now), drops=table.spaces, puts=(jobs.put(finished),))

        try:
            await self._parts.catalog.change(work.job.account, work.job.region, work.job.table, decide)
        except ResourceNotFoundException:
            raise table_gone(work.job.table) from None
        jobs.note(finished)

    async def _write_log(self, work: Intake) -> None:
        """The events go from the store into the archive. A table is not kept from its users for an archive's sake."""
        report = work.tally.reports.get(ERRORS)
        if report is None or not report.waiting:
            await work.sweep()
            return
        lines = await read_lines(self._parts.store, work.job, ERRORS, report)
        archive = self._parts.archive
        for pause in _LOG_PAUSES_SECONDS:
            await asyncio.sleep(pause)
            try:
                await mark.inscribe(archive, self._parts.clock())
                await archive.put(intake.error_log(work.job), lines)
                break
            except ArchiveError as error:
                _log.error("what %s did not import cannot be written into the archive: %s", work.job.name, error)
        else:
            _log.error("it was: %s", lines[:_GIVEN_UP_BYTES].decode(errors="replace"))
        await work.close_report(ERRORS)


class _Import:
    """What an import does in its own way: no conditions, and events as CloudWatch has them."""

    def __init__(self, parts: JobParts, job: Job, table: Table) -> None:
        self._parts = parts
        self._job = job
        self._table = table
        self._bucket = job.request["plan"]["bucket"]

    def table(self) -> Table:
        job = self._job
        table = self._parts.catalog.find(job.account, job.region, job.table)
        if table is None or table.id != self._table.id:
            raise table_gone(job.table)
        return table

    def prepare(self, members: dict[str, Any]) -> PutWrite:
        check_attribute_map(members["Item"])
        return put_of(PutWrite, self._table, members["Item"])

    def bind(self, write: PutWrite) -> str | None:
        return None

    def error(self, tally: Tally, one: Object, record: Record, text: str) -> bytes | None:
        if tally.failed > EVENTS_MAX:
            return None
        event = orjson.dumps(
            {
                "itemS3Pointer": {"bucket": self._bucket, "key": one.path, "itemIndex": record.number},
                "importArn": import_arn(self._job),
                "errorMessages": [text],
            }
        )
        if tally.failed <= _LOGGED_MAX:
            _log.warning("not imported: %s", event.decode())
        return event

    def refusal(self, one: Object, record: Record, existing: Item | None) -> bytes | None:
        return None
