"""The input of TransactGetItems."""

from typing import Final

from stator.limits import TRANSACTION_ACTIONS_MAX
from stator.validation.requests.member import (
    EXPRESSION_NAMES,
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    TEXT,
)
from stator.validation.shape import List, Structure, required

TRANSACT_GET_ITEMS: Final = Structure(
    "TransactGetItemsInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "TransactItems": required(
            List(
                Structure(
                    "TransactGetItem",
                    {
                        "Get": required(
                            Structure(
                                "Get",
                                {
                                    "Key": required(ITEM),
                                    "TableName": required(ITEM_TABLE_NAME),
                                    "ProjectionExpression": TEXT,
                                    "ExpressionAttributeNames": EXPRESSION_NAMES,
                                },
                            )
                        )
                    },
                ),
                min=1,
                max=TRANSACTION_ACTIONS_MAX,
            )
        ),
    },
)
