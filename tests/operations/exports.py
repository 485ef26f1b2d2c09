"""Exports over HTTP, and the reading of what they wrote as tools do that know Amazon's exports: by their manifests."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from amazon.ion import simpleion

from tests.operations.backups import until

Get = Callable[[str], bytes]
"""The bytes of the object with a key."""


def recoverable(dynamodb: Any, table: str) -> str:
    """Turns recovery to a point in time on. Returns the ARN of the table."""
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    arn: str = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    return arn


def wait_for_export(dynamodb: Any, started: dict[str, Any]) -> dict[str, Any]:
    """The ExportDescription of an export that has ended, from the answer that it began with."""
    arn = started["ExportDescription"]["ExportArn"]

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        return None if found["ExportStatus"] == "IN_PROGRESS" else found

    ended: dict[str, Any] = until(look)
    return ended


def read_export(get: Get, manifest: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The summary and the lines of all data files, every checksum checked. Shares no code with what wrote them."""
    summary = json.loads(_checked(get, manifest))
    records: list[dict[str, Any]] = []
    for line in _checked(get, summary["manifestFilesS3Key"]).decode().splitlines():
        file = json.loads(line)
        body = get(file["dataFileS3Key"])
        digest = hashlib.md5(body)
        assert base64.b64encode(digest.digest()).decode() == file["md5Checksum"]
        assert digest.hexdigest() == file["etag"]
        text = gzip.decompress(body).decode()
        found = text.split("\n")[:-1] if text else []
        assert len(found) == file["itemCount"]
        if summary["outputFormat"] == "ION":
            records += [simpleion.loads(each) for each in found]
        else:
            records += [{name: _image(image) for name, image in json.loads(each).items()} for each in found]
    assert len(records) == summary["itemCount"]
    return summary, records


def plain(value: Any) -> Any:
    """A value of amazon.ion as plain Python: what boto3's resource interface has for it, but for sets, which are
    sorted lists."""
    kind = value.ion_type.name if hasattr(value, "ion_type") else ""
    if kind == "STRUCT" or isinstance(value, dict):
        return {str(name): plain(value[name]) for name in value}
    if kind == "LIST" or isinstance(value, list):
        return [plain(each) for each in value]
    if kind == "NULL" or value is None:
        return None
    if kind == "DECIMAL" or isinstance(value, Decimal):
        return Decimal(str(value))
    if isinstance(value, bytes):
        return bytes(value)
    return bool(value) if kind == "BOOL" or isinstance(value, bool) else str(value)


def _image(image: dict[str, Any]) -> dict[str, Any]:
    return {name: _decoded(value) for name, value in image.items()}


def _decoded(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute value as boto3 has it: binaries are bytes."""
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(content)}
    if kind == "BS":
        return {kind: [base64.b64decode(each) for each in content]}
    if kind == "L":
        return {kind: [_decoded(each) for each in content]}
    return {kind: _image(content)} if kind == "M" else value


def _checked(get: Get, key: str) -> bytes:
    body = get(key)
    assert base64.b64decode(get(key.removesuffix(".json") + ".md5")) == hashlib.md5(body).digest()
    return body
