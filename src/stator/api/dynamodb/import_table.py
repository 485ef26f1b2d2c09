"""ImportTable."""

from collections.abc import Sequence
from typing import Any

from stator.api.call import Answer, Call
from stator.api.imports import describe_import
from stator.api.intake import new_id, plan_of, same_token, with_token
from stator.api.registry import operation
from stator.archive.intake.intake import IMPORT
from stator.archive.job import Job
from stator.errors import (
    ImportConflictException,
    LimitExceededException,
    ResourceInUseException,
    ValidationException,
    WireError,
)
from stator.limits import IMPORTS_MAX, ITEM_BYTES_MAX, TABLES_MAX
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.create import build, count_spaces
from stator.tables.quota import check_quota
from stator.tables.refused import check_create_table_parameters
from stator.tables.warm import check_warm_at_creation
from stator.validation.create_table import check_create_table
from stator.validation.requests.import_table import IMPORT_TABLE


@operation("ImportTable", IMPORT_TABLE)
async def import_table(call: Call) -> Answer:
    parameters = call.request["TableCreationParameters"]
    check_create_table(parameters)
    check_create_table_parameters(parameters)
    check_warm_at_creation(parameters)
    if call.request["InputFormat"] != "CSV" and (call.request.get("InputFormatOptions") or {}).get("Csv") is not None:
        raise ValidationException(
            "Invalid Request: Unsupported InputFormatOptions for the given input format: "
            f"{call.request['InputFormat']}."
        )
    csv = (call.request.get("InputFormatOptions") or {}).get("Csv") or {}
    _check_header(csv.get("HeaderList") or ())
    request = with_token(call.request)
    plan = plan_of(request["S3BucketSource"], request, csv)
    async with call.parts.jobs.beginning:
        job = _begun(call, request) or await _begin(call, request, plan)
    return {"ImportTableDescription": describe_import(job)}


def _check_header(names: Sequence[str]) -> None:
    """A header of more bytes than an item could ever have would be written down with each step of the import."""
    if sum(map(len, names)) > ITEM_BYTES_MAX:
        raise ValidationException("One or more parameter values were invalid: HeaderList is larger than an item may be")


def _begun(call: Call, request: dict[str, Any]) -> Job | None:
    """The import that this request has begun before. Raises ImportConflictException when another one has."""
    job = same_token(call, IMPORT, request)
    if job is not None and _compared(job.request["request"]) != _compared(request):
        raise ImportConflictException("Import conflict: Duplicate request detected with conflicting parameters")
    return job


def _compared(request: dict[str, Any]) -> dict[str, Any]:
    """What two requests with one token must have in common: all but the prefix, at which the service does not look."""
    source = {name: value for name, value in request["S3BucketSource"].items() if name != "S3KeyPrefix"}
    return request | {"S3BucketSource": source}


async def _begin(call: Call, request: dict[str, Any], plan: dict[str, Any]) -> Job:
    """Make the table, CREATING, and the job that fills it, in one commit."""
    parameters = request["TableCreationParameters"]
    catalog, jobs, name = call.parts.catalog, call.parts.jobs, parameters["TableName"]
    _check(catalog, call, name, catalog.find(call.account, call.region, name))
    spaces = await catalog.create_spaces(count_spaces(parameters))
    try:
        now = call.parts.clock()
        table = lifecycle.create_by_job(build(parameters, call.account, call.region, spaces=spaces, now=now))
        job = Job(
            kind=IMPORT,
            id=new_id(now),
            account=call.account,
            region=call.region,
            table=name,
            created=now,
            request={"request": request, "table_id": table.id, "plan": plan},
            spaces=table.spaces,
        )

        def decide(old: Table | None) -> Edit:
            _check(catalog, call, name, old)
            check_quota(None, table, catalog.tables())
            return Edit(table, puts=(jobs.put(job),))

        await catalog.change(call.account, call.region, name, decide)
    except WireError:
        await catalog.drop_spaces(spaces)
        raise
    return jobs.note(job)


def _check(catalog: Catalog, call: Call, name: str, old: Table | None) -> None:
    if old is not None:
        raise ResourceInUseException(f"Table already exists: {name}")
    if len(catalog.names(call.account, call.region)) >= TABLES_MAX:
        raise LimitExceededException(
            f"Subscriber limit exceeded: There is a limit of {TABLES_MAX} tables per subscriber"
        )
    running = [job for job in call.parts.jobs.list(IMPORT, call.account, call.region) if not job.finished]
    if len(running) >= IMPORTS_MAX:
        raise LimitExceededException(f"Subscriber limit exceeded: There is a limit of {IMPORTS_MAX} concurrent imports")
