"""Bulk puts: the items of a bucket's objects into a table that is there, each under its own condition.

The reports are objects below `<output prefix>/AWSDynamoDB/<id>/`: `_started` first, files of gzipped JSON lines in
`errors/` and `condition-check-failures/`, and last of all `manifest.json`.
"""

import asyncio
import base64
import gzip
import hashlib
from typing import Any

import orjson

from stator.archive.intake.intake import ERRORS, REFUSALS, Tally, bulk_arn
from stator.archive.intake.report import read_lines
from stator.archive.intake.source import Object
from stator.archive.job import Job
from stator.archive.jobs import CancelledJob, JobFailed
from stator.archive.places.failure import ArchiveError
from stator.archive.places.location import Location
from stator.errors import ResourceNotFoundException, WireError
from stator.expressions.placeholders import check_placeholders_needed
from stator.expressions.request import Expressions
from stator.items.decide import NO_GUARD, Guard, PutWrite
from stator.items.keys import check_key_paths
from stator.model.table import Table
from stator.services.intake.intake import Intake, bucket_of, failed, format_of, no_bucket, put_of, table_gone
from stator.services.intake.intake_slice import Record
from stator.services.parts import JobParts
from stator.storage.store import Key
from stator.validation.requests.bulk_operation import BULK_PUT_RECORD
from stator.values.attribute import Item

FILE_BYTES = 8 * 1024 * 1024  # of lines, before they are packed
_KINDS = {"ERROR": ERRORS, "CONDITION_CHECK_FAILURE": REFUSALS}
_EXPRESSIONS = ("ConditionExpression",)


class BulkPutRunner:
    def __init__(self, parts: JobParts) -> None:
        self._parts = parts

    async def run(self, job: Job) -> None:
        plan = job.request["plan"]
        output = _Output(self._parts, job, bucket_of(self._parts, plan["output_bucket"]), plan["output_prefix"])
        kind = _BulkPut(self._parts, job)
        work = Intake(self._parts, job, kind, rate_max=plan["rate_max"], after_commit=output.write_full)
        try:
            await output.begin()
            kind.table()
            await work.run(bucket_of(self._parts, plan["bucket"]), plan["prefix"], format_of(plan, {}))
        except JobFailed as failure:
            await output.end(work, "FAILED", failure)
            raise
        if work.job.cancelling:
            await output.end(work, "CANCELLED")
            raise CancelledJob
        await output.end(work, "COMPLETED_WITH_ERRORS" if work.tally.failed else "COMPLETED")


class _Put(PutWrite):
    """With what its record says besides the item, until its condition is bound."""

    __slots__ = ("record",)

    def __init__(self, table: Table, key: Key, item: Item, size: int, guard: Guard = NO_GUARD) -> None:
        super().__init__(table, key, item, size, guard)
        self.record: dict[str, Any] = {}


class _BulkPut:
    """What a bulk put does in its own way."""

    def __init__(self, parts: JobParts, job: Job) -> None:
        self._parts = parts
        self._job = job
        self._told = {_KINDS[name] for name in job.request["plan"]["output_types"]}
        self._bucket = job.request["plan"]["bucket"]
        self._table: Table  # as it was at the last commit

    def table(self) -> Table:
        job = self._job
        try:
            table = self._parts.catalog.get(job.account, job.region, job.table)
        except ResourceNotFoundException:
            raise table_gone(job.table) from None
        if table.id != job.request["table_id"]:
            raise table_gone(job.table)
        self._table = table
        return table

    def prepare(self, members: dict[str, Any]) -> PutWrite:
        record = BULK_PUT_RECORD.check(members)
        write = put_of(_Put, self._table, record["Item"])
        write.record = record
        return write

    def bind(self, write: PutWrite) -> str | None:
        record = write.record if isinstance(write, _Put) else {}
        if len(record) <= 1:
            return None
        try:
            check_placeholders_needed(record, _EXPRESSIONS)
            text = record.get("ConditionExpression")
            if text is None:
                return None
            expressions = Expressions(record.get("ExpressionAttributeNames"), record.get("ExpressionAttributeValues"))
            condition = expressions.condition("ConditionExpression", text)
            expressions.check_used()
            check_key_paths(write.table, condition.paths)
        except WireError as error:
            return error.message
        write.guard = Guard(condition, show_item=True)
        return None

    def error(self, tally: Tally, one: Object, record: Record, text: str) -> bytes | None:
        if ERRORS not in self._told:
            return None
        return orjson.dumps(self._pointer(one, record) | {"errorMessages": [text]})

    def refusal(self, one: Object, record: Record, existing: Item | None) -> bytes | None:
        if REFUSALS not in self._told or record.content is None:
            return None
        line = self._pointer(one, record) | {"Item": record.content.item}
        return orjson.dumps(line if existing is None else line | {"ExistingItem": existing})

    def _pointer(self, one: Object, record: Record) -> dict[str, Any]:
        place = {"bucket": self._bucket, "key": one.path, "itemIndex": record.number}
        return {"itemS3Pointer": place, "bulkOperationArn": bulk_arn(self._job)}


class _Output:
    """The reports of a bulk put, in the bucket that is to have them."""

    def __init__(self, parts: JobParts, job: Job, bucket: Location, prefix: str) -> None:
        self._parts = parts
        self._bucket = bucket
        self._there = False
        self._folder = "/".join(part for part in (prefix.strip("/"), "AWSDynamoDB", job.id) if part)

    async def begin(self) -> None:
        """Raises JobFailed when nothing can be written there."""
        try:
            if not await self._bucket.there():
                raise no_bucket(self._bucket)
            self._there = True
            await self._bucket.put(f"{self._folder}/_started", b"")
        except ArchiveError as error:
            raise failed(error) from error

    async def write_full(self, work: Intake) -> None:
        """Write the reports that have enough for a file."""
        for name, report in work.tally.reports.items():
            if report.bytes >= FILE_BYTES:
                await self._write(work, name)

    async def end(self, work: Intake, status: str, failure: JobFailed | None = None) -> None:
        """Write what is left and the manifest. After a failure, what cannot be written is let go of."""
        try:
            for name, report in work.tally.reports.items():
                if report.waiting and self._there:
                    await self._write(work, name)
            if self._there:
                await self._put(f"{self._folder}/manifest.json", self._manifest(work, status))
        except JobFailed:
            if failure is None:
                raise
        for name, report in work.tally.reports.items():
            if report.waiting:
                await work.close_report(name)
        await work.sweep()

    async def _write(self, work: Intake, name: str) -> None:
        report = work.tally.reports[name]
        lines = await read_lines(self._parts.store, work.job, name, report)
        packed, md5 = await asyncio.to_thread(_pack, lines)
        await self._put(self._path(name, len(report.files)), packed)
        await work.close_report(name, md5)

    async def _put(self, path: str, body: bytes) -> None:
        try:
            await self._bucket.put(path, body)
        except ArchiveError as error:
            raise failed(error) from error

    def _path(self, name: str, number: int) -> str:
        return f"{self._folder}/{name}/{number:06}.json.gz"

    def _manifest(self, work: Intake, status: str) -> bytes:
        tally = work.tally
        files = [
            {"outputType": kind, "lineCount": lines, "md5Checksum": md5, "dataFileS3Key": self._path(name, number)}
            for kind, name in _KINDS.items()
            if name in tally.reports
            for number, (lines, md5) in enumerate(tally.reports[name].files)
        ]
        return orjson.dumps(
            {
                "version": "1",
                "bulkOperationArn": bulk_arn(work.job),
                "status": status,
                "processedItemCount": tally.processed,
                "writtenItemCount": tally.written,
                "failedItemCount": tally.failed,
                "conditionCheckFailureCount": tally.refused,
                "files": files,
            }
        )


def _pack(lines: bytes) -> tuple[bytes, str]:
    packed = gzip.compress(lines, mtime=0)
    return packed, base64.b64encode(hashlib.md5(packed, usedforsecurity=False).digest()).decode()
