"""The input of BatchWriteItem."""

from typing import Final

from stator.limits import BATCH_WRITE_REQUESTS_MAX
from stator.validation.requests.member import (
    ITEM,
    ITEM_TABLE_NAME,
    RETURN_CONSUMED_CAPACITY,
    RETURN_ITEM_COLLECTION_METRICS,
)
from stator.validation.shape import List, Map, Structure, required

# The service complains of deletes first, but shows puts first.
_WRITE_REQUEST: Final = Structure(
    "WriteRequest",
    {
        "DeleteRequest": Structure("DeleteRequest", {"Key": required(ITEM)}),
        "PutRequest": Structure("PutRequest", {"Item": required(ITEM)}, hidden=("workloadProfileName",)),
    },
    shown=("PutRequest", "DeleteRequest"),
)

BATCH_WRITE_ITEM: Final = Structure(
    "BatchWriteItemInput",
    {
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "ReturnItemCollectionMetrics": RETURN_ITEM_COLLECTION_METRICS,
        "RequestItems": required(
            Map(
                List(_WRITE_REQUEST, min=1, max=BATCH_WRITE_REQUESTS_MAX),
                keys=ITEM_TABLE_NAME,
                min=1,
                max=25,
                when_empty="The requestItems parameter is required for BatchWriteItem",
            )
        ),
    },
)
