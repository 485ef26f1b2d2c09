"""UntagResource."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Edit
from stator.tables.name import resolve_resource
from stator.tables.tags import check_count, check_key, check_taggable
from stator.validation.requests.tag import UNTAG_RESOURCE


@operation("UntagResource", UNTAG_RESOURCE)
async def untag_resource(call: Call) -> Answer:
    arn = call.request["ResourceArn"]
    name = resolve_resource(call.account, call.region, arn)
    keys = {check_key(key) for key in call.request["TagKeys"]}
    if not keys:
        raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
    check_count(len(keys))

    def without(table: Table) -> Table:
        return replace(table, tags={key: value for key, value in table.tags.items() if key not in keys})

    def decide(table: Table | None) -> Edit:
        table = check_taggable(table, f"Requested resource not found: ResourcArn: {arn} not found")
        return Edit(lifecycle.amend(table, without))

    await call.parts.catalog.change(call.account, call.region, name, decide)
    return {}
