"""What is said on the way in; tests/delivery has what comes after it."""

from typing import Any

import pytest

from tests.operations.faults import fault, invalid

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:kinesis:eu-west-1:123456789012:table/changes",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/cha nges",
        "arn:aws:kinesis:eu-west-1:12345678901:stream/changes-of-things",
        "arn:aws:kinesis:us-east-1:123456789012:stream/changes",
    ],
)
def test_only_streams_of_the_region(dynamodb: Any, table: str, arn: str) -> None:
    assert invalid(dynamodb.enable_kinesis_streaming_destination, TableName=table, StreamArn=arn).startswith(
        f"Invalid StreamArn: {arn} is not "
    )


def test_without_an_endpoint_it_is_refused(dynamodb: Any, table: str) -> None:
    assert invalid(dynamodb.enable_kinesis_streaming_destination, TableName=table, StreamArn=STREAM) == (
        "This server has no Kinesis endpoint to deliver to. Whoever runs it can set kinesis_endpoint."
    )
    answer = dynamodb.describe_kinesis_streaming_destination(TableName=table)
    assert answer["KinesisDataStreamDestinations"] == []


def test_constraints(dynamodb: Any, table: str) -> None:
    assert invalid(
        dynamodb.enable_kinesis_streaming_destination,
        TableName=table,
        StreamArn="short",
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "SECOND"},
    ) == (
        "2 validation errors detected: "
        "Value 'short' at 'streamArn' failed to satisfy constraint: "
        "Member must have length greater than or equal to 37; "
        "Value 'SECOND' at 'enableKinesisStreamingConfiguration.approximateCreationDateTimePrecision' failed to satisfy "
        "constraint: Member must satisfy enum value set: [MILLISECOND, MICROSECOND]"
    )


@pytest.mark.parametrize("verb", ["disable", "update", "describe"])
def test_no_such_table(dynamodb: Any, verb: str) -> None:
    request = {"TableName": "nowhere"} | ({} if verb == "describe" else {"StreamArn": STREAM})
    assert fault(getattr(dynamodb, f"{verb}_kinesis_streaming_destination"), **request) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: nowhere not found",
    )
