from typing import Any

import pytest

from tests.operations.faults import fault, invalid


@pytest.fixture
def arn(dynamodb: Any, table: str) -> str:
    arn: str = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    return arn


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def test_tags_are_added_and_replaced(dynamodb: Any, arn: str) -> None:
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(a="1", b="2"))
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(b="3", c=""))
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags(a="1", b="3", c="")


def test_fifty_in_all(dynamodb: Any, arn: str) -> None:
    many = {f"k{number}": "" for number in range(50)}
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(**many))
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(k0="again"))
    assert invalid(dynamodb.tag_resource, ResourceArn=arn, Tags=tags(one="more")) == (
        "Number of Tags exceed the current limit for the provided ResourceArn"
    )
    assert len(dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 50


def test_one_bad_tag_leaves_the_others_out(dynamodb: Any, arn: str) -> None:
    bad = [*tags(good="1"), {"Key": "aws:x", "Value": ""}]
    assert invalid(dynamodb.tag_resource, ResourceArn=arn, Tags=bad) == (
        "Tag Key cannot be prefixed with aws:, Key: aws:x"
    )
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == []


def test_no_tags_at_all(dynamodb: Any, arn: str) -> None:
    assert invalid(dynamodb.tag_resource, ResourceArn=arn, Tags=[]) == "Atleast one Tag needs to be provided as Input."


def test_resources_that_are_none(dynamodb: Any, arn: str) -> None:
    missing = arn.replace("table/things", "table/nowhere")
    assert fault(dynamodb.tag_resource, ResourceArn=missing, Tags=tags(a="1")) == (
        "ResourceNotFoundException",
        f"Requested resource not found: ResourcArn: {missing} not found",
    )
    assert invalid(dynamodb.tag_resource, ResourceArn="not-a-valid-arn", Tags=tags(a="1")) == (
        "Invalid TableArn: Invalid ResourceArn provided as input not-a-valid-arn"
    )
    stranger = arn.replace(arn.split(":")[4], "999999999999")
    assert fault(dynamodb.tag_resource, ResourceArn=stranger, Tags=tags(a="1"))[0] == "AccessDeniedException"


def test_tags_go_with_their_table(dynamodb: Any, arn: str, table: str) -> None:
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(a="1"))
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags(a="1")
    dynamodb.delete_table(TableName=table)
    assert fault(dynamodb.list_tags_of_resource, ResourceArn=arn)[0] == "ResourceNotFoundException"
