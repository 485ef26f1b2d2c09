"""UpdateTable."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import WireError
from stator.model.table import Table
from stator.tables.catalog import Edit, not_found
from stator.tables.combination import check_combination
from stator.tables.describe import describe
from stator.tables.name import resolve
from stator.tables.quota import check_quota
from stator.tables.refused import check_update_table_parameters
from stator.tables.update import count_spaces, plan
from stator.validation.requests.update_table import UPDATE_TABLE
from stator.validation.update_table import check_update_table

# Clients poll the new index at intervals of seconds. That of a small table is there before they begin to.
_WAIT_SECONDS = 0.1


@operation("UpdateTable", UPDATE_TABLE)
async def update_table(call: Call) -> Answer:
    request, catalog = call.request, call.parts.catalog
    check_update_table(request)
    check_update_table_parameters(request)
    check_combination(request)
    name = resolve(call.account, call.region, request["TableName"])
    now = call.parts.clock()
    spaces: list[int] = []

    def decide(table: Table | None) -> Edit:
        if table is None:
            raise not_found(name)
        edit = plan(table, request, now=now, settles_at=now + catalog.transition_seconds, spaces=spaces)
        check_quota(table, edit.table.becomes or edit.table, catalog.tables())
        return edit

    if count_spaces(request):
        decide(catalog.find(call.account, call.region, name))  # so that a request in vain costs no space
        spaces += await catalog.create_spaces(count_spaces(request))
    try:
        table = await catalog.change(call.account, call.region, name, decide)
    except WireError:
        await catalog.drop_spaces(spaces)
        raise
    answer = describe(table, await catalog.usages(table), now)
    if spaces and not catalog.transition_seconds:
        await catalog.wait_until_active(call.account, call.region, name, _WAIT_SECONDS)
    return {"TableDescription": answer}
