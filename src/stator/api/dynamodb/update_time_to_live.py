"""UpdateTimeToLive."""

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.model.table import Status, Table
from stator.tables import lifecycle
from stator.tables.catalog import Edit, not_found
from stator.tables.name import resolve
from stator.tables.time_to_live import change
from stator.validation.requests.time_to_live import UPDATE_TIME_TO_LIVE


@operation("UpdateTimeToLive", UPDATE_TIME_TO_LIVE)
async def update_time_to_live(call: Call) -> Answer:
    specification = call.request["TimeToLiveSpecification"]
    name = resolve(call.account, call.region, call.request["TableName"])
    now = call.parts.clock()

    def decide(table: Table | None) -> Edit:
        if table is None or table.status is Status.CREATING:
            raise not_found(name)
        old = table.time_to_live
        setting = change(old, specification, now)
        drops = () if old is None or old.space is None else (old.space,)
        return Edit(lifecycle.amend(table, lambda each: replace(each, time_to_live=setting)), drops=drops)

    await call.parts.catalog.change(call.account, call.region, name, decide)
    return {
        "TimeToLiveSpecification": {
            "Enabled": specification["Enabled"],
            "AttributeName": specification["AttributeName"],
        }
    }
