"""Bulk operations as DescribeBulkOperation tells of them."""

from typing import Any

from stator.api.call import Call
from stator.api.intake import find_job
from stator.archive.intake.intake import BULK, Tally, bulk_arn, parse_tally
from stator.archive.job import CANCELLED, CANCELLING, COMPLETED, FAILED, Job
from stator.errors import ResourceNotFoundException
from stator.model.table import Table

_CANCELLED = {
    "FailureCode": "BulkOperationCancelled",
    "FailureMessage": "The bulk operation was cancelled. Items that it had written stay.",
}


def bulk_operation_of(call: Call) -> Job:
    """The operation that a request's BulkOperationArn names. Raises ResourceNotFoundException."""
    arn = call.request["BulkOperationArn"]
    job = find_job(call, BULK, "bulk-operation", arn, f"Invalid BulkOperationArn: {arn}")
    if job is None:
        raise ResourceNotFoundException(f"Requested resource not found: Bulk operation: {arn} not found")
    return job


def status(job: Job) -> str:
    if job.state == COMPLETED:
        return "COMPLETED_WITH_ERRORS" if parse_tally(job.progress).failed else "COMPLETED"
    return job.state if job.state in (FAILED, CANCELLED, CANCELLING) else "IN_PROGRESS"


def summarise(job: Job) -> dict[str, Any]:
    """BulkOperationSummary."""
    summary = {"BulkOperationArn": bulk_arn(job), "BulkOperationStatus": status(job), "StartTime": job.created}
    return summary | {"EndTime": job.updated} if job.finished else summary


def describe_bulk_operation(job: Job, table: Table | None) -> dict[str, Any]:
    """BulkOperationDescription. `table` is the table as it is, to tell what kind of index each is."""
    request, tally = job.request["request"], parse_tally(job.progress)
    description = summarise(job) | {
        "TableDetails": [{"TableName": job.table, "TableId": job.request["table_id"]}],
        "ClientToken": request["ClientToken"],
        "InputS3Configuration": request["InputS3Configuration"],
        "OutputS3Configuration": request["OutputS3Configuration"],
        "ProcessedItemCount": tally.processed,
        "ProcessedInputBytes": tally.stored_bytes,
        "BulkOperationUsage": [_usage(job, tally, table)],
        "FailedItemCount": tally.failed,
        "PerformanceTier": request.get("PerformanceTier", "STANDARD"),
    }
    if tally.total is not None:
        description["TotalInputBytes"] = tally.total
    if "MaxWriteRequestUnits" in request:
        description["MaxWriteRequestUnits"] = request["MaxWriteRequestUnits"]
    if job.failure is not None:
        description["FailureCode"], description["FailureMessage"] = job.failure
    elif job.state == CANCELLED:
        description |= _CANCELLED
    return description


def _usage(job: Job, tally: Tally, table: Table | None) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "TableName": job.table,
        "BulkPutBytes": sum(tally.usage.values()),
        "Table": {"BulkPutBytes": tally.usage.get("", 0)},
    }
    local = {index.name for index in table.indexes if index.local} if table is not None else set()
    for name, size in tally.usage.items():
        if name:
            arm = "LocalSecondaryIndexes" if name in local else "GlobalSecondaryIndexes"
            usage.setdefault(arm, {})[name] = {"BulkPutBytes": size}
    return usage
