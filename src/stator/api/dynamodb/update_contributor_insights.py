"""UpdateContributorInsights."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.model.table import Status, Table
from stator.tables import insights
from stator.tables.catalog import Edit, not_found
from stator.tables.name import resolve
from stator.validation.requests.contributor_insights import UPDATE_CONTRIBUTOR_INSIGHTS


@operation("UpdateContributorInsights", UPDATE_CONTRIBUTOR_INSIGHTS)
async def update_contributor_insights(call: Call) -> Answer:
    request = call.request
    name = resolve(call.account, call.region, request["TableName"])
    index, action = request.get("IndexName"), request["ContributorInsightsAction"]
    now = call.parts.clock()

    def decide(table: Table | None) -> Edit:
        if table is None or table.status in (Status.CREATING, Status.DELETING):
            raise not_found(name)
        return Edit(insights.change(table, index, action, request.get("ContributorInsightsMode"), now))

    table = await call.parts.catalog.change(call.account, call.region, name, decide)
    answer = insights.summarise(table, index, now, call.parts.catalog.transition_seconds)
    setting = insights.setting_of(table, index)
    if setting is not None and setting.changed == now:
        # As the service answers: it is under way, however short.
        answer["ContributorInsightsStatus"] = "ENABLING" if setting.enabled else "DISABLING"
    return answer
