"""DeleteTable."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Edit, not_found
from stator.tables.describe import describe
from stator.tables.name import resolve
from stator.validation.requests.table import DELETE_TABLE


@operation("DeleteTable", DELETE_TABLE)
async def delete_table(call: Call) -> Answer:
    catalog = call.parts.catalog
    name = resolve(call.account, call.region, call.request["TableName"])
    now = call.parts.clock()

    def decide(table: Table | None) -> Edit:
        if table is None:
            raise not_found(name)
        lifecycle.check_idle(table)
        if table.deletion_protection:
            raise ValidationException(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        return Edit(lifecycle.delete(table, now + catalog.transition_seconds), drops=table.spaces)

    table = await catalog.change(call.account, call.region, name, decide)
    return {"TableDescription": describe(table, await catalog.usages(table), now)}
