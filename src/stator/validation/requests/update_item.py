"""The input of UpdateItem."""

from typing import Final

from stator.validation.requests.member import (
    ATTRIBUTE_NAME,
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
from stator.validation.scalar import Attribute, String
from stator.validation.shape import Map, Structure, required

UPDATE_ITEM: Final = Structure(
    "UpdateItemInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "TableName": required(ITEM_TABLE_NAME),
        "ReturnItemCollectionMetrics": RETURN_ITEM_COLLECTION_METRICS,
        "ReturnValues": RETURN_VALUES,
        "Key": required(ITEM),
        "ConditionalOperator": CONDITIONAL_OPERATOR,
        "Expected": EXPECTED,
        "AttributeUpdates": Map(
            Structure(
                "AttributeValueUpdate",
                {"Action": String(enum=("ADD", "DELETE", "PUT")), "Value": Attribute()},
            ),
            keys=ATTRIBUTE_NAME,
        ),
        "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
        "ConditionExpression": TEXT,
        "UpdateExpression": TEXT,
        "ExpressionAttributeValues": EXPRESSION_VALUES,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)
