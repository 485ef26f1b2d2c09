"""Where the objects of an export lie in its bucket, and what its two manifests say. Pure.

    <prefix>/AWSDynamoDB/<export id>/_started
    <prefix>/AWSDynamoDB/<export id>/manifest-summary.json   and .md5
    <prefix>/AWSDynamoDB/<export id>/manifest-files.json     and .md5
    <prefix>/AWSDynamoDB/<export id>/data/<name>.json.gz     of full exports
    <prefix>/AWSDynamoDB/data/<name>.json.gz                 of incremental exports

Members, their order and the lack of blanks are those of exports that Amazon's service wrote in 2026.
"""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import md5
from typing import Any, NamedTuple

import orjson

from stator.archive.exports.data_file import DataFile

FULL, INCREMENTAL = "FULL_EXPORT", "INCREMENTAL_EXPORT"
_VERSIONS = {FULL: "2020-06-30", INCREMENTAL: "2023-08-01"}


class Layout(NamedTuple):
    """Keys of the objects of one export, the prefix included."""

    prefix: str  # S3Prefix as it was given; may be empty
    export_id: str
    type: str

    @property
    def root(self) -> str:
        return "/".join(part for part in (self.prefix.strip("/"), "AWSDynamoDB") if part)

    @property
    def folder(self) -> str:
        return f"{self.root}/{self.export_id}"

    @property
    def started(self) -> str:
        return f"{self.folder}/_started"

    @property
    def summary(self) -> str:
        return f"{self.folder}/manifest-summary.json"

    @property
    def files(self) -> str:
        return f"{self.folder}/manifest-files.json"

    def data(self, name: str) -> str:
        return f"{self.folder if self.type == FULL else self.root}/data/{name}"


def is_prefix(prefix: str) -> bool:
    """Whether objects can be put below an S3Prefix in every kind of bucket, folders among them."""
    inside = prefix.strip("/")
    return not inside or ("\0" not in inside and not any(part in ("", ".", "..") for part in inside.split("/")))


def render_files(files: Iterable[DataFile]) -> bytes:
    """manifest-files.json: one JSON object a line."""
    return b"".join(
        orjson.dumps({"itemCount": each.items, "md5Checksum": each.md5, "etag": each.etag, "dataFileS3Key": each.key})
        + b"\n"
        for each in files
    )


def render_summary(description: dict[str, Any], export_type: str, layout: Layout) -> bytes:
    """manifest-summary.json of a finished export, from its ExportDescription."""
    content = {
        "version": _VERSIONS[export_type],
        "exportArn": description["ExportArn"],
        "startTime": iso(description["StartTime"]),
        "endTime": iso(description["EndTime"]),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
    }
    window = description.get("IncrementalExportSpecification")
    if window is None:
        content["exportTime"] = iso(description["ExportTime"])
    else:
        content |= {
            "exportFromTime": iso(window["ExportFromTime"]),
            "exportToTime": iso(window["ExportToTime"]),
        }
    content |= {
        "s3Bucket": description["S3Bucket"],
        "s3Prefix": description.get("S3Prefix"),
        "s3SseAlgorithm": description["S3SseAlgorithm"],
        "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": layout.files,
        "billedSizeBytes": description["BilledSizeBytes"],
        "itemCount": description["ItemCount"],
        "outputFormat": description["ExportFormat"],
    }
    if window is not None:
        content |= {"outputView": window["ExportViewType"], "exportType": export_type}
    return orjson.dumps(content)


def checksum(body: bytes) -> bytes:
    """What stands in the .md5 object beside a manifest."""
    return b64encode(md5(body, usedforsecurity=False).digest())


def checksum_key(key: str) -> str:
    return key.removesuffix(".json") + ".md5"


def iso(time: float) -> str:
    """2026-01-14T10:18:50.622Z"""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
