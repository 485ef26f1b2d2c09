from typing import Any

from tests.operations.conftest import create_table
from tests.operations.faults import fault

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}


def test_no_such_table(dynamodb: Any) -> None:
    assert fault(dynamodb.describe_table, TableName="nowhere") == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )


def test_by_arn(dynamodb: Any, table: str) -> None:
    described = dynamodb.describe_table(TableName=table)["Table"]
    arn = described["TableArn"]
    assert dynamodb.describe_table(TableName=arn)["Table"] == described
    assert dynamodb.get_item(TableName=arn, Key=KEY)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert fault(dynamodb.describe_table, TableName=arn.replace(table, "nowhere")) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )


def test_counts_are_live(dynamodb: Any) -> None:
    create_table(dynamodb, "counted", "pk:S", "sk:S", indexes={"by-x": {"hash": ["x:S"], "projection": "KEYS_ONLY"}})
    dynamodb.put_item(TableName="counted", Item=KEY | {"v": {"S": "four"}})  # pk a, sk 1, v four: 3 + 3 + 5 bytes
    dynamodb.put_item(TableName="counted", Item=KEY | {"sk": {"S": "2"}, "x": {"S": "y"}})
    table = dynamodb.describe_table(TableName="counted")["Table"]
    assert (table["ItemCount"], table["TableSizeBytes"]) == (2, 19)
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["ItemCount"] == 1
    dynamodb.delete_item(TableName="counted", Key=KEY)
    assert dynamodb.describe_table(TableName="counted")["Table"]["ItemCount"] == 1


def test_regions_are_apart(dynamodb: Any, account: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    region = arn.split(":")[3]
    elsewhere = arn.replace(region, "ap-south-1" if region != "ap-south-1" else "eu-west-1")
    assert fault(dynamodb.describe_table, TableName=elsewhere) == (
        "ValidationException",
        f"1 validation error detected: Invalid AWS region in '{elsewhere}'",
    )
    stranger = arn.replace(arn.split(":")[4], "999999999999")
    assert fault(dynamodb.describe_table, TableName=stranger) == ("AccessDeniedException", "Access is denied")
