"""DescribeTimeToLive."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Status
from stator.tables.time_to_live import describe
from stator.validation.requests.time_to_live import DESCRIBE_TIME_TO_LIVE


@operation("DescribeTimeToLive", DESCRIBE_TIME_TO_LIVE)
async def describe_time_to_live(call: Call) -> Answer:
    catalog = call.parts.catalog
    table = catalog.require(call.account, call.region, call.request["TableName"])
    if table.status in (Status.CREATING, Status.DELETING):
        raise ValidationException(
            f"Cannot describe time to live while table is in {table.status} state: "
            f"Current table state is {table.status}"
        )
    return {
        "TimeToLiveDescription": describe(table.time_to_live, call.parts.clock(), catalog.transition_seconds),
    }
