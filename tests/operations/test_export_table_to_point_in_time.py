"""ExportTableToPointInTime and DescribeExport, their output read as the readers of Amazon's exports do."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.operations.backups import fill, items, row, until
from tests.operations.conftest import create_table
from tests.operations.exports import plain, read_export, recoverable, wait_for_export
from tests.operations.faults import ENVELOPE, fault, invalid
from tests.operations.intake import Bucket
from tests.running import Account, RunningServer, start_server

INVALID = "Invalid Request: "


@pytest.fixture
def bucket(account: Account) -> Bucket:
    return Bucket(f"export-{account.number}")


@pytest.fixture
def arn(dynamodb: Any, table: str) -> str:
    return recoverable(dynamodb, table)


def by_key(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def test_the_items_of_the_moment_of_the_request(
    dynamodb: Any, server: RunningServer, bucket: Bucket, table: str, arn: str
) -> None:
    fill(dynamodb, table, 200)
    server.clock.advance(1)
    before = items(dynamodb, table)
    started = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket.name, S3Prefix="2026-Nov")
    server.clock.advance(1)
    dynamodb.put_item(TableName=table, Item=row(1) | {"later": {"BOOL": True}})
    done = wait_for_export(dynamodb, started)
    assert done["ExportStatus"] == "COMPLETED"
    assert done["ItemCount"] == 200
    assert done["BilledSizeBytes"] > 200 * 10
    export_id = done["ExportArn"].rpartition("/")[2]
    assert done["ExportManifest"] == f"2026-Nov/AWSDynamoDB/{export_id}/manifest-summary.json"
    assert bucket.get(f"2026-Nov/AWSDynamoDB/{export_id}/_started") == b""
    summary, records = read_export(bucket.get, done["ExportManifest"])
    assert by_key([record["Item"] for record in records]) == by_key(before)
    assert summary["exportArn"] == done["ExportArn"]
    assert summary["s3Prefix"] == "2026-Nov"
    assert datetime.fromisoformat(summary["exportTime"]) == done["ExportTime"].astimezone(UTC)
    assert datetime.fromisoformat(summary["endTime"]) == done["EndTime"].astimezone(UTC)


def test_what_is_told_of_an_export(dynamodb: Any, account: Account, bucket: Bucket, arn: str) -> None:
    request = {"TableArn": arn, "S3Bucket": bucket.name, "ClientToken": "told"}
    started = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
    assert re.fullmatch(rf"{arn}/export/[0-9]{{14}}-[0-9a-f]{{8}}", started["ExportArn"])
    assert started["ExportStatus"] == "IN_PROGRESS"
    assert started["StartTime"] == started["ExportTime"]
    assert set(started) == {
        *("ExportArn", "ExportStatus", "StartTime", "ExportTime", "TableArn", "TableId", "ClientToken", "S3Bucket"),
        *("S3SseAlgorithm", "ExportFormat"),
    }
    done = wait_for_export(dynamodb, {"ExportDescription": started})
    changed = {"ExportStatus", "EndTime", "ExportManifest", "BilledSizeBytes", "ItemCount"}
    assert {name: done[name] for name in done if name not in changed} == {
        name: started[name] for name in started if name not in changed
    }
    assert set(done) - set(started) == changed - {"ExportStatus"}
    again = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
    assert again == done  # the token still stands for it


def test_a_token_stands_for_one_request(dynamodb: Any, bucket: Bucket, arn: str, server: RunningServer) -> None:
    request = {"TableArn": arn, "S3Bucket": bucket.name, "ClientToken": "once"}
    call = dynamodb.export_table_to_point_in_time
    first = call(**request)["ExportDescription"]["ExportArn"]
    assert call(**request)["ExportDescription"]["ExportArn"] == first
    assert fault(call, **(request | {"S3Prefix": "other"})) == (
        "ExportConflictException",
        "Export conflict: Duplicate request detected with conflicting parameters",
    )
    assert call(**(request | {"ClientToken": "twice"}))["ExportDescription"]["ExportArn"] != first
    server.clock.advance(8 * 3600 + 1)
    assert call(**request)["ExportDescription"]["ExportArn"] != first


def test_ion_as_the_library_of_its_makers_reads_it(
    dynamodb: Any, account: Account, bucket: Bucket, table: str, arn: str
) -> None:
    item = {
        "pk": {"S": 'a "quoted" é'},
        "sk": {"S": "1"},
        "odd name": {"N": "1234567890.12345678901234567890123456"},
        "m": {"M": {"n": {"NULL": True}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"N": "600"}, {"BOOL": False}]}}},
        "ss": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2.5"]},
        "bs": {"BS": [b"1"]},
    }
    dynamodb.put_item(TableName=table, Item=item)
    started = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket.name, ExportFormat="ION")
    summary, (record,) = read_export(bucket.get, wait_for_export(dynamodb, started)["ExportManifest"])
    assert summary["outputFormat"] == "ION"
    assert [each.text for each in record["Item"]["ss"].ion_annotations] == ["$dynamodb_SS"]
    assert plain(record["Item"]) == {
        "pk": 'a "quoted" é',
        "sk": "1",
        "odd name": Decimal("1234567890.12345678901234567890123456"),
        "m": {"n": None, "b": b"\x00\xff", "l": [Decimal(600), False]},
        "ss": ["x", "y"],
        "ns": [Decimal(1), Decimal("2.5")],
        "bs": [b"1"],
    }


def test_a_time_of_the_past(dynamodb: Any, server: RunningServer, bucket: Bucket, table: str, arn: str) -> None:
    server.clock.advance(10)
    fill(dynamodb, table, 50)
    server.clock.advance(10)
    time = server.clock()
    before = items(dynamodb, table)
    server.clock.advance(10)
    dynamodb.put_item(TableName=table, Item=row(1000))
    dynamodb.delete_item(TableName=table, Key={name: row(2)[name] for name in ("pk", "sk")})
    for later in (0, 7200):  # from the store, and from the archive
        server.clock.advance(later)
        started = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket.name, ExportTime=int(time))
        done = wait_for_export(dynamodb, started)
        assert done["ExportTime"].timestamp() == int(time)
        _, records = read_export(bucket.get, done["ExportManifest"])
        assert by_key([record["Item"] for record in records]) == by_key(before)


@pytest.mark.parametrize("view", ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_what_changed(dynamodb: Any, server: RunningServer, bucket: Bucket, table: str, arn: str, view: str) -> None:
    def write(number: int, value: int | None) -> None:
        key = {"pk": {"S": f"{number}"}, "sk": {"S": "s"}}
        if value is None:
            dynamodb.delete_item(TableName=table, Key=key)
        else:
            dynamodb.put_item(TableName=table, Item=key | {"v": {"N": f"{value}"}})

    for number in range(5):
        write(number, 0)
    server.clock.advance(100)
    since = int(server.clock())
    write(1, 1)
    server.clock.advance(1)
    write(1, 2)
    write(2, None)
    write(7, 7)
    write(8, 8)
    write(8, None)
    server.clock.advance(900)
    until_ = int(server.clock())
    write(3, 3)  # too late
    window = {"ExportFromTime": since, "ExportToTime": until_, "ExportViewType": view}
    started = dynamodb.export_table_to_point_in_time(
        TableArn=arn,
        S3Bucket=bucket.name,
        S3Prefix="p",
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification=window,
    )
    done = wait_for_export(dynamodb, started)
    assert done["ExportStatus"] == "COMPLETED", done
    assert (done["ItemCount"], done["BilledSizeBytes"]) == (3, 10_000_000)
    assert "ExportTime" not in done
    assert done["ExportType"] == "INCREMENTAL_EXPORT"
    summary, records = read_export(bucket.get, done["ExportManifest"])
    assert (summary["version"], summary["outputView"]) == ("2023-08-01", view)
    assert all(key.startswith("p/AWSDynamoDB/data/") for key in bucket.keys("p/AWSDynamoDB/data"))
    found = {record["Keys"]["pk"]["S"]: record for record in records}

    def image(number: int, value: int) -> dict[str, Any]:
        return {"pk": {"S": f"{number}"}, "sk": {"S": "s"}, "v": {"N": f"{value}"}}

    old_too = view == "NEW_AND_OLD_IMAGES"
    expected = {
        "1": {"NewImage": image(1, 2)} | ({"OldImage": image(1, 0)} if old_too else {}),
        "2": {"OldImage": image(2, 0)} if old_too else {},
        "7": {"NewImage": image(7, 7)},
    }
    assert {
        pk: {name: record[name] for name in record if name not in ("Keys", "Metadata")} for pk, record in found.items()
    } == expected
    micros = int(found["1"]["Metadata"]["WriteTimestampMicros"]["N"])
    assert micros // 1_000_000 == since + 1
    assert list(found["1"])[:2] == ["Metadata", "Keys"]


def test_a_filter(dynamodb: Any, bucket: Bucket, table: str, arn: str) -> None:
    fill(dynamodb, table, 20)
    wanted = row(7)
    specification = {
        "KeyConditionExpression": "pk = :p",
        "ProjectionExpression": "pk, sk",
        "ExpressionAttributeValues": {":p": wanted["pk"]},
    }
    started = dynamodb.export_table_to_point_in_time(
        TableArn=arn, S3Bucket=bucket.name, FilterSpecification=specification
    )
    done = wait_for_export(dynamodb, started)
    assert done["FilterSpecification"] == specification
    _, records = read_export(bucket.get, done["ExportManifest"])
    expected = [item for item in items(dynamodb, table) if item["pk"] == wanted["pk"]]
    assert by_key([record["Item"] for record in records]) == by_key(
        [{name: item[name] for name in ("pk", "sk")} for item in expected]
    )
    call = dynamodb.export_table_to_point_in_time
    assert invalid(call, TableArn=arn, S3Bucket=bucket.name, FilterSpecification={}) == (
        f"{INVALID}Invalid FilterSpecification: The specification can not be empty"
    )


def test_a_table_that_is_deleted_meanwhile(dynamodb: Any, bucket: Bucket, table: str, arn: str) -> None:
    fill(dynamodb, table, 30)
    before = items(dynamodb, table)
    started = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket.name)
    dynamodb.delete_table(TableName=table)
    _, records = read_export(bucket.get, wait_for_export(dynamodb, started)["ExportManifest"])
    assert by_key([record["Item"] for record in records]) == by_key(before)


def test_refusals(dynamodb: Any, account: Account, server: RunningServer, table: str) -> None:
    call = dynamodb.export_table_to_point_in_time
    lead = "arn:aws:dynamodb:eu-west-1"
    arn = f"{lead}:{account.number}:table/{table}"
    good = {"TableArn": arn, "S3Bucket": "bucket"}
    assert fault(call, **good) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'things'",
    )
    recoverable(dynamodb, table)
    absent = f"{lead}:{account.number}:table/absent"
    assert fault(call, TableArn=absent, S3Bucket="bucket") == ("TableNotFoundException", f"Table not found: {absent}")
    elsewhere = arn.replace("eu-west-1", "us-east-1")
    assert fault(call, TableArn=elsewhere, S3Bucket="bucket") == (
        "TableNotFoundException",
        f"Table not found: {elsewhere}",
    )
    assert fault(call, TableArn=f"{lead}:999999999999:table/things", S3Bucket="bucket") == (
        "AccessDeniedException",
        "Access is denied",
    )
    assert invalid(call, TableArn="things", S3Bucket="bucket") == (
        "One or more parameter values were invalid: tableArn is not a valid ARN"
    )
    assert invalid(call, TableArn=f"{arn}/index/by_g", S3Bucket="bucket") == f"{INVALID}Table ARN is invalid."
    assert invalid(call, **(good | {"ExportFormat": "CSV"})) == (
        f"{ENVELOPE}Value 'CSV' at 'exportFormat' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ION, DYNAMODB_JSON]"
    )
    assert invalid(call, **(good | {"S3SseKmsKeyId": "key"})) == (
        f"{INVALID}KMS Key Id is not supported for this encryption type"
    )
    assert fault(call, **(good | {"ExportTime": int(server.clock()) + 60})) == (
        "InvalidExportTimeException",
        "Export Time is invalid",
    )
    window = {"ExportFromTime": int(server.clock()) - 60}
    incremental = good | {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": window}
    code, message = fault(call, **incremental)
    assert code == "InvalidExportTimeException"
    assert message.startswith("Incremental export period from time cannot be less than the table creation time : ")


def test_a_description_is_of_an_export_only(dynamodb: Any, account: Account, table: str) -> None:
    call = dynamodb.describe_export
    lead = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things"
    absent = f"{lead}/export/01695353076000-a1b2c3d4"
    assert fault(call, ExportArn=absent) == ("ExportNotFoundException", f"Export not found: Export not found: {absent}")
    assert fault(call, ExportArn=absent.replace("eu-west-1", "us-east-1")) == (
        "ExportNotFoundException",
        "Export not found: Invalid export arn",
    )
    assert fault(call, ExportArn=absent.replace(account.number, "999999999999")) == (
        "AccessDeniedException",
        "Access is denied",
    )
    for other in (lead, f"{lead}/import/01695353076000-a1b2c3d4", "x" * 40):
        assert invalid(call, ExportArn=other) == "Invalid Export ARN"


@pytest.fixture
def s3() -> Iterator[Any]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    yield client
    client.close()
    moto.stop()


def test_a_bucket_of_s3(s3: Any) -> None:
    s3.create_bucket(Bucket="analytics")
    query = f"endpoint={s3.meta.endpoint_url}&region=us-east-1&access_key_id=testing&secret_access_key=testing"
    running = start_server(buckets=f"s3://{{bucket}}?{query}")
    try:
        dynamodb = Account(running.url, "000000000001").client()
        create_table(dynamodb, "things", "pk:S", "sk:S")
        arn = recoverable(dynamodb, "things")
        fill(dynamodb, "things", 100)
        before = items(dynamodb, "things")
        done = wait_for_export(dynamodb, dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="analytics"))
        assert done["ExportStatus"] == "COMPLETED", done

        def get(key: str) -> bytes:
            body: bytes = s3.get_object(Bucket="analytics", Key=key)["Body"].read()
            return body

        _, records = read_export(get, done["ExportManifest"])
        assert by_key([record["Item"] for record in records]) == by_key(before)
        # Readers compare the etag of the manifest with that of the object.
        for found in s3.list_objects_v2(Bucket="analytics")["Contents"]:
            if "/data/" in found["Key"]:
                assert found["ETag"].strip('"').encode() in get(done["ExportManifest"].replace("summary", "files"))
        failed = wait_for_export(dynamodb, dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="absent"))
        assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
        assert failed["FailureMessage"] == "The specified bucket does not exist"
        assert "ExportManifest" not in failed
        dynamodb.close()
    finally:
        running.close()


def test_a_folder_is_a_bucket_only_if_it_is_there(tmp_path: Path) -> None:
    running = start_server(buckets=f"{tmp_path}/{{bucket}}")
    try:
        dynamodb = Account(running.url, "000000000001").client()
        create_table(dynamodb, "things", "pk:S", "sk:S")
        arn = recoverable(dynamodb, "things")
        call = dynamodb.export_table_to_point_in_time
        assert wait_for_export(dynamodb, call(TableArn=arn, S3Bucket="mine"))["FailureCode"] == "S3NoSuchBucket"
        (tmp_path / "mine").mkdir()
        done = wait_for_export(dynamodb, call(TableArn=arn, S3Bucket="mine"))
        summary, records = read_export(lambda key: (tmp_path / "mine" / key).read_bytes(), done["ExportManifest"])
        assert (records, summary["itemCount"]) == ([], 0)
        dynamodb.close()
    finally:
        running.close()


def test_a_page_has_ten_exports_unless_it_is_said(dynamodb: Any, bucket: Bucket, arn: str) -> None:
    for _ in range(11):
        dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket.name)
    answer = dynamodb.list_exports()
    assert len(answer["ExportSummaries"]) == 10
    assert len(dynamodb.list_exports(NextToken=answer["NextToken"])["ExportSummaries"]) == 1
    assert len(dynamodb.list_exports(MaxResults=25)["ExportSummaries"]) == 11


def test_exports_are_listed(dynamodb: Any, account: Account, bucket: Bucket, table: str, arn: str) -> None:
    other = recoverable(dynamodb, create_table(dynamodb, "others", "pk:S"))
    arns = []
    for number in range(5):
        request = {"TableArn": other if number == 2 else arn, "S3Bucket": bucket.name}
        started = dynamodb.export_table_to_point_in_time(**request)
        arns.append(wait_for_export(dynamodb, started)["ExportArn"])
    listed = dynamodb.list_exports()
    assert "NextToken" not in listed
    assert {each["ExportArn"] for each in listed["ExportSummaries"]} == set(arns)
    assert listed["ExportSummaries"][0].keys() == {"ExportArn", "ExportStatus", "ExportType"}
    own = [each["ExportArn"] for each in dynamodb.list_exports(TableArn=arn)["ExportSummaries"]]
    assert set(own) == {each for each in arns if each.startswith(f"{arn}/")}
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    for _ in range(5):
        found = dynamodb.list_exports(TableArn=arn, MaxResults=2, **token)
        pages.append([each["ExportArn"] for each in found["ExportSummaries"]])
        if "NextToken" not in found:
            break
        token = {"NextToken": found["NextToken"]}
    assert ([each for page in pages for each in page], len(pages)) == (own, 2)
    assert invalid(dynamodb.list_exports, NextToken="beef") == f"{INVALID}Provided nextToken is invalid: beef"
    assert invalid(dynamodb.list_exports, TableArn="things").endswith("tableArn is not a valid ARN")
    assert dynamodb.list_exports(TableArn=arn.replace("eu-west-1", "us-east-1"))["ExportSummaries"] == []
    dynamodb.delete_table(TableName=table)
    until(lambda: dynamodb.list_tables()["TableNames"] == ["others"])
    recoverable(dynamodb, create_table(dynamodb, table, "pk:S"))
    assert dynamodb.list_exports(TableArn=arn)["ExportSummaries"] == []
    assert dynamodb.describe_export(ExportArn=own[0])["ExportDescription"]["ExportStatus"] == "COMPLETED"
