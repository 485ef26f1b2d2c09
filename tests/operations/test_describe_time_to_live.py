from typing import Any

from tests.operations.faults import fault


def test_never_set(dynamodb: Any, table: str) -> None:
    answer = dynamodb.describe_time_to_live(TableName=table)
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


def test_no_such_table(dynamodb: Any) -> None:
    assert fault(dynamodb.describe_time_to_live, TableName="nowhere") == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )
