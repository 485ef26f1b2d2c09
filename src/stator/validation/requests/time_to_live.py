"""The inputs of UpdateTimeToLive and DescribeTimeToLive."""

from typing import Final

from stator.validation.requests.member import FLAG, KEY_ATTRIBUTE_NAME, TABLE_NAME
from stator.validation.shape import Structure, required

UPDATE_TIME_TO_LIVE: Final = Structure(
    "UpdateTimeToLiveInput",
    {
        "TableName": required(TABLE_NAME),
        "TimeToLiveSpecification": required(
            Structure(
                "TimeToLiveSpecification",
                {"Enabled": required(FLAG), "AttributeName": required(KEY_ATTRIBUTE_NAME)},
            )
        ),
    },
)

DESCRIBE_TIME_TO_LIVE: Final = Structure("DescribeTimeToLiveInput", {"TableName": required(TABLE_NAME)})
