"""ListTagsOfResource.

A table's tags, 50 at most, fit on one page, so there is no NextToken to give; one that is given is ignored, as the
service ignores one that it does not know.
"""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ResourceNotFoundException
from stator.tables.name import resolve_resource
from stator.validation.requests.tag import LIST_TAGS_OF_RESOURCE


@operation("ListTagsOfResource", LIST_TAGS_OF_RESOURCE)
async def list_tags_of_resource(call: Call) -> Answer:
    arn = call.request["ResourceArn"]
    table = call.parts.catalog.find(call.account, call.region, resolve_resource(call.account, call.region, arn))
    if table is None:
        raise ResourceNotFoundException(f"Requested resource not found: ResourcArn: {arn} not found")
    return {"Tags": [{"Key": key, "Value": value} for key, value in table.tags.items()]}
