"""The input of PutItem."""

from typing import Final

from stator.validation.requests.member import (
    CONDITIONAL_OPERATOR,
    EXPECTED,
    EXPRESSION_NAMES,
    EXPRESSION_VALUES,
    ITEM,
    RETURN_CONSUMED_CAPACITY,
    RETURN_ITEM_COLLECTION_METRICS,
    RETURN_VALUES,
    RETURN_VALUES_ON_FAILURE,
    TEXT,
)
from stator.validation.shape import Structure, required
from stator.validation.table_name import ItemTableName

PUT_ITEM: Final = Structure(
    "PutItemInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "TableName": required(ItemTableName(alone=True)),
        "Item": required(ITEM),
        "ConditionalOperator": CONDITIONAL_OPERATOR,
        "Expected": EXPECTED,
        "ReturnValues": RETURN_VALUES,
        "ReturnItemCollectionMetrics": RETURN_ITEM_COLLECTION_METRICS,
        "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
        "ConditionExpression": TEXT,
        "ExpressionAttributeValues": EXPRESSION_VALUES,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)
