"""DescribeContributorInsights."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.tables import insights
from stator.validation.requests.contributor_insights import DESCRIBE_CONTRIBUTOR_INSIGHTS


@operation("DescribeContributorInsights", DESCRIBE_CONTRIBUTOR_INSIGHTS)
async def describe_contributor_insights(call: Call) -> Answer:
    catalog = call.parts.catalog
    table = catalog.require(call.account, call.region, call.request["TableName"])
    return insights.describe(table, call.request.get("IndexName"), call.parts.clock(), catalog.transition_seconds)
