"""DescribeContinuousBackups."""

from stator.api.call import Answer, Call
from stator.api.continuous_backups import describe_continuous_backups as describe
from stator.api.registry import operation
from stator.model.table import Status
from stator.tables.name import resolve
from stator.tables.recovery import is_being_restored, not_found
from stator.validation.requests.continuous_backups import DESCRIBE_CONTINUOUS_BACKUPS


@operation("DescribeContinuousBackups", DESCRIBE_CONTINUOUS_BACKUPS)
async def describe_continuous_backups(call: Call) -> Answer:
    name = resolve(call.account, call.region, call.request["TableName"])
    table = call.parts.catalog.find(call.account, call.region, name)
    if table is None or table.status is Status.DELETING or is_being_restored(table):
        raise not_found(name)
    return {"ContinuousBackupsDescription": describe(call, table)}
