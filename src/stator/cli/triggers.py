"""`stator triggers`: which functions get the changes of which tables, on a server that runs.

Keys and region are taken from the variables that the AWS command line reads; a server without keys minds neither.
"""

import http.client
import os
import ssl
import time
from argparse import Namespace
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import orjson

from stator.auth.moment import basic_format
from stator.auth.signature import ALGORITHM, Place, SigningKey
from stator.cli.complaint import Complaint

TIMEOUT_SECONDS = 30.0

_PATH = "/2015-03-31/event-source-mappings"


def create(found: Namespace) -> int:
    """Prints the id of the new trigger."""
    region = _region(found)
    stream = found.stream
    if found.table:
        table = _ask(found.url, region, "dynamodb", ("POST", "/"), {"TableName": found.table})["Table"]
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
    print(_ask(found.url, region, "lambda", ("POST", _PATH), members)["UUID"])
    return 0


def show(found: Namespace) -> int:
    """Prints one line for each trigger."""
    marker: str | None = ""
    while marker is not None:
        place = ("GET", f"{_PATH}?Marker={marker}" if marker else _PATH)
        page = _ask(found.url, _region(found), "lambda", place, None)
        for each in page["EventSourceMappings"]:
            table, function = each["EventSourceArn"].split("/")[1], each["FunctionArn"].split(":", 6)[6]
            print(
                f"{each['UUID']}  {each['State']}  table {table}  function {function}  {each['LastProcessingResult']}"
            )
        marker = page.get("NextMarker")
    return 0


def delete(found: Namespace) -> int:
    _ask(found.url, _region(found), "lambda", ("DELETE", f"{_PATH}/{found.uuid}"), None)
    return 0


def _region(found: Namespace) -> str:
    return str(found.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")


def _ask(url: str, region: str, service: str, place: tuple[str, str], members: dict[str, Any] | None) -> Any:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Complaint(f"{url} is no URL of a server, such as http://127.0.0.1:8000.")
    method, path = place
    body = b"" if members is None else orjson.dumps(members)
    headers = _headers(parts.netloc, region, service, place, body)
    connection: http.client.HTTPConnection
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        status, answer = reply.status, reply.read()
        connection.close()
        told = orjson.loads(answer)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Complaint(f"no server that can be understood at {url}: {error}. Name it with --url.") from error
    if status >= 300:
        raise Complaint(str(told.get("Message") or told.get("message") or told))
    return told


def _headers(host: str, region: str, service: str, place: tuple[str, str], body: bytes) -> dict[str, str]:
    method, url = place
    path, _, query = url.partition("?")
    date = basic_format(time.time())
    signed = {"content-type": "application/x-amz-json-1.0", "host": host, "x-amz-date": date}
    if service == "dynamodb":
        signed["x-amz-target"] = "DynamoDB_20120810.DescribeTable"
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    first = Place(method.encode(), path.encode(), service).canonical.decode()
    canonical = f"{first}{query}\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = f"{ALGORITHM}\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = os.environ.get("AWS_ACCESS_KEY_ID", "stator")
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "stator")
    signature = SigningKey(secret, date[:8], region, service).sign(text.encode())
    authorization = f"{ALGORITHM} Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return signed | {"authorization": authorization}
