"""The input of Query."""

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
    KEY_CONDITIONS,
    RETURN_CONSUMED_CAPACITY,
    SELECT,
    TEXT,
)
from stator.validation.scalar import Integer
from stator.validation.shape import Structure, required

QUERY: Final = Structure(
    "QueryInput",
    {
        "Select": SELECT,
        "IndexName": INDEX_NAME,
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "QueryFilter": FILTER,
        "TableName": required(ITEM_TABLE_NAME),
        "ConditionalOperator": CONDITIONAL_OPERATOR,
        "AttributesToGet": ATTRIBUTES_TO_GET,
        "Limit": Integer(min=1, terse=True),
        "KeyConditions": KEY_CONDITIONS,
        "ExclusiveStartKey": ITEM,
        "ConsistentRead": FLAG,
        "ScanIndexForward": FLAG,
        "KeyConditionExpression": TEXT,
        "FilterExpression": TEXT,
        "ProjectionExpression": TEXT,
        "ExpressionAttributeValues": EXPRESSION_VALUES,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)
