"""The inputs of ExecuteStatement, BatchExecuteStatement and ExecuteTransaction."""

from typing import Final

from stator.validation.requests.member import FLAG, RETURN_CONSUMED_CAPACITY, RETURN_VALUES_ON_FAILURE
from stator.validation.scalar import Attribute, Integer, String
from stator.validation.shape import List, Structure, required

STATEMENT: Final = String(min=1, max=8192)
PARAMETERS: Final = List(Attribute(), min=1)
NEXT_TOKEN: Final = String(min=1, max=32768)

EXECUTE_STATEMENT: Final = Structure(
    "ExecuteStatementInput",
    {
        "Statement": required(STATEMENT),
        "Parameters": PARAMETERS,
        "ConsistentRead": FLAG,
        "NextToken": NEXT_TOKEN,
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
        "Limit": Integer(min=1),
        "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
    },
)

BATCH_EXECUTE_STATEMENT: Final = Structure(
    "BatchExecuteStatementInput",
    {
        "Statements": required(
            List(
                Structure(
                    "BatchStatementRequest",
                    {
                        "Statement": required(STATEMENT),
                        "Parameters": PARAMETERS,
                        "ConsistentRead": FLAG,
                        "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
                    },
                ),
                min=1,
                max=25,
            )
        ),
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
    },
)

EXECUTE_TRANSACTION: Final = Structure(
    "ExecuteTransactionInput",
    {
        "TransactStatements": required(
            List(
                Structure(
                    "ParameterizedStatement",
                    {
                        "Statement": required(STATEMENT),
                        "Parameters": PARAMETERS,
                        "ReturnValuesOnConditionCheckFailure": RETURN_VALUES_ON_FAILURE,
                    },
                ),
                min=1,
                max=100,
            )
        ),
        "ClientRequestToken": String(min=1, max=36),
        "ReturnConsumedCapacity": RETURN_CONSUMED_CAPACITY,
    },
)
