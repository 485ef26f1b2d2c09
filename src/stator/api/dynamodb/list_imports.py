"""ListImports: those of the last 90 days, which is how long finished ones are kept."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.imports import summarise_import, table_arn
from stator.api.intake import page
from stator.api.registry import operation
from stator.archive.intake.intake import IMPORT
from stator.limits import LIST_IMPORTS_DEFAULT
from stator.validation.requests.import_table import LIST_IMPORTS


@operation("ListImports", LIST_IMPORTS)
async def list_imports(call: Call) -> Answer:
    request = call.request
    wanted = request.get("TableArn")
    found = [
        job
        for job in call.parts.jobs.list(IMPORT, call.account, call.region)
        if wanted is None or wanted in (table_arn(job), job.table)
    ]
    shown, token = page(found, request.get("NextToken"), request.get("PageSize", LIST_IMPORTS_DEFAULT))
    answer: dict[str, Any] = {"ImportSummaryList": [summarise_import(job) for job in shown]}
    return answer if token is None else answer | {"NextToken": token}
