"""The inputs of the operations on Contributor Insights."""

from typing import Final

from stator.validation.requests.member import INDEX_NAME, ITEM_TABLE_NAME, TEXT
from stator.validation.scalar import Integer, String
from stator.validation.shape import Structure, required

UPDATE_CONTRIBUTOR_INSIGHTS: Final = Structure(
    "UpdateContributorInsightsInput",
    {
        "TableName": required(ITEM_TABLE_NAME),
        "IndexName": INDEX_NAME,
        "ContributorInsightsAction": required(String(enum=("ENABLE", "DISABLE"))),
        "ContributorInsightsMode": String(enum=("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS")),
    },
)

DESCRIBE_CONTRIBUTOR_INSIGHTS: Final = Structure(
    "DescribeContributorInsightsInput", {"TableName": required(ITEM_TABLE_NAME), "IndexName": INDEX_NAME}
)

LIST_CONTRIBUTOR_INSIGHTS: Final = Structure(
    "ListContributorInsightsInput",
    {"TableName": ITEM_TABLE_NAME, "NextToken": TEXT, "MaxResults": Integer(max=100)},
)
