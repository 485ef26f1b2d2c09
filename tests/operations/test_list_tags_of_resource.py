from typing import Any

from tests.operations.faults import fault, invalid


def test_a_table_without_tags(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    answer = dynamodb.list_tags_of_resource(ResourceArn=arn)
    assert answer["Tags"] == []
    assert "NextToken" not in answer


def test_all_tags_come_on_one_page(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    tags = [{"Key": f"key-{number}", "Value": str(number)} for number in range(50)]
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags)
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags
    assert dynamodb.list_tags_of_resource(ResourceArn=arn, NextToken="unknown")["Tags"] == tags


def test_resources_that_are_none(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    missing = arn.replace("table/things", "table/nowhere")
    assert fault(dynamodb.list_tags_of_resource, ResourceArn=missing) == (
        "ResourceNotFoundException",
        f"Requested resource not found: ResourcArn: {missing} not found",
    )
    stranger = missing.replace(arn.split(":")[4], "000000000000")
    assert fault(dynamodb.list_tags_of_resource, ResourceArn=stranger)[0] == "AccessDeniedException"
    index = f"{arn}/index/by-x"
    assert invalid(dynamodb.list_tags_of_resource, ResourceArn=index) == (
        f"Invalid TableArn: Invalid ResourceArn provided as input {index}"
    )
