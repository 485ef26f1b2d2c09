"""DescribeImport."""

from stator.api.call import Answer, Call
from stator.api.imports import describe_import
from stator.api.intake import find_job
from stator.api.registry import operation
from stator.archive.intake.intake import IMPORT
from stator.errors import ImportNotFoundException
from stator.validation.requests.import_table import DESCRIBE_IMPORT


@operation("DescribeImport", DESCRIBE_IMPORT)
async def describe(call: Call) -> Answer:
    arn = call.request["ImportArn"]
    job = find_job(call, IMPORT, "import", arn, "Invalid Import ARN")
    if job is None:
        raise ImportNotFoundException(f"Import not found: {arn}")
    return {"ImportTableDescription": describe_import(job)}
