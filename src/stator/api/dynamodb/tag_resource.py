"""TagResource."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Edit
from stator.tables.name import resolve_resource
from stator.tables.tags import check_count, check_taggable, read_tags
from stator.validation.requests.tag import TAG_RESOURCE


@operation("TagResource", TAG_RESOURCE)
async def tag_resource(call: Call) -> Answer:
    arn = call.request["ResourceArn"]
    name = resolve_resource(call.account, call.region, arn)
    if not call.request["Tags"]:
        raise ValidationException("Atleast one Tag needs to be provided as Input.")
    tags = read_tags(call.request["Tags"])

    def decide(table: Table | None) -> Edit:
        table = check_taggable(table, f"Requested resource not found: ResourcArn: {arn} not found")
        check_count(len(table.tags | tags))
        return Edit(lifecycle.amend(table, lambda each: replace(each, tags=each.tags | tags)))

    await call.parts.catalog.change(call.account, call.region, name, decide)
    return {}
