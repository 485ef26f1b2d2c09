"""ImportTable and DescribeImport: formats, counts, what is wrong with records and with requests."""

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from botocore.exceptions import ClientError

from tests.operations.backups import fill, items, until
from tests.operations.conftest import create_table
from tests.operations.faults import fault, invalid
from tests.operations.intake import (
    Bucket,
    counts,
    events,
    import_request,
    item,
    lines,
    run_import,
    start_import,
    wait_for_import,
)
from tests.running import Account, start_server

PACK: dict[str, Any] = {"NONE": bytes, "GZIP": gzip.compress, "ZSTD": zstandard.compress}
SOME_FAULTY = (
    "Some of the items failed validation checks and were not imported. "
    "Please check CloudWatch error logs for more details."
)
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
    "string value. Key: pk"
)


@pytest.fixture
def bucket(account: Account) -> Bucket:
    return Bucket(f"import-{account.number}")


def pks(dynamodb: Any, table: str = "imported") -> list[str]:
    return sorted(found["pk"]["S"] for found in items(dynamodb, table))


@pytest.mark.parametrize("compression", PACK)
def test_json_lines_of_all_objects_with_the_prefix(dynamodb: Any, bucket: Bucket, compression: str) -> None:
    value = {"M": {"l": {"L": [{"N": "1.50"}, {"NULL": True}]}, "s": {"SS": ["b", "a"]}}}
    pack = PACK[compression]
    bucket.put("in/a.json", pack(lines(item(f"a{n}", v=value) for n in range(700))))
    bucket.put("in/b/c.json", pack(lines([item("b"), item("c")])))
    bucket.put("other.json", b"not to be read")
    done = run_import(dynamodb, bucket, "in/", InputCompressionType=compression)
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (702, 702, 0))
    assert "FailureCode" not in done
    assert done["EndTime"] >= done["StartTime"]
    found = items(dynamodb, "imported")
    assert len(found) == 702
    assert found[0]["v"]["M"] == {"l": {"L": [{"N": "1.5"}, {"NULL": True}]}, "s": {"SS": ["a", "b"]}}
    table = dynamodb.describe_table(TableName="imported")["Table"]
    assert (table["TableStatus"], table["ItemCount"], table["TableId"]) == ("ACTIVE", 702, done["TableId"])


def test_csv_with_the_types_of_keys_and_strings(dynamodb: Any, bucket: Bucket) -> None:
    bucket.put("a.csv", b'pk,n,bin,text,empty\nx,1.50,YQ==,"say ""hi"", you",\ny,2,YWI=,5,\xc3\xa4\n')
    keys = {
        "TableName": "imported",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": type} for name, type in (("pk", "S"), ("n", "N"), ("bin", "B"))
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-bin",
                "KeySchema": [{"AttributeName": "bin", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    done = run_import(dynamodb, bucket, InputFormat="CSV", TableCreationParameters=keys)
    assert counts(done) == (2, 2, 0)
    expected = [
        {"pk": {"S": "x"}, "n": {"N": "1.5"}, "bin": {"B": b"a"}, "text": {"S": 'say "hi", you'}, "empty": {"S": ""}},
        {"pk": {"S": "y"}, "n": {"N": "2"}, "bin": {"B": b"ab"}, "text": {"S": "5"}, "empty": {"S": "ä"}},
    ]
    assert items(dynamodb, "imported") == sorted(expected, key=repr)
    assert items(dynamodb, "imported", IndexName="by-bin") == sorted(expected, key=repr)


def test_csv_with_a_header_and_a_delimiter_of_the_request(dynamodb: Any, bucket: Bucket) -> None:
    bucket.put("a.csv", b"x;1,2\ny;3\nz\n")
    options = {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "v"]}}
    done = run_import(dynamodb, bucket, InputFormat="CSV", InputFormatOptions=options)
    assert (done["InputFormatOptions"], counts(done)) == (options, (3, 2, 1))
    assert items(dynamodb, "imported") == [
        {"pk": {"S": "x"}, "v": {"S": "1,2"}},
        {"pk": {"S": "y"}, "v": {"S": "3"}},
    ]


def test_ion(dynamodb: Any, bucket: Bucket) -> None:
    text = '$ion_1_0 {Item:{pk:"x",n:6d2,s:$dynamodb_NS::[2.,1.],b:{{YQ==}}}}\n$ion_1_0 {Item:{pk:sym}}\n'
    bucket.put("a.ion", text.encode())
    done = run_import(dynamodb, bucket, InputFormat="ION")
    assert counts(done) == (2, 1, 1)
    (found,) = items(dynamodb, "imported")
    assert found == {"pk": {"S": "x"}, "n": {"N": "600"}, "s": {"NS": ["1", "2"]}, "b": {"B": b"a"}}


def test_an_export_of_amazons_service_is_imported_by_its_manifest(dynamodb: Any, bucket: Bucket) -> None:
    folder = "2020-Nov/AWSDynamoDB/01345678901234-abc12345"
    names = ("bafybeiczss3yxay3o4abnabbb", "gkes5o3lnrhoznhnkyax3hxvya")
    summary = {
        "version": "2020-06-30",
        "exportArn": "arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog/export/01345678901234-abc12345",
        "startTime": "2020-11-04T07:28:34.028Z",
        "endTime": "2020-11-04T07:33:43.897Z",
        "tableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog",
        "tableId": "12345a12-abcd-123a-ab12-1234abc12345",
        "exportTime": "2020-11-04T07:28:34.028Z",
        "s3Bucket": "ddb-productcatalog-export",
        "s3Prefix": "2020-Nov",
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{folder}/manifest-files.json",
        "billedSizeBytes": 0,
        "itemCount": 3,
        "outputFormat": "DYNAMODB_JSON",
    }
    files = [
        {
            "itemCount": 1,
            "md5Checksum": "sQMSpEILNgoQmarvDFonGQ==",
            "etag": "af83-1",
            "dataFileS3Key": f"{folder}/data/{n}.json.gz",
        }
        for n in names
    ]
    bucket.put(f"{folder}/_started", b"")
    bucket.put(f"{folder}/manifest-summary.json", orjson.dumps(summary))
    bucket.put(f"{folder}/manifest-files.json", files)
    for name in ("manifest-summary.md5", "manifest-files.md5"):
        bucket.put(f"{folder}/{name}", b"0")
    bucket.put(f"{folder}/data/{names[0]}.json.gz", gzip.compress(lines([item("a"), item("b")])))
    bucket.put(f"{folder}/data/{names[1]}.json.gz", gzip.compress(lines([item("c")])))
    bucket.put(f"{folder}/data/of-another-try.json.gz", gzip.compress(lines([item("d")])))
    for table, prefix in (
        ("one", "2020-Nov/"),
        ("two", f"{folder}/manifest-summary.json"),
        ("three", f"{folder}/data/"),
    ):
        compression = "GZIP" if table == "three" else "NONE"  # a manifest knows better
        done = run_import(dynamodb, bucket, prefix, table=table, InputCompressionType=compression)
        assert done["ImportStatus"] == "COMPLETED"
        assert pks(dynamodb, table) == ["a", "b", "c", *("d" for _ in range(table == "three"))]


@pytest.mark.parametrize("format", ["DYNAMODB_JSON", "ION"])
def test_an_export_of_this_server_comes_back(dynamodb: Any, bucket: Bucket, format: str) -> None:
    create_table(dynamodb, "source", "pk:S", "sk:S")
    fill(dynamodb, "source", 300)
    dynamodb.update_continuous_backups(
        TableName="source", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    table = dynamodb.describe_table(TableName="source")["Table"]
    arn = dynamodb.export_table_to_point_in_time(
        TableArn=table["TableArn"], S3Bucket=bucket.name, S3Prefix="exports", ExportFormat=format
    )["ExportDescription"]["ExportArn"]

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        return None if found["ExportStatus"] == "IN_PROGRESS" else found

    assert until(look)["ExportStatus"] == "COMPLETED"
    keys = {name: table[name] for name in ("AttributeDefinitions", "KeySchema")}
    parameters = {"TableName": "imported", "BillingMode": "PAY_PER_REQUEST", **keys}
    done = run_import(dynamodb, bucket, "exports/", InputFormat=format, TableCreationParameters=parameters)
    assert counts(done) == (300, 300, 0)
    assert items(dynamodb, "imported") == items(dynamodb, "source")


def test_faulty_records_are_counted_logged_and_passed_over(dynamodb: Any, bucket: Bucket, account: Account) -> None:
    bucket.put(
        "a.json",
        [
            item("good"),
            b'{"Item":{"pk":{"S":"x"}}',
            {"Item": {"title": {"S": "no key"}}},
            {"Item": {"pk": {"N": "1"}}},
            {"Item": {"pk": {"S": ""}}},
            item("x", n={"N": "1" * 39}),
            item("x", big={"S": "x" * 410_000}),
            item("x", s={"SS": []}),
            item("x", d={"Q": "?"}),
            {"Item": {"pk": {"S": "x"}, "n": {"N": 5}}},
            item("good too"),
        ],
    )
    bucket.put("b.json", b"\xff\xfe\x00")
    done = run_import(dynamodb, bucket)
    assert (done["ImportStatus"], counts(done)) == ("FAILED", (12, 2, 10))
    assert (done["FailureCode"], done["FailureMessage"]) == ("ItemValidationError", SOME_FAULTY)
    assert pks(dynamodb) == ["good", "good too"]
    arn = done["ImportArn"]
    told = events(account.number, arn)
    assert told[1] == {
        "itemS3Pointer": {"bucket": bucket.name, "key": "a.json", "itemIndex": 2},
        "importArn": arn,
        "errorMessages": ["One or more parameter values were invalid: Missing the key pk in the item"],
    }
    assert [event["itemS3Pointer"]["itemIndex"] for event in told] == [*range(1, 10), 0]
    assert [event["errorMessages"][0] for event in told[2:9]] == [
        "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
        EMPTY_KEY,
        "Attempting to store more than 38 significant digits in a Number",
        "Item size has exceeded the maximum allowed size",
        "One or more parameter values were invalid: An string set  may not be empty",
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        "NUMBER_VALUE cannot be converted to String",
    ]


def test_damaged_objects_cost_what_is_behind_the_damage_and_no_other_object(dynamodb: Any, bucket: Bucket) -> None:
    packed = gzip.compress(lines(item(f"a{n:05}", v={"S": f"{n * 7919 % 1000}"}) for n in range(5000)))
    bucket.put("a.gz", packed[: len(packed) // 2])
    bucket.put("b.gz", lines([item("b")]))
    bucket.put("c.gz", gzip.compress(lines([item("c")])))
    bucket.put("d.gz", b"")
    done = run_import(dynamodb, bucket, InputCompressionType="GZIP")
    processed, imported, faulty = counts(done)
    assert faulty == 2
    assert processed == imported + faulty
    found = pks(dynamodb)
    assert found[-1] == "c"
    assert found[:-1] == [f"a{n:05}" for n in range(imported - 1)]
    assert 500 < imported < 5000


def test_of_several_items_of_one_key_the_last_stays(dynamodb: Any, bucket: Bucket) -> None:
    bucket.put("a.json", [item(f"{n % 3}", v={"N": str(n)}) for n in range(100)])
    done = run_import(dynamodb, bucket)
    assert counts(done) == (100, 100, 0)
    assert {found["pk"]["S"]: found["v"]["N"] for found in items(dynamodb, "imported")} == {
        "0": "99",
        "1": "97",
        "2": "98",
    }


def test_at_most_so_many_events_are_kept(dynamodb: Any, bucket: Bucket, account: Account) -> None:
    bucket.put("a.json", b"x\n" * 10_050 + lines([item("a")]))
    done = run_import(dynamodb, bucket)
    assert counts(done) == (10_051, 1, 10_050)
    assert len(events(account.number, done["ImportArn"])) == 10_000


def test_an_import_without_objects_makes_an_empty_table(dynamodb: Any, bucket: Bucket) -> None:
    done = run_import(dynamodb, bucket, "nothing/")
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (0, 0, 0))
    assert "FailureCode" not in done
    assert dynamodb.describe_table(TableName="imported")["Table"]["TableStatus"] == "ACTIVE"
    assert items(dynamodb, "imported") == []


def put_one(bucket: Bucket) -> Bucket:
    bucket.put("a.json", [item("a")])
    return bucket


@pytest.mark.parametrize("prefix", ["../elsewhere/", "a//b"])
def test_a_prefix_that_leads_astray_fails_the_import(dynamodb: Any, bucket: Bucket, prefix: str) -> None:
    assert run_import(dynamodb, bucket, prefix)["FailureCode"] == "S3Error"


def test_a_bucket_that_is_not_there_fails_the_import(tmp_path: Path) -> None:
    running = start_server(buckets=str(tmp_path / "{bucket}"), archive=str(tmp_path / "archive"))
    try:
        dynamodb = Account(running.url, "000000000001").client()
        done = run_import(dynamodb, Bucket("no-such-bucket"))
        assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
        assert done["FailureMessage"] == "The specified bucket does not exist"
        assert dynamodb.list_tables()["TableNames"] == []
        dynamodb.close()
    finally:
        running.close()


def test_the_table_is_creating_and_named_meanwhile(dynamodb: Any, bucket: Bucket) -> None:
    bucket.put("a.json", [item(str(n)) for n in range(3000)])
    request = import_request(bucket, ClientToken="t")
    described = dynamodb.import_table(**request)["ImportTableDescription"]
    assert described["ImportStatus"] == "IN_PROGRESS"
    assert described["TableArn"].endswith(":table/imported")
    assert described["ImportArn"].startswith(f"{described['TableArn']}/import/0")
    assert described["ClientToken"] == "t"
    owner = described["TableArn"].split(":")[4]
    assert described["S3BucketSource"] == {"S3BucketOwner": owner} | request["S3BucketSource"]
    assert described["TableCreationParameters"] == request["TableCreationParameters"]
    assert described["CloudWatchLogGroupArn"].endswith(":log-group:/aws-dynamodb/imports:*")
    assert "EndTime" not in described
    table = dynamodb.describe_table(TableName="imported")["Table"]
    if table["TableStatus"] == "CREATING":
        with pytest.raises(dynamodb.exceptions.ResourceInUseException):
            dynamodb.delete_table(TableName="imported")
    assert wait_for_import(dynamodb, described["ImportArn"])["ImportedItemCount"] == 3000
    dynamodb.delete_table(TableName="imported")
    assert (
        dynamodb.describe_import(ImportArn=described["ImportArn"])["ImportTableDescription"]["ImportStatus"]
        == "COMPLETED"
    )


def test_a_token_stands_for_its_request_for_eight_hours(dynamodb: Any, bucket: Bucket, server: Any) -> None:
    put_one(bucket)
    arn = start_import(dynamodb, bucket, ClientToken="once")
    assert start_import(dynamodb, bucket, ClientToken="once") == arn
    wait_for_import(dynamodb, arn)
    assert start_import(dynamodb, bucket, ClientToken="once") == arn
    assert start_import(dynamodb, bucket, "other/", ClientToken="once") == arn  # the service does not look at it
    assert fault(dynamodb.import_table, **import_request(bucket, table="another", ClientToken="once")) == (
        "ImportConflictException",
        "Import conflict: Duplicate request detected with conflicting parameters",
    )
    server.clock.advance(8 * 3600 + 1)
    with pytest.raises(dynamodb.exceptions.ResourceInUseException, match="Table already exists: imported"):
        start_import(dynamodb, bucket, ClientToken="once")
    assert start_import(dynamodb, bucket, ClientToken="once", table="another") != arn


def test_what_is_wrong_with_the_table_is_told_at_once(dynamodb: Any, bucket: Bucket) -> None:
    parameters = import_request(bucket)["TableCreationParameters"]
    with pytest.raises(ClientError, match="AttributeDefinitions"):
        start_import(
            dynamodb,
            bucket,
            TableCreationParameters=parameters | {"KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}]},
        )
    with pytest.raises(ClientError, match="failed to satisfy constraint: Member must satisfy enum value set"):
        start_import(dynamodb, bucket, InputFormat="XML")
    with pytest.raises(ClientError, match=r"Member must satisfy enum value set: \[ZSTD, NONE, GZIP\]"):
        start_import(dynamodb, bucket, InputCompressionType="BZIP2")
    options = {"Csv": {"Delimiter": ";"}}
    assert invalid(dynamodb.import_table, **import_request(bucket, InputFormatOptions=options)) == (
        "Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON."
    )
    options = {"Csv": {"Delimiter": ";;"}}
    assert invalid(
        dynamodb.import_table, **import_request(bucket, InputFormat="CSV", InputFormatOptions=options)
    ).startswith("2 validation errors detected: Value ';;' at 'inputFormatOptions.csv.delimiter' failed to satisfy ")
    provisioned = {"BillingMode": "PROVISIONED", "OnDemandThroughput": {"MaxReadRequestUnits": 9}}
    provisioned |= {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    with pytest.raises(ClientError, match="for OnDemandThroughput cannot be specified when table BillingMode is PROV"):
        start_import(dynamodb, bucket, TableCreationParameters=parameters | provisioned)
    unsaid = {name: value for name, value in parameters.items() if name != "BillingMode"}
    with pytest.raises(ClientError, match="must both be specified when BillingMode is PROVISIONED"):
        start_import(dynamodb, bucket, TableCreationParameters=unsaid)
    assert dynamodb.list_tables()["TableNames"] == []


def test_imports_that_are_not_there(dynamodb: Any, account: Account) -> None:
    lead = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things"
    with pytest.raises(dynamodb.exceptions.ImportNotFoundException, match="Import not found: arn"):
        dynamodb.describe_import(ImportArn=f"{lead}/import/01750000000000-00000000")
    for bad in (f"{lead}/export/01750000000000-00000000", lead, "x" * 40):
        assert invalid(dynamodb.describe_import, ImportArn=bad) == "Invalid Import ARN"
    elsewhere = f"{lead}/import/01750000000000-00000000".replace("eu-west-1", "us-east-1")
    assert fault(dynamodb.describe_import, ImportArn=elsewhere)[0] == "ImportNotFoundException"
    with pytest.raises(ClientError, match="Access is denied"):
        dynamodb.describe_import(
            ImportArn=f"{lead}/import/01750000000000-00000000".replace(account.number, "999999999999")
        )


def test_numbers_keep_all_their_digits(dynamodb: Any, bucket: Bucket) -> None:
    digits = "0." + "123456789" * 4 + "12"
    bucket.put("a.json", [item("a", n={"N": digits})])
    run_import(dynamodb, bucket)
    assert Decimal(items(dynamodb, "imported")[0]["n"]["N"]) == Decimal(digits)
