"""Tags: their rules, their limits and the resources that have none."""

from typing import Any

import pytest

from tests.operations.faults import fault, invalid


@pytest.fixture
def arn(dynamodb: Any, table: str) -> str:
    arn: str = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    return arn


def tag(key: str, value: str = "") -> list[dict[str, str]]:
    return [{"Key": key, "Value": value}]


def test_what_may_be_a_tag(dynamodb: Any, arn: str) -> None:
    fine = [
        *tag("k" * 128, "v" * 256),
        *tag("é" * 128, "日" * 256),
        *tag("a b+c-d=e.f_g:h/i", "a b+c-d=e.f_g:h/i"),
        *tag("Case"),
        *tag("case"),
        *tag("0"),
    ]
    dynamodb.tag_resource(ResourceArn=arn, Tags=fine)
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == fine
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=[each["Key"] for each in fine if each["Key"] != "case"])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tag("case")


@pytest.mark.parametrize(
    "bad",
    [
        tag(""),
        tag("k" * 129),
        tag("k", "v" * 257),
        tag("k*"),
        tag("k", "v?"),
        tag("aws:k"),
        tag("twice") * 2,
        [{"Key": "no-value"}],
        [{"Value": "no-key"}],
        [each for number in range(51) for each in tag(str(number))],
    ],
)
def test_what_may_not(dynamodb: Any, arn: str, bad: list[dict[str, str]]) -> None:
    invalid(dynamodb.tag_resource, ResourceArn=arn, Tags=bad)
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
    creation: dict[str, Any] = {
        "TableName": "tagged",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    invalid(dynamodb.create_table, **creation, Tags=bad)
    assert "tagged" not in dynamodb.list_tables()["TableNames"]


def test_none_given(dynamodb: Any, arn: str) -> None:
    assert invalid(dynamodb.tag_resource, ResourceArn=arn, Tags=[]) == "Atleast one Tag needs to be provided as Input."
    assert invalid(dynamodb.untag_resource, ResourceArn=arn, TagKeys=[]) == (
        "Atleast one Tag Key needs to be provided as Input."
    )


def calls(dynamodb: Any, arn: str) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (dynamodb.tag_resource, {"ResourceArn": arn, "Tags": tag("a")}),
        (dynamodb.untag_resource, {"ResourceArn": arn, "TagKeys": ["a"]}),
        (dynamodb.list_tags_of_resource, {"ResourceArn": arn}),
    ]


def test_resources_that_are_not_there(dynamodb: Any, arn: str) -> None:
    missing = arn.replace("table/things", "table/nowhere")
    for call, request in calls(dynamodb, missing):
        assert fault(call, **request) == (
            "ResourceNotFoundException",
            f"Requested resource not found: ResourcArn: {missing} not found",
        )


def test_resources_that_are_none(dynamodb: Any, arn: str) -> None:
    for bad in ("things", "a:b:c:d:e:f/g", "arn:aws:s3:::bucket", arn + "/index/by-x", arn.replace("things", "ab")):
        for call, request in calls(dynamodb, bad):
            assert invalid(call, **request) == f"Invalid TableArn: Invalid ResourceArn provided as input {bad}"
    account = arn.split(":")[4]
    for call, request in calls(dynamodb, arn.replace(account, "999999999999")):
        assert fault(call, **request)[0] == "AccessDeniedException"
