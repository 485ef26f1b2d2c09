"""An export as a job: what its request may be, and what DescribeExport tells of it. Pure.

The job's `request` is that of ExportTableToPointInTime with its defaults filled in, and three members more: `TableId`,
`Table`, the table's definition then, and `Digest`, which requests with one ClientToken must have in common. Its
`progress` is the runner's: `services/exports/output.py`.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from secrets import token_hex
from typing import Any

import orjson

from stator.archive.exports.data_file import DYNAMODB_JSON
from stator.archive.exports.manifest import FULL, INCREMENTAL, Layout, is_prefix
from stator.archive.job import COMPLETED, FAILED, Job
from stator.errors import (
    ExportConflictException,
    InvalidExportTimeException,
    LimitExceededException,
    PointInTimeRecoveryUnavailableException,
    SerializationException,
    ValidationException,
)
from stator.limits import DAY_SECONDS
from stator.model.table import Table
from stator.tables import definition

KIND = "export"
TOKEN_SECONDS = 8 * 3600
CONCURRENT_MAX = 300
WINDOW_SECONDS_MIN = 15 * 60
WINDOW_SECONDS_MAX = DAY_SECONDS
INCREMENTAL_BILLED_BYTES_MIN = 10_000_000

_TOLD = (
    *("ClientToken", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseAlgorithm", "S3SseKmsKeyId"),
    *("ExportFormat", "ExportType", "FilterSpecification"),
)
_IN_PROGRESS = "IN_PROGRESS"


def check_request(request: dict[str, Any]) -> None:
    """Whether the parameters go together. Raises ValidationException."""
    window = request.get("IncrementalExportSpecification")
    if request.get("ExportType") == INCREMENTAL:
        if window is None:
            raise _invalid("Incremental Export Specification expected when export type is set as Incremental Export")
        if "ExportFromTime" not in window:
            raise _invalid("ExportFromTime must be provided in IncrementalExportSpecification")
    elif window is not None:
        if "ExportType" in request:
            raise _invalid("When Export Type is Full Export , Incremental Export Specification should not be provided")
        raise _invalid(
            "Export Type expected to be Incremental Export when incremental export specification is provided"
        )
    if "S3SseKmsKeyId" in request and request.get("S3SseAlgorithm") != "KMS":
        raise _invalid("KMS Key Id is not supported for this encryption type")
    if not is_prefix(request.get("S3Prefix", "")):
        raise _invalid("S3Prefix has parts that are empty, . or .., which no folder can have")


def digest(request: dict[str, Any]) -> str:
    """What two requests of one ClientToken have in common that ask for the same."""
    try:
        text = orjson.dumps(request, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # values nested deeper than they can be
        raise SerializationException from None
    return blake2b(text, digest_size=16).hexdigest()


def find_token(jobs: list[Job], request: dict[str, Any], now: float) -> Job | None:
    """The export that an earlier request with this ClientToken began. Raises ExportConflictException."""
    token = request.get("ClientToken")
    if token is None:
        return None
    for job in jobs:
        if job.request.get("ClientToken") == token and now < job.created + TOKEN_SECONDS:
            if job.request["Digest"] != digest(request):
                raise ExportConflictException("Export conflict: Duplicate request detected with conflicting parameters")
            return job
    return None


def check_room(jobs: list[Job]) -> None:
    """Raises LimitExceededException when as many exports run as may."""
    if sum(not job.finished for job in jobs) >= CONCURRENT_MAX:
        raise LimitExceededException(f"Too many concurrent exports: the limit is {CONCURRENT_MAX}")


def begin(request: dict[str, Any], table: Table, now: float) -> Job:
    """The job of a sound request. Raises InvalidExportTimeException or PointInTimeRecoveryUnavailableException."""
    now = _whole(now)
    window = request.get("IncrementalExportSpecification")
    whole = {
        "ExportFormat": DYNAMODB_JSON,
        "ExportType": FULL,
        "S3SseAlgorithm": "AES256",
        **{name: request[name] for name in _TOLD if name in request},
        "TableId": table.id,
        "Table": orjson.loads(definition.encode(table)),
        "Digest": digest(request),
    }
    if window is None:
        whole["ExportTime"] = _whole(_check_time(request.get("ExportTime"), table, now))
    else:
        since, until = window["ExportFromTime"], window.get("ExportToTime", now)
        _check_window(since, until, table, now)
        whole["IncrementalExportSpecification"] = {
            "ExportFromTime": _whole(since),
            "ExportToTime": _whole(until),
            "ExportViewType": window.get("ExportViewType", "NEW_AND_OLD_IMAGES"),
        }
    export_id = f"{round(now * 1000):014}-{token_hex(4)}"
    return Job(KIND, export_id, table.account, table.region, table.name, now, request=whole, spaces=(table.space,))


def table_of(job: Job) -> Table:
    """The table as it was when the export was asked for."""
    return definition.decode(orjson.dumps(job.request["Table"]))


def arn_of(job: Job) -> str:
    return f"arn:aws:dynamodb:{job.region}:{job.account}:table/{job.table}/export/{job.id}"


def table_arn_of(job: Job) -> str:
    return f"arn:aws:dynamodb:{job.region}:{job.account}:table/{job.table}"


def layout_of(job: Job) -> Layout:
    return Layout(job.request.get("S3Prefix", ""), job.id, job.request["ExportType"])


def describe(job: Job) -> dict[str, Any]:
    """An ExportDescription. ExportType is told of incremental exports only, as the service does."""
    request = job.request
    told = {
        "ExportArn": arn_of(job),
        "ExportStatus": _status(job),
        "StartTime": job.created,
        "TableArn": table_arn_of(job),
        "TableId": request["TableId"],
        "ExportTime": request.get("ExportTime"),
        "ClientToken": request.get("ClientToken"),
        "DestinationType": "S3",
        "S3Bucket": request["S3Bucket"],
        "S3BucketOwner": request.get("S3BucketOwner"),
        "S3Prefix": request.get("S3Prefix"),
        "S3SseAlgorithm": request["S3SseAlgorithm"],
        "S3SseKmsKeyId": request.get("S3SseKmsKeyId"),
        "ExportFormat": request["ExportFormat"],
        "IncrementalExportSpecification": request.get("IncrementalExportSpecification"),
        "FilterSpecification": request.get("FilterSpecification"),
    }
    if request["ExportType"] == INCREMENTAL:
        told["ExportType"] = INCREMENTAL
    if job.finished:
        told["EndTime"] = job.progress.get("EndTime", job.updated)
    if job.state == COMPLETED:
        told |= {
            "ExportManifest": layout_of(job).summary,
            "BilledSizeBytes": job.progress["BilledSizeBytes"],
            "ItemCount": job.progress["ItemCount"],
        }
    elif job.failure is not None:
        told |= {"FailureCode": job.failure[0], "FailureMessage": job.failure[1]}
    return {name: value for name, value in told.items() if value is not None}


def summarise(job: Job) -> dict[str, Any]:
    """An ExportSummary."""
    return {"ExportArn": arn_of(job), "ExportStatus": _status(job), "ExportType": job.request["ExportType"]}


def _status(job: Job) -> str:
    return job.state if job.state in (COMPLETED, FAILED) else _IN_PROGRESS


def _check_time(wanted: float | None, table: Table, now: float) -> float:
    earliest = _earliest(table, now)
    if wanted is None:
        return now
    if wanted > now or wanted < int(table.created):
        raise InvalidExportTimeException("Export Time is invalid")
    # The second in which recovery was turned on counts as covered: clients tell whole seconds.
    if wanted < int(earliest):
        raise _uncovered()
    return max(wanted, earliest)


def _check_window(begin: float, end: float, table: Table, now: float) -> None:
    if begin < int(table.created):
        raise InvalidExportTimeException(
            f"Incremental export period from time cannot be less than the table creation time : {_second(begin)}"
        )
    if end > now:
        raise InvalidExportTimeException(
            f"Incremental export period to time cannot be greater than the current time : {_second(end)}"
        )
    length = "Difference between export period from time and export period to time is"
    if end - begin < WINDOW_SECONDS_MIN:
        raise InvalidExportTimeException(f"{length} less than 15 minutes")
    if end - begin > WINDOW_SECONDS_MAX:
        raise InvalidExportTimeException(f"{length} greater than 24 hours")
    if begin < int(_earliest(table, now)):
        raise _uncovered()


def _earliest(table: Table, now: float) -> float:
    if table.recovery is None:
        raise PointInTimeRecoveryUnavailableException(f"Point in time recovery is not enabled for table '{table.name}'")
    return table.recovery.earliest(now)


def _uncovered() -> InvalidExportTimeException:
    return InvalidExportTimeException("Point in Time Recovery is not available for specified export time")


def _whole(time: float) -> float:
    """The millisecond that a time is in: journals tell no finer ones apart, nor do the ids of exports."""
    return int(round(time * 1000, 3)) / 1000


def _second(time: float) -> str:

    return datetime.fromtimestamp(int(time), UTC).isoformat().replace("+00:00", "Z")


def _invalid(problem: str) -> ValidationException:
    return ValidationException(f"Invalid Request: {problem}")
