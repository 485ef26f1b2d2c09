"""Lambda's operations on event source mappings, with boto3."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.running import Account, RunningServer


def create(triggers: Any, stream: str, **members: Any) -> Any:
    given = {"EventSourceArn": stream, "FunctionName": "f", "StartingPosition": "LATEST"} | members
    return triggers.create_event_source_mapping(**{name: value for name, value in given.items() if value is not None})


def fault(call: Any, *arguments: Any, **members: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **members)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_a_mapping_lives(triggers: Any, stream: str, account: Account) -> None:
    created = create(triggers, stream, BatchSize=7)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert created["State"] == "Creating"
    assert created["FunctionArn"] == f"arn:aws:lambda:eu-west-1:{account.number}:function:f"
    assert created["EventSourceArn"] == stream
    uuid = created["UUID"]
    got = triggers.get_event_source_mapping(UUID=uuid)
    assert (got["State"], got["BatchSize"], got["ParallelizationFactor"]) == ("Enabled", 7, 1)
    assert (got["MaximumRetryAttempts"], got["MaximumRecordAgeInSeconds"]) == (-1, -1)
    assert got["LastProcessingResult"] == "No records processed"
    filters = {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]}
    updated = triggers.update_event_source_mapping(
        UUID=uuid, BatchSize=8, FilterCriteria=filters, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    assert (updated["State"], updated["BatchSize"], updated["FilterCriteria"]) == ("Updating", 8, filters)
    assert triggers.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    assert triggers.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    assert triggers.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    gone = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
    assert fault(triggers.get_event_source_mapping, UUID=uuid) == gone
    assert fault(triggers.update_event_source_mapping, UUID=uuid, BatchSize=1) == gone
    assert fault(triggers.delete_event_source_mapping, UUID=uuid) == gone


def test_lists_have_pages_and_filters(triggers: Any, stream: str) -> None:
    made = sorted(create(triggers, stream, FunctionName=name)["UUID"] for name in ("f", "g", "h"))
    pages = triggers.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["UUID"] for each in page["EventSourceMappings"]] for page in pages] == [made[:2], made[2:]]
    (only,) = triggers.list_event_source_mappings(FunctionName="g", EventSourceArn=stream)["EventSourceMappings"]
    assert only["FunctionArn"].endswith(":function:g")
    assert not triggers.list_event_source_mappings(EventSourceArn=f"{stream}0")["EventSourceMappings"]


def test_mappings_of_other_accounts_are_not_seen(triggers: Any, stream: str, server: RunningServer) -> None:
    uuid = create(triggers, stream)["UUID"]
    other = Account(server.url, "999999999999").client("lambda")
    assert fault(other.get_event_source_mapping, UUID=uuid)[0] == "ResourceNotFoundException"
    assert not other.list_event_source_mappings()["EventSourceMappings"]
    assert fault(create, other, stream)[2] == f"Stream not found: {stream}"
    other.close()


def test_the_same_twice_is_a_conflict(triggers: Any, stream: str) -> None:
    uuid = create(triggers, stream)["UUID"]
    code, status, text = fault(create, triggers, stream)
    assert (code, status) == ("ResourceConflictException", 409)
    assert text.endswith(f"update or delete the existing mapping with UUID {uuid}")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"EventSourceArn": None}, "EventSourceArn must be"),
        ({"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q"}, "EventSourceArn must be"),
        ({"StartingPosition": None}, "StartingPosition is required"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp goes with"),
        ({"StartingPositionTimestamp": 1.0}, "StartingPositionTimestamp goes with"),
        ({"TumblingWindowInSeconds": 5}, "not supported"),
        ({"KMSKeyArn": "arn:aws:kms:eu-west-1:1:key/a"}, "not supported"),
        ({"Tags": {"a": "b"}}, "not supported"),
        ({"MaximumRecordAgeInSeconds": 59}, "between 60 and 604800"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"cidr": "::/0"}]}'}]}}, "there is no rule cidr"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "file:///etc/passwd"}}}, "is not allowed"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:q"}}}, "is not allowed"),
        ({"DestinationConfig": {"OnSuccess": {"Destination": "file:///x"}}}, "OnSuccess"),
        ({"FunctionName": "python:os:system"}, "is no name"),
        ({"FunctionName": "arn:aws:lambda:eu-west-1:999999999998:function:f"}, "one account"),
    ],
)
def test_what_cannot_be_done_is_refused(triggers: Any, stream: str, members: dict[str, Any], text: str) -> None:
    code, status, told = fault(create, triggers, stream, **members)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert text in told
    assert not triggers.list_event_source_mappings()["EventSourceMappings"]


@pytest.mark.parametrize(
    "members", [{"BatchSize": 0}, {"BatchSize": 10_001}, {"ParallelizationFactor": 11}, {"FunctionName": None}]
)
def test_constraints_are_the_models(triggers: Any, stream: str, members: dict[str, Any]) -> None:
    code, status, told = fault(create, triggers, stream, **members)
    assert (code, status) == ("ValidationException", 400)
    assert told.startswith("1 validation error detected: ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/2015-03-31/event-source-mappings/a"),
        ("PUT", "/2015-03-31/event-source-mappings"),
        ("GET", "/2015-03-31/event-source-mappingsx"),
    ],
)
def test_other_paths_are_not_found(server: RunningServer, method: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(server.url + path, method=method))
    assert caught.value.code == 404
    caught.value.close()
