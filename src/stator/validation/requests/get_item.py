"""The input of GetItem."""

from typing import Final

from stator.validation.requests.member import (
    ATTRIBUTES_TO_GET,
    EXPRESSION_NAMES,
    FLAG,
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    TEXT,
)
from stator.validation.shape import Structure, required

GET_ITEM: Final = Structure(
    "GetItemInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "AttributesToGet": ATTRIBUTES_TO_GET,
        "Key": required(ITEM),
        "TableName": required(ITEM_TABLE_NAME),
        "ConsistentRead": FLAG,
        "ProjectionExpression": TEXT,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)
