"""CreateTable."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import LimitExceededException, ResourceInUseException, WireError
from stator.limits import TABLES_MAX
from stator.model.table import Table
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.create import build, count_spaces
from stator.tables.describe import describe
from stator.tables.quota import check_quota
from stator.tables.refused import check_create_table_parameters
from stator.tables.tags import read_tags
from stator.tables.warm import check_warm_at_creation
from stator.validation.create_table import check_create_table
from stator.validation.requests.create_table import CREATE_TABLE


@operation("CreateTable", CREATE_TABLE)
async def create_table(call: Call) -> Answer:
    request, catalog = call.request, call.parts.catalog
    check_create_table(request)
    check_create_table_parameters(request)
    check_warm_at_creation(request)
    read_tags(request.get("Tags") or ())
    name = request["TableName"]
    # Also asked inside the change; asked here so that a request in vain costs no spaces.
    _check_absent(catalog.find(call.account, call.region, name), name)
    _check_room(catalog, call.account, call.region)
    spaces = await catalog.create_spaces(count_spaces(request))
    now = call.parts.clock()
    table = build(request, call.account, call.region, spaces=spaces, now=now)

    def decide(old: Table | None) -> Edit:
        _check_absent(old, name)
        _check_room(catalog, call.account, call.region)
        check_quota(None, table, catalog.tables())
        return Edit(lifecycle.create(table, now + catalog.transition_seconds))

    try:
        created = await catalog.change(call.account, call.region, name, decide)
    except WireError:
        await catalog.drop_spaces(spaces)
        raise
    return {"TableDescription": describe(created, {}, now)}


def _check_room(catalog: Catalog, account: str, region: str) -> None:
    if len(catalog.names(account, region)) >= TABLES_MAX:
        raise LimitExceededException(
            f"Subscriber limit exceeded: There is a limit of {TABLES_MAX} tables per subscriber"
        )


def _check_absent(table: Table | None, name: str) -> None:
    if table is not None:
        raise ResourceInUseException(f"Table already exists: {name}")
