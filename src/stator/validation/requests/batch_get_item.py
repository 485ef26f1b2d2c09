"""The input of BatchGetItem."""

from typing import Final

from stator.limits import BATCH_GET_KEYS_MAX
from stator.validation.requests.member import (
    ATTRIBUTES_TO_GET,
    EXPRESSION_NAMES,
    FLAG,
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    TEXT,
)
from stator.validation.shape import List, Map, Structure, required

BATCH_GET_ITEM: Final = Structure(
    "BatchGetItemInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "RequestItems": required(
            Map(
                Structure(
                    "KeysAndAttributes",
                    {
                        "Keys": required(List(ITEM, min=1, max=BATCH_GET_KEYS_MAX, terse=True)),
                        "AttributesToGet": ATTRIBUTES_TO_GET,
                        "ConsistentRead": FLAG,
                        "ProjectionExpression": TEXT,
                        "ExpressionAttributeNames": EXPRESSION_NAMES,
                    },
                ),
                keys=ITEM_TABLE_NAME,
                min=1,
                max=100,
                when_empty="The requestItems parameter is required for BatchGetItem",
            )
        ),
    },
)
