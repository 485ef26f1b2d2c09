"""Imports as DescribeImport tells of them."""

from typing import Any

from stator.archive.intake.intake import import_arn, parse_tally
from stator.archive.job import COMPLETED, FAILED, Job

_STATUSES = {COMPLETED: "COMPLETED", FAILED: "FAILED"}


def describe_import(job: Job) -> dict[str, Any]:
    """ImportTableDescription."""
    request, tally = job.request["request"], parse_tally(job.progress)
    description = summarise_import(job) | {
        "TableId": job.request["table_id"],
        "ClientToken": request["ClientToken"],
        "ErrorCount": tally.failed,
        "InputCompressionType": request.get("InputCompressionType", "NONE"),
        "TableCreationParameters": request["TableCreationParameters"],
        "ProcessedSizeBytes": tally.plain_bytes,
        "ProcessedItemCount": tally.processed,
        "ImportedItemCount": tally.written,
    }
    if "InputFormatOptions" in request:
        description["InputFormatOptions"] = request["InputFormatOptions"]
    if job.failure is not None:
        description["FailureCode"], description["FailureMessage"] = job.failure
    return description


def summarise_import(job: Job) -> dict[str, Any]:
    """ImportSummary."""
    request = job.request["request"]
    summary = {
        "ImportArn": import_arn(job),
        "ImportStatus": _STATUSES.get(job.state, "IN_PROGRESS"),
        "TableArn": table_arn(job),
        "S3BucketSource": {"S3BucketOwner": job.account} | request["S3BucketSource"],
        "CloudWatchLogGroupArn": f"arn:aws:logs:{job.region}:{job.account}:log-group:/aws-dynamodb/imports:*",
        "InputFormat": request["InputFormat"],
        "StartTime": job.created,
    }
    return summary | {"EndTime": job.updated} if job.finished else summary


def table_arn(job: Job) -> str:
    return f"arn:aws:dynamodb:{job.region}:{job.account}:table/{job.table}"
