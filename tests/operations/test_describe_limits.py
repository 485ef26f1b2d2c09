from typing import Any


def test_limits(dynamodb: Any) -> None:
    answer = dynamodb.describe_limits()
    answer.pop("ResponseMetadata")
    assert answer == {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }
