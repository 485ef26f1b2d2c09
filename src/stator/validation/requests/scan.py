"""The input of Scan."""

from typing import Final

from stator.validation.requests.member import (
    ATTRIBUTES_TO_GET,
    CONDITIONAL_OPERATOR,
    EXPRESSION_NAMES,
    EXPRESSION_VALUES,
    FILTER,
    FLAG,
    INDEX_NAME,
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    SELECT,
    TEXT,
)
from stator.validation.scalar import Integer
from stator.validation.shape import Structure, required

SCAN: Final = Structure(
    "ScanInput",
    {
        "Select": SELECT,
        "IndexName": INDEX_NAME,
        "TotalSegments": Integer(min=1, max=1_000_000),
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "TableName": required(ITEM_TABLE_NAME),
        "ConditionalOperator": CONDITIONAL_OPERATOR,
        "ScanFilter": FILTER,
        "Segment": Integer(min=0, max=999_999),
        "Limit": Integer(min=1),
        "AttributesToGet": ATTRIBUTES_TO_GET,
        "ExclusiveStartKey": ITEM,
        "ConsistentRead": FLAG,
        "FilterExpression": TEXT,
        "ProjectionExpression": TEXT,
        "ExpressionAttributeValues": EXPRESSION_VALUES,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)
