"""The input of TransactWriteItems."""

from collections.abc import Mapping
from typing import Final

from stator.limits import TRANSACTION_ACTIONS_MAX
from stator.validation.requests.member import (
    EXPRESSION_NAMES,
    EXPRESSION_VALUES,
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    RETURN_ITEM_COLLECTION_METRICS,
    RETURN_VALUES_ON_FAILURE,
    TEXT,
)
from stator.validation.scalar import String, Type
from stator.validation.shape import List, Member, Structure, required

CLIENT_REQUEST_TOKEN: Final = String(min=1, max=36)


def _action(name: str, members: Mapping[str, Type | Member], *, condition: Type | Member = TEXT) -> Structure:
    return Structure(
        name,
        {
            **members,
            "TableName": required(ITEM_TABLE_NAME),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": EXPRESSION_NAMES,
            "ExpressionAttributeValues": EXPRESSION_VALUES,
            "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
        },
    )


TRANSACT_WRITE_ITEMS: Final = Structure(
    "TransactWriteItemsInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "ReturnItemCollectionMetrics": RETURN_ITEM_COLLECTION_METRICS,
        "ClientRequestToken": CLIENT_REQUEST_TOKEN,
        "TransactItems": required(
            List(
                Structure(
                    "TransactWriteItem",
                    {
                        "ConditionCheck": _action("ConditionCheck", {"Key": required(ITEM)}, condition=required(TEXT)),
                        "Put": _action("Put", {"Item": required(ITEM)}),
                        "Delete": _action("Delete", {"Key": required(ITEM)}),
                        "Update": _action("Update", {"Key": required(ITEM), "UpdateExpression": required(TEXT)}),
                    },
                ),
                min=1,
                max=TRANSACTION_ACTIONS_MAX,
            )
        ),
    },
)
