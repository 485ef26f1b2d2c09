"""StartBulkPutItems."""

from typing import Any

from stator.api.bulk_operations import describe_bulk_operation
from stator.api.call import Answer, Call
from stator.api.intake import new_id, plan_of, same_token, with_token
from stator.api.registry import operation
from stator.archive.intake.intake import BULK
from stator.archive.job import Job
from stator.errors import (
    IdempotentParameterMismatchException,
    LimitExceededException,
    ValidationException,
)
from stator.limits import BULK_OPERATIONS_MAX
from stator.model.table import Status, Table
from stator.tables import lifecycle
from stator.tables.name import resolve
from stator.validation.requests.bulk_operation import START_BULK_PUT_ITEMS

_LEAD = "One or more parameter values were invalid: "


@operation("StartBulkPutItems", START_BULK_PUT_ITEMS)
async def start_bulk_put_items(call: Call) -> Answer:
    request = with_token(call.request)
    plan = _plan(request)
    name = resolve(call.account, call.region, request["TableName"])
    async with call.parts.jobs.beginning:
        job = same_token(call, BULK, request)
        if job is not None and job.request["request"] != request:
            raise IdempotentParameterMismatchException
        if job is None:
            table = call.parts.catalog.require(call.account, call.region, name)
            job = await _begin(call, request, plan, table)
    now = call.parts.catalog.find(call.account, call.region, name)
    return {"BulkOperationDescription": describe_bulk_operation(job, now)}


async def _begin(call: Call, request: dict[str, Any], plan: dict[str, Any], table: Table) -> Job:
    if table.status not in (Status.ACTIVE, Status.UPDATING) or any(index.build for index in table.indexes):
        raise lifecycle.in_use(table)
    running = [job for job in call.parts.jobs.list(BULK, call.account, call.region) if not job.finished]
    if len(running) >= BULK_OPERATIONS_MAX:
        raise LimitExceededException(
            f"Subscriber limit exceeded: There is a limit of {BULK_OPERATIONS_MAX} concurrent bulk operations"
        )
    now = call.parts.clock()
    return await call.parts.jobs.add(
        Job(
            kind=BULK,
            id=new_id(now),
            account=call.account,
            region=call.region,
            table=table.name,
            created=now,
            request={"request": request, "table_id": table.id, "plan": plan},
        )
    )


def _plan(request: dict[str, Any]) -> dict[str, Any]:
    """What the job needs to know. Raises ValidationException for what the model leaves optional and the service's
    documentation does not."""
    source, output = request["InputS3Configuration"], request["OutputS3Configuration"]
    if "S3Bucket" not in output:
        raise ValidationException(f"{_LEAD}OutputS3Configuration must have an S3Bucket")
    if not output["OutputType"]:
        raise ValidationException(f"{_LEAD}OutputType must have ERROR, CONDITION_CHECK_FAILURE or both")
    if output.get("S3SseAlgorithm") == "KMS" and "S3SseKmsKeyId" not in output:
        raise ValidationException(f"{_LEAD}S3SseKmsKeyId must be specified when S3SseAlgorithm is KMS")
    return plan_of(source, source, {}) | {
        "output_bucket": output["S3Bucket"],
        "output_prefix": output.get("S3KeyPrefix", ""),
        "output_types": output["OutputType"],
        "rate_max": request.get("MaxWriteRequestUnits"),
    }
