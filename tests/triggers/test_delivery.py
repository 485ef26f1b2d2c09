"""From items to functions: over HTTP and in processes, with all that a mapping can say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import wait_until
from tests.triggers.conftest import Functions, path_of


def put(dynamodb: Any, pk: str, **attributes: Any) -> None:
    dynamodb.put_item(TableName="things", Item={"pk": {"S": pk}} | attributes)


def keys(records: list[Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]


def test_a_function_gets_lambdas_event(dynamodb: Any, triggers: Any, stream: str, functions: Functions) -> None:
    name = f"shape-{stream.split(':')[4]}"
    triggers.create_event_source_mapping(EventSourceArn=stream, FunctionName=name, StartingPosition="LATEST")
    put(dynamodb, "a", n={"N": "1"})
    wait_until(lambda: len(functions.records(name)) == 1)
    (record,) = functions.records(name)
    change = record.pop("dynamodb")
    assert record.pop("eventID")
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "eventSourceARN": stream,
    }
    assert change["Keys"] == {"pk": {"S": "a"}}
    assert change["NewImage"] == {"pk": {"S": "a"}, "n": {"N": "1"}}
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert change["SequenceNumber"].isdecimal()


@pytest.mark.parametrize(("position", "wanted"), [("TRIM_HORIZON", ["old", "new"]), ("LATEST", ["new"])])
def test_where_it_begins(
    dynamodb: Any, triggers: Any, stream: str, functions: Functions, position: str, wanted: list[str]
) -> None:
    name = f"start-{stream.split(':')[4]}"
    put(dynamodb, "old")
    triggers.create_event_source_mapping(EventSourceArn=stream, FunctionName=name, StartingPosition=position)
    put(dynamodb, "new")
    wait_until(lambda: "new" in keys(functions.records(name)) and len(functions.records(name)) >= len(wanted))
    assert sorted(keys(functions.records(name))) == sorted(wanted)


def test_changes_of_an_item_stay_in_order_in_parallel(
    dynamodb: Any, triggers: Any, stream: str, functions: Functions
) -> None:
    name = f"order-{stream.split(':')[4]}"
    created = triggers.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=name, StartingPosition="LATEST", ParallelizationFactor=3, BatchSize=3
    )
    for value in range(20):
        for pk in "abcdefgh":
            put(dynamodb, pk, v={"N": str(value)})
        if value == 10:  # the cursors are cut anew; what was delivered may come again, but not out of order at its end
            triggers.update_event_source_mapping(UUID=created["UUID"], ParallelizationFactor=2)

    def values(pk: str) -> list[int]:
        found = [record["dynamodb"] for record in functions.records(name)]
        return [int(each["NewImage"]["v"]["N"]) for each in found if each["Keys"]["pk"]["S"] == pk]

    wait_until(lambda: all(19 in values(pk) for pk in "abcdefgh"))
    for pk in "abcdefgh":
        seen = values(pk)
        assert list(dict.fromkeys(seen)) == list(range(20)), (pk, seen)
    assert all(len(event["Records"]) <= 3 for event in functions.events(name))


def test_filters_and_window(dynamodb: Any, triggers: Any, stream: str, functions: Functions) -> None:
    name = f"filter-{stream.split(':')[4]}"
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">=", 5]}]}}}}
    triggers.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=name,
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
        MaximumBatchingWindowInSeconds=1,
    )
    for number in range(3, 8):
        dynamodb.put_item(TableName="things", Item={"pk": {"S": f"{number}"}, "n": {"N": f"{number}"}})
    wait_until(lambda: len(functions.records(name)) == 3)
    assert sorted(keys(functions.records(name))) == ["5", "6", "7"]


def test_bisect_finds_the_record_that_fails_and_tells_of_it(
    dynamodb: Any, triggers: Any, stream: str, functions: Functions, failures: Path
) -> None:
    name = f"bisect-{stream.split(':')[4]}"
    done: list[str] = []

    def behave(event: Any) -> Any:
        if "bad" in json.dumps(event):
            return 200, {"X-Amz-Function-Error": "Unhandled"}, {"errorMessage": "no"}
        done.extend(record["dynamodb"]["NewImage"]["v"]["S"] for record in event["Records"])
        return 200, {}, None

    functions.behaviours[path_of(name)] = behave
    told = failures / f"{name}.jsonl"
    for value in ("one", "two", "bad", "four", "five"):
        put(dynamodb, "x", v={"S": value} if value != "bad" else {"S": "bad!"})
    # Old images have the bad one, too: only keys and new ones are looked at here.
    functions.behaviours[path_of(name)] = lambda event: behave(
        {"Records": [r | {"dynamodb": r["dynamodb"] | {"OldImage": {}}} for r in event["Records"]]}
    )
    triggers.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": f"file://{told}"}},
    )
    wait_until(lambda: "five" in done)
    assert done == ["one", "two", "four", "five"]
    (line,) = told.read_text().splitlines()
    report = json.loads(line)
    assert report["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert report["DDBStreamBatchInfo"]["batchSize"] == 1
    assert report["DDBStreamBatchInfo"]["streamArn"] == stream
    assert report["DDBStreamBatchInfo"]["shardId"].startswith("shardId-")


def test_reported_failures_are_sent_again_from_the_first_on(
    dynamodb: Any, triggers: Any, stream: str, functions: Functions
) -> None:
    name = f"report-{stream.split(':')[4]}"
    calls: list[list[str]] = []

    def behave(event: Any) -> Any:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        calls.append([record["dynamodb"]["NewImage"]["v"]["S"] for record in event["Records"]])
        failures = [{"itemIdentifier": numbers[2]}, {"itemIdentifier": numbers[1]}] if len(calls) == 1 else []
        return 200, {}, {"batchItemFailures": failures}

    functions.behaviours[path_of(name)] = behave
    for value in "abcd":
        put(dynamodb, "x", v={"S": value})
    triggers.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    wait_until(lambda: len(calls) == 2)
    assert calls == [["a", "b", "c", "d"], ["b", "c", "d"]]


def test_a_python_function_runs_in_its_process_and_again_after_it_died(
    dynamodb: Any, triggers: Any, stream: str, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    triggers.create_event_source_mapping(EventSourceArn=stream, FunctionName="local", StartingPosition="LATEST")
    put(dynamodb, "a", file={"S": str(notes)})
    wait_until(lambda: notes.exists() and notes.read_text() == "a\n")
    put(dynamodb, "a", file={"S": str(notes)}, die={"BOOL": True})
    wait_until(lambda: notes.read_text() == "a\na\n")


def test_a_function_that_takes_too_long_is_given_up(
    dynamodb: Any, triggers: Any, stream: str, functions: Functions
) -> None:
    put(dynamodb, "a")
    triggers.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName="slow",
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"{functions.url}/failed/{stream.split(':')[4]}"}},
    )
    wait_until(lambda: any(path.endswith(f"/failed/{stream.split(':')[4]}") for path, _ in list(functions.calls)))


def test_a_disabled_mapping_waits_and_goes_on(dynamodb: Any, triggers: Any, stream: str, functions: Functions) -> None:
    name = f"pause-{stream.split(':')[4]}"
    uuid = triggers.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=name, StartingPosition="LATEST", Enabled=False
    )["UUID"]
    put(dynamodb, "a")
    assert triggers.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    assert not functions.records(name)
    triggers.update_event_source_mapping(UUID=uuid, Enabled=True)
    wait_until(lambda: keys(functions.records(name)) == ["a"])
    wait_until(lambda: triggers.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK")
