"""Requests of exports, what is told of them, and their manifests, held against what Amazon's service wrote in 2026."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from stator.archive.exports import exports
from stator.archive.exports.data_file import DataFile, Writer, name_of
from stator.archive.exports.manifest import (
    Layout,
    checksum,
    checksum_key,
    is_prefix,
    iso,
    render_files,
    render_summary,
)
from stator.archive.job import COMPLETED, FAILED
from stator.errors import (
    ExportConflictException,
    InvalidExportTimeException,
    LimitExceededException,
    PointInTimeRecoveryUnavailableException,
    ValidationException,
    WireError,
)
from stator.model.table import KeyAttribute, KeySchema, Recovery, Table

NOW = 1768385930.622
CREATED = NOW - 10 * 86_400
TABLE = Table(
    account="123456789012",
    region="eu-west-1",
    name="things",
    id="cf263806-6bf1-4e51-a242-7067dcdecc72",
    created=CREATED,
    attribute_types={"pk": "S"},
    keys=KeySchema((KeyAttribute("pk", "S"),)),
    space=7,
    recovery=Recovery(NOW - 2 * 86_400, 35),
)
REQUEST = {"TableArn": TABLE.arn, "S3Bucket": "bucket"}


def window(start: float, end: float | None = None, **members: Any) -> dict[str, Any]:
    window: dict[str, Any] = {"ExportFromTime": start, **members}
    if end is not None:
        window["ExportToTime"] = end
    return REQUEST | {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": window}


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (
            {"IncrementalExportSpecification": {}},
            (
                "Invalid Request: Export Type expected to be Incremental Export when incremental export specification "
                "is provided"
            ),
        ),
        (
            {"IncrementalExportSpecification": {}, "ExportType": "FULL_EXPORT"},
            "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be provided",
        ),
        (
            {"ExportType": "INCREMENTAL_EXPORT"},
            "Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export",
        ),
        (
            {
                "ExportType": "INCREMENTAL_EXPORT",
                "IncrementalExportSpecification": {"ExportViewType": "NEW_IMAGE"},
            },
            "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification",
        ),
        (
            {"S3SseKmsKeyId": "alias/mine"},
            "Invalid Request: KMS Key Id is not supported for this encryption type",
        ),
        (
            {"S3SseKmsKeyId": "alias/mine", "S3SseAlgorithm": "AES256"},
            "Invalid Request: KMS Key Id is not supported for this encryption type",
        ),
        (
            {"S3Prefix": "a/../b"},
            "Invalid Request: S3Prefix has parts that are empty, . or .., which no folder can have",
        ),
    ],
)
def test_parameters_that_do_not_go_together(members: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as caught:
        exports.check_request(REQUEST | members)
    assert caught.value.message == text


def test_parameters_that_do() -> None:
    exports.check_request(REQUEST)
    exports.check_request(REQUEST | {"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": "alias/mine", "S3Prefix": "/a/b/"})
    exports.check_request(window(NOW - 3600))


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        (REQUEST | {"ExportTime": NOW + 1}, InvalidExportTimeException, "Export Time is invalid"),
        (REQUEST | {"ExportTime": CREATED - 5}, InvalidExportTimeException, "Export Time is invalid"),
        (
            REQUEST | {"ExportTime": NOW - 3 * 86_400},
            InvalidExportTimeException,
            "Point in Time Recovery is not available for specified export time",
        ),
        (
            window(CREATED - 10, NOW),
            InvalidExportTimeException,
            "Incremental export period from time cannot be less than the table creation time : 2026-01-04T10:18:40Z",
        ),
        (
            window(NOW - 3600, NOW + 60),
            InvalidExportTimeException,
            "Incremental export period to time cannot be greater than the current time : 2026-01-14T10:19:50Z",
        ),
        (
            window(NOW - 899, NOW - 0.01),
            InvalidExportTimeException,
            "Difference between export period from time and export period to time is less than 15 minutes",
        ),
        (
            window(NOW - 60, NOW - 3600),
            InvalidExportTimeException,
            "Difference between export period from time and export period to time is less than 15 minutes",
        ),
        (
            window(NOW - 86_402, NOW - 1),
            InvalidExportTimeException,
            "Difference between export period from time and export period to time is greater than 24 hours",
        ),
        (
            window(NOW - 3 * 86_400, NOW - 3 * 86_400 + 3600),
            InvalidExportTimeException,
            "Point in Time Recovery is not available for specified export time",
        ),
    ],
)
def test_times_that_cannot_be_had(request_: dict[str, Any], error: type[WireError], text: str) -> None:
    with pytest.raises(error) as caught:
        exports.begin(request_, TABLE, NOW)
    assert caught.value.message == text


def test_without_point_in_time_recovery() -> None:
    for request in (REQUEST, window(NOW - 3600)):
        with pytest.raises(PointInTimeRecoveryUnavailableException) as caught:
            exports.begin(request, replace(TABLE, recovery=None), NOW)
        assert caught.value.message == "Point in time recovery is not enabled for table 'things'"


def test_recovery_reaches_back_for_its_period_only() -> None:
    table = replace(TABLE, recovery=Recovery(CREATED, 1))
    assert exports.begin(REQUEST | {"ExportTime": NOW - 86_399}, table, NOW).request["ExportTime"] == NOW - 86_399
    with pytest.raises(InvalidExportTimeException):
        exports.begin(REQUEST | {"ExportTime": NOW - 86_402}, table, NOW)


def test_the_second_in_which_recovery_began_is_covered() -> None:
    since = NOW - 1000.25
    table = replace(TABLE, recovery=Recovery(since, 35))
    assert exports.begin(REQUEST | {"ExportTime": int(since)}, table, NOW).request["ExportTime"] == since


def test_what_is_told_of_a_full_export() -> None:
    job = exports.begin(REQUEST | {"ClientToken": "t", "S3Prefix": "p/", "ExportType": "FULL_EXPORT"}, TABLE, NOW)
    assert job.id.startswith("01768385930622-")
    assert job.spaces == (7,)
    started = {
        "ExportArn": f"{TABLE.arn}/export/{job.id}",
        "ExportStatus": "IN_PROGRESS",
        "StartTime": 1768385930.622,
        "TableArn": TABLE.arn,
        "TableId": TABLE.id,
        "ExportTime": 1768385930.622,
        "ClientToken": "t",
        "DestinationType": "S3",
        "S3Bucket": "bucket",
        "S3Prefix": "p/",
        "S3SseAlgorithm": "AES256",
        "ExportFormat": "DYNAMODB_JSON",
    }
    assert exports.describe(job) == started
    assert exports.table_of(job) == TABLE
    done = replace(job, state=COMPLETED, progress={"EndTime": NOW + 5, "BilledSizeBytes": 12, "ItemCount": 3})
    assert exports.describe(done) == started | {
        "ExportStatus": "COMPLETED",
        "EndTime": NOW + 5,
        "BilledSizeBytes": 12,
        "ItemCount": 3,
        "ExportManifest": f"p/AWSDynamoDB/{job.id}/manifest-summary.json",
    }
    failed = replace(job, state=FAILED, failure=("S3NoSuchBucket", "gone"), updated=NOW + 6)
    assert exports.describe(failed) == started | {
        "ExportStatus": "FAILED",
        "EndTime": NOW + 6,
        "FailureCode": "S3NoSuchBucket",
        "FailureMessage": "gone",
    }
    assert exports.summarise(failed) == {
        "ExportArn": f"{TABLE.arn}/export/{job.id}",
        "ExportStatus": "FAILED",
        "ExportType": "FULL_EXPORT",
    }


def test_what_is_told_of_an_incremental_export() -> None:
    told = exports.describe(exports.begin(window(NOW - 3600), TABLE, NOW))
    assert told["ExportType"] == "INCREMENTAL_EXPORT"
    assert "ExportTime" not in told
    assert told["IncrementalExportSpecification"] == {
        "ExportFromTime": NOW - 3600,
        "ExportToTime": 1768385930.622,
        "ExportViewType": "NEW_AND_OLD_IMAGES",
    }


def test_a_token_names_one_request_for_eight_hours() -> None:
    request = REQUEST | {"ClientToken": "t"}
    job = exports.begin(request, TABLE, NOW)
    assert exports.find_token([job], request, NOW + 60) is job
    assert exports.find_token([job], REQUEST, NOW) is None
    assert exports.find_token([job], REQUEST | {"ClientToken": "u"}, NOW) is None
    assert exports.find_token([job], request, NOW + 8 * 3600) is None
    with pytest.raises(ExportConflictException) as caught:
        exports.find_token([job], request | {"ExportFormat": "ION"}, NOW)
    assert caught.value.message == "Export conflict: Duplicate request detected with conflicting parameters"


def test_so_many_at_a_time() -> None:
    jobs = [exports.begin(REQUEST, TABLE, NOW)] * 300
    exports.check_room([*jobs[1:], replace(jobs[0], state=COMPLETED)])
    with pytest.raises(LimitExceededException):
        exports.check_room(jobs)


@pytest.mark.parametrize(
    ("prefix", "root"),
    [("", "AWSDynamoDB"), ("2020-Nov", "2020-Nov/AWSDynamoDB"), ("/a/b/", "a/b/AWSDynamoDB")],
)
def test_where_objects_lie(prefix: str, root: str) -> None:
    full = Layout(prefix, "0123-ab", "FULL_EXPORT")
    assert full.started == f"{root}/0123-ab/_started"
    assert full.summary == f"{root}/0123-ab/manifest-summary.json"
    assert checksum_key(full.summary) == f"{root}/0123-ab/manifest-summary.md5"
    assert full.files == f"{root}/0123-ab/manifest-files.json"
    assert full.data("x.json.gz") == f"{root}/0123-ab/data/x.json.gz"
    assert Layout(prefix, "0123-ab", "INCREMENTAL_EXPORT").data("x.ion.gz") == f"{root}/data/x.ion.gz"


def test_prefixes_that_no_folder_can_have() -> None:
    assert [is_prefix(each) for each in ("", "/", "a", "a/b/", "a//b", "./a", "a/..", "a\0")] == [True] * 4 + [
        False
    ] * 4


def test_names_of_data_files_are_like_those_of_the_service_and_the_same_each_time() -> None:
    names = {name_of("0123-ab", number, "DYNAMODB_JSON") for number in range(100)}
    assert len(names) == 100
    name = name_of("0123-ab", 0, "ION")
    assert name == name_of("0123-ab", 0, "ION")
    stem, _, suffix = name.partition(".")
    assert suffix == "ion.gz"
    assert len(stem) == len("5mrfg3b44e3vhnfickkozoym6a")
    assert stem.isalnum()
    assert stem == stem.lower()


def test_a_data_file() -> None:
    writer = Writer()
    writer.add([b'{"Item":{}}', b"2"])
    writer.add([])
    writer.add([b"3"])
    file, body = writer.finish("k")
    assert gzip.decompress(body) == b'{"Item":{}}\n2\n3\n'
    assert (file.items, file.key, writer.plain_bytes) == (3, "k", 16)
    assert DataFile.of(3, file.md5, "k") == file
    assert checksum(body).decode() == file.md5
    empty, body = Writer().finish("k")
    assert (empty.items, gzip.decompress(body)) == (0, b"")


def test_the_files_manifest_is_written_as_the_service_does() -> None:
    # A line of an export of January 2026, but for the etag: ours is that of an object put in one piece.
    file = DataFile.of(0, "FjvgqIxwymKf1RbbqtrZag==", "AWSDynamoDB/01768385930622-efd1a093/data/z.json.gz")
    assert (
        render_files([file, file])
        == (
            b'{"itemCount":0,"md5Checksum":"FjvgqIxwymKf1RbbqtrZag==","etag":"163be0a88c70ca629fd516dbaadad96a",'
            b'"dataFileS3Key":"AWSDynamoDB/01768385930622-efd1a093/data/z.json.gz"}\n'
        )
        * 2
    )


def test_the_summary_is_written_as_the_service_does() -> None:
    job = replace(exports.begin(REQUEST, TABLE, NOW), id="01768385930622-efd1a093")
    done = replace(job, state=COMPLETED, progress={"EndTime": NOW + 5, "BilledSizeBytes": 0, "ItemCount": 3})
    summary = render_summary(exports.describe(done), "FULL_EXPORT", exports.layout_of(done))
    assert summary == (
        b'{"version":"2020-06-30","exportArn":"arn:aws:dynamodb:eu-west-1:123456789012:table/things/export/'
        b'01768385930622-efd1a093","startTime":"2026-01-14T10:18:50.622Z","endTime":"2026-01-14T10:18:55.622Z",'
        b'"tableArn":"arn:aws:dynamodb:eu-west-1:123456789012:table/things",'
        b'"tableId":"cf263806-6bf1-4e51-a242-7067dcdecc72","exportTime":"2026-01-14T10:18:50.622Z","s3Bucket":"bucket",'
        b'"s3Prefix":null,"s3SseAlgorithm":"AES256","s3SseKmsKeyId":null,'
        b'"manifestFilesS3Key":"AWSDynamoDB/01768385930622-efd1a093/manifest-files.json","billedSizeBytes":0,'
        b'"itemCount":3,"outputFormat":"DYNAMODB_JSON"}'
    )


def test_the_summary_of_an_incremental_export() -> None:
    job = exports.begin(window(NOW - 3600, NOW - 1800) | {"S3Prefix": "p"}, TABLE, NOW)
    done = replace(job, state=COMPLETED, progress={"EndTime": NOW, "BilledSizeBytes": 10_000_000, "ItemCount": 6})
    summary = json.loads(render_summary(exports.describe(done), "INCREMENTAL_EXPORT", exports.layout_of(done)))
    assert list(summary) == [
        *("version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportFromTime", "exportToTime"),
        *("s3Bucket", "s3Prefix", "s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key", "billedSizeBytes"),
        *("itemCount", "outputFormat", "outputView", "exportType"),
    ]
    assert summary["version"] == "2023-08-01"
    assert summary["exportFromTime"] == "2026-01-14T09:18:50.622Z"
    assert summary["outputView"] == "NEW_AND_OLD_IMAGES"
    assert summary["exportType"] == "INCREMENTAL_EXPORT"
    assert summary["s3Prefix"] == "p"


def test_times_in_manifests() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(datetime(2026, 1, 14, 10, 18, 50, 622_000, tzinfo=UTC).timestamp()) == "2026-01-14T10:18:50.622Z"
