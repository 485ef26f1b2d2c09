"""`stator triggers`: which functions get the changes of which tables, on a server that runs.

Keys and region are taken from the variables that the AWS command line reads; a server without keys minds neither.
"""

from argparse import Namespace
from typing import Any

import orjson

from stator.cli.client import DYNAMODB, LAMBDA, Answer, Api, Client
from stator.cli.complaint import Complaint
from stator.cli.endpoint import find_endpoint

_PATH = "/2015-03-31/event-source-mappings"


def create(found: Namespace) -> int:
    """Prints the id of the new trigger."""
    stream = found.stream
    if found.table:
        table = _client(found, DYNAMODB).call("DescribeTable", {"TableName": found.table})["Table"]
        stream = table.get("LatestStreamArn")
        if stream is None:
            raise Complaint(f"table {found.table} has no stream. Enable one with UpdateTable.")
    members: dict[str, Any] = {
        "EventSourceArn": stream,
        "FunctionName": found.function,
        "StartingPosition": found.start,
        "BatchSize": found.batch_size,
        "MaximumBatchingWindowInSeconds": found.window,
        "ParallelizationFactor": found.parallel,
        "MaximumRetryAttempts": found.retries,
        "MaximumRecordAgeInSeconds": found.age,
        "BisectBatchOnFunctionError": found.bisect,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if found.report_failures else [],
        "FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in found.filter or ()]},
    }
    if found.on_failure:
        members["DestinationConfig"] = {"OnFailure": {"Destination": found.on_failure}}
    print(_ask(found, "POST", _PATH, members)["UUID"])
    return 0


def show(found: Namespace) -> int:
    """Prints one line for each trigger."""
    marker: str | None = ""
    while marker is not None:
        page = _ask(found, "GET", f"{_PATH}?Marker={marker}" if marker else _PATH)
        for each in page["EventSourceMappings"]:
            table, function = each["EventSourceArn"].split("/")[1], each["FunctionArn"].split(":", 6)[6]
            print(
                f"{each['UUID']}  {each['State']}  table {table}  function {function}  {each['LastProcessingResult']}"
            )
        marker = page.get("NextMarker")
    return 0


def delete(found: Namespace) -> int:
    _ask(found, "DELETE", f"{_PATH}/{found.uuid}")
    return 0


def _client(found: Namespace, api: Api) -> Client:
    return Client(find_endpoint(found.url, found.region), api)


def _ask(found: Namespace, method: str, place: str, members: dict[str, Any] | None = None) -> Answer:
    body = b"" if members is None else orjson.dumps(members)
    client = _client(found, LAMBDA)
    return client.parse(client.send(method, place, body))
