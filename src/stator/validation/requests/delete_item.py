"""The input of DeleteItem."""

from typing import Final

from stator.validation.requests.member import (
    CONDITIONAL_OPERATOR,
    EXPECTED,
    EXPRESSION_NAMES,
    EXPRESSION_VALUES,
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    RETURN_ITEM_COLLECTION_METRICS,
    RETURN_VALUES,
    RETURN_VALUES_ON_FAILURE,
    TEXT,
)
from stator.validation.shape import Structure, required

DELETE_ITEM: Final = Structure(
    "DeleteItemInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "TableName": required(ITEM_TABLE_NAME),
        "ReturnValues": RETURN_VALUES,
        "ReturnItemCollectionMetrics": RETURN_ITEM_COLLECTION_METRICS,
        "Key": required(ITEM),
        "ConditionalOperator": CONDITIONAL_OPERATOR,
        "Expected": EXPECTED,
        "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
        "ConditionExpression": TEXT,
        "ExpressionAttributeValues": EXPRESSION_VALUES,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)
