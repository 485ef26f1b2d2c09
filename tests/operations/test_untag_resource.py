from typing import Any

from tests.operations.faults import fault, invalid


def test_keys_are_removed_and_absent_ones_ignored(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": "v"} for key in ("a", "b", "c")])
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a", "c", "never", "B"])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "v"}]


def test_refusals(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    assert invalid(dynamodb.untag_resource, ResourceArn=arn, TagKeys=[]) == (
        "Atleast one Tag Key needs to be provided as Input."
    )
    missing = arn.replace("things", "nowhere")
    assert fault(dynamodb.untag_resource, ResourceArn=missing, TagKeys=["a"]) == (
        "ResourceNotFoundException",
        f"Requested resource not found: ResourcArn: {missing} not found",
    )
