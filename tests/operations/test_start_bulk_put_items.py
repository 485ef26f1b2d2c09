"""StartBulkPutItems and DescribeBulkOperation: conditions, reports, counts, the rate, and what is refused."""

import gzip
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import zstandard
from botocore.exceptions import ClientError

from stator.archive.places.failure import Unreachable
from stator.archive.places.memory import Memory
from tests.operations.backups import items, until
from tests.operations.conftest import create_table
from tests.operations.intake import Bucket, bulk_request, item, lines, report, run_bulk, start_bulk, wait_for_bulk
from tests.running import Account

ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
UNDEFINED = (
    "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :w"
)
ION = (
    b'{Item:{pk:"new",v:1.},ConditionExpression:"attribute_not_exists(pk)"}\n'
    b'{Item:{pk:"there",v:2.},ConditionExpression:"attribute_not_exists(pk)"}'
    b'{Item:{pk:"there",v:3.},ConditionExpression:"#v < :v",ExpressionAttributeNames:{\'#v\':"v"},'
    b"\n  ExpressionAttributeValues:{':v':1.}}\n"
    b'$ion_1_0 {Item:{pk:"there",v:4.},ConditionExpression:"v = :v",ExpressionAttributeValues:{\':v\':3.}}\n'
    b'{Item:{pk:"absent"},ConditionExpression:"attribute_exists(pk)"}'
)


@pytest.fixture
def source(account: Account) -> Bucket:
    return Bucket(f"bulk-in-{account.number}")


@pytest.fixture
def output(account: Account) -> Bucket:
    return Bucket(f"bulk-out-{account.number}")


@pytest.fixture
def things(dynamodb: Any) -> str:
    return create_table(
        dynamodb,
        "things",
        "pk:S",
        indexes={"by-g": {"hash": ["g:S"], "projection": "KEYS_ONLY"}},
    )


def counts(done: dict[str, Any]) -> tuple[str, int, int]:
    return done["BulkOperationStatus"], done["ProcessedItemCount"], done["FailedItemCount"]


def test_items_replace_those_that_are_there(dynamodb: Any, source: Bucket, output: Bucket, things: str) -> None:
    dynamodb.put_item(TableName=things, Item={"pk": {"S": "1"}, "old": {"S": "x"}, "g": {"S": "before"}})
    records = [item(str(n), g={"S": "after"}) for n in range(3)]
    text = lines(records)
    source.put("in/a.json", text)
    arn = start_bulk(dynamodb, source, output, prefix="in/", ClientToken="t")
    done = wait_for_bulk(dynamodb, arn)
    assert items(dynamodb, things) == [record["Item"] for record in records]
    assert items(dynamodb, things, IndexName="by-g") == [record["Item"] for record in records]
    table = dynamodb.describe_table(TableName=things)["Table"]
    assert done.pop("EndTime") >= done.pop("StartTime")
    assert done == {
        "BulkOperationArn": arn,
        "BulkOperationStatus": "COMPLETED",
        "TableDetails": [{"TableName": "things", "TableId": table["TableId"]}],
        "ClientToken": "t",
        "InputS3Configuration": {"S3Bucket": source.name, "S3KeyPrefix": "in/", "InputFormat": "DYNAMODB_JSON"},
        "OutputS3Configuration": {"S3Bucket": output.name, "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"]},
        "ProcessedItemCount": 3,
        "FailedItemCount": 0,
        "ProcessedInputBytes": len(text),
        "TotalInputBytes": len(text),
        "BulkOperationUsage": [
            {
                "TableName": "things",
                "BulkPutBytes": 3 * (9 + 9),
                "Table": {"BulkPutBytes": 3 * 9},
                "GlobalSecondaryIndexes": {"by-g": {"BulkPutBytes": 3 * 9}},
            }
        ],
        "PerformanceTier": "STANDARD",
    }
    assert arn.startswith(f"{table['TableArn']}/bulk-operation/0")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "DYNAMODB_JSON",
            lines(
                [
                    item("new", v={"N": "1"}) | ABSENT,
                    item("there", v={"N": "2"}) | ABSENT,
                    item("there", v={"N": "3"})
                    | {
                        "ConditionExpression": "#v < :v",
                        "ExpressionAttributeNames": {"#v": "v"},
                        "ExpressionAttributeValues": {":v": {"N": "1"}},
                    },
                    item("there", v={"N": "4"})
                    | {"ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "3"}}},
                    item("absent") | {"ConditionExpression": "attribute_exists(pk)"},
                ]
            ),
        ),
        ("ION", ION),
    ],
)
def test_each_item_has_its_own_condition(
    dynamodb: Any, source: Bucket, output: Bucket, things: str, kind: str, text: bytes
) -> None:
    dynamodb.put_item(TableName=things, Item={"pk": {"S": "there"}, "v": {"N": "0"}})
    source.put("a", text)
    done = run_bulk(dynamodb, source, output, InputFormat=kind)
    assert counts(done) == ("COMPLETED", 5, 0)
    assert [(found["pk"]["S"], found["v"]["N"]) for found in items(dynamodb, things)] == [("new", "1"), ("there", "4")]
    told = report(output, done["BulkOperationArn"], "condition-check-failures")
    pointer = {"bucket": source.name, "key": "a"}
    assert told == [
        {
            "itemS3Pointer": pointer | {"itemIndex": 1},
            "bulkOperationArn": done["BulkOperationArn"],
            "Item": {"pk": {"S": "there"}, "v": {"N": "2"}},
            "ExistingItem": {"pk": {"S": "there"}, "v": {"N": "0"}},
        },
        {
            "itemS3Pointer": pointer | {"itemIndex": 4},
            "bulkOperationArn": done["BulkOperationArn"],
            "Item": {"pk": {"S": "absent"}},
        },
    ]


def test_a_later_record_sees_what_an_earlier_one_put(
    dynamodb: Any, source: Bucket, output: Bucket, things: str
) -> None:
    source.put("a", [item("x", v={"N": str(n)}) | ABSENT for n in range(4)])
    done = run_bulk(dynamodb, source, output)
    assert items(dynamodb, things) == [{"pk": {"S": "x"}, "v": {"N": "0"}}]
    refused = report(output, done["BulkOperationArn"], "condition-check-failures")
    assert [line["ExistingItem"]["v"]["N"] for line in refused] == ["0", "0", "0"]


def test_large_items_that_are_refused_are_told_of_in_several_commits(
    dynamodb: Any, source: Bucket, output: Bucket, things: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stator.services.intake.intake_slice.LINES_BYTES_MAX", 1500)
    records = [item(str(n), v={"S": "x" * 200}) for n in range(60)]
    source.put("a", [*records, *(record | ABSENT for record in records)])
    done = run_bulk(dynamodb, source, output)
    assert counts(done) == ("COMPLETED", 120, 0)
    refused = report(output, done["BulkOperationArn"], "condition-check-failures")
    assert [line["ExistingItem"] for line in refused] == [record["Item"] for record in records]


@pytest.mark.parametrize(("compression", "pack"), [("GZIP", gzip.compress), ("ZSTD", zstandard.compress)])
def test_packed_objects_and_faulty_records(
    dynamodb: Any, source: Bucket, output: Bucket, things: str, compression: str, pack: Any
) -> None:
    values = {"ExpressionAttributeValues": {":v": {"N": "3"}}}
    source.put(
        "a",
        pack(
            lines(
                [
                    item("good"),
                    b"{",
                    {"Item": {"g": {"S": "x"}}},
                    item("g", g={"N": "1"}),
                    item("c") | {"ConditionExpression": "v ="},
                    item("c") | {"ConditionExpression": "v = :w"},
                    item("c") | values,
                    item("c") | {"ConditionExpression": "attribute_exists(v)"} | values,
                    item("c") | {"ConditionExpression": "pk.a = :v"} | values,
                    item("c") | {"ConditionExpression": 5},
                    item("c") | {"ConditionExpression": ""},
                ]
            )
        ),
    )
    source.put("b", b"no such thing")
    source.put("c", pack(lines([item("good too")])))
    done = run_bulk(dynamodb, source, output, InputCompressionType=compression, S3KeyPrefix="out/")
    assert counts(done) == ("COMPLETED_WITH_ERRORS", 13, 11)
    assert "FailureCode" not in done
    assert {found["pk"]["S"] for found in items(dynamodb, things)} == {"good", "good too"}
    told = report(output, done["BulkOperationArn"], "errors", "out/")
    assert [line["itemS3Pointer"]["itemIndex"] for line in told] == [*range(1, 11), 0]
    messages = [line["errorMessages"][0] for line in told]
    assert messages[1:3] == [
        "One or more parameter values were invalid: Missing the key pk in the item",
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g",
    ]
    assert messages[3:10] == [
        'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="',
        UNDEFINED,
        "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}",
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        "NUMBER_VALUE cannot be converted to String",
        "Invalid ConditionExpression: The expression can not be empty;",
    ]


def test_only_the_reports_that_are_asked_for(dynamodb: Any, source: Bucket, output: Bucket, things: str) -> None:
    source.put("a", [item("x"), item("x") | ABSENT, b"bad"])
    done = run_bulk(dynamodb, source, output, OutputType=["ERROR"])
    arn = done["BulkOperationArn"]
    assert counts(done) == ("COMPLETED_WITH_ERRORS", 3, 1)
    folder = f"AWSDynamoDB/{arn.rpartition('/')[2]}"
    assert output.keys() == [f"{folder}/_started", f"{folder}/errors/000000.json.gz", f"{folder}/manifest.json"]
    manifest = orjson.loads(output.get(f"{folder}/manifest.json"))
    (file,) = manifest.pop("files")
    assert (file["outputType"], file["lineCount"]) == ("ERROR", 1)
    assert manifest == {
        "version": "1",
        "bulkOperationArn": arn,
        "status": "COMPLETED_WITH_ERRORS",
        "processedItemCount": 3,
        "writtenItemCount": 1,
        "failedItemCount": 1,
        "conditionCheckFailureCount": 1,
    }


def test_long_reports_are_cut_into_files(
    dynamodb: Any, source: Bucket, output: Bucket, things: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stator.services.intake.bulk_put.FILE_BYTES", 10_000)
    source.put("a", [b"bad"] * 1000)
    done = run_bulk(dynamodb, source, output)
    told = report(output, done["BulkOperationArn"], "errors")
    assert [line["itemS3Pointer"]["itemIndex"] for line in told] == list(range(1000))
    assert len([key for key in output.keys("AWSDynamoDB/") if "/errors/" in key]) > 5


def test_the_rate_is_held(dynamodb: Any, source: Bucket, output: Bucket, things: str) -> None:
    source.put("a", [item(str(n), v={"S": "x" * 3000}) for n in range(512)])  # 3 units each
    began = time.monotonic()
    done = run_bulk(dynamodb, source, output, MaxWriteRequestUnits=1024)
    seconds = time.monotonic() - began
    assert done["MaxWriteRequestUnits"] == 1024
    assert seconds > 1.3  # 1,536 units, but for the last tenth of a second's


def test_a_token_stands_for_its_request_for_eight_hours(
    dynamodb: Any, source: Bucket, output: Bucket, things: str, server: Any
) -> None:
    source.put("a", [item("x")])
    arn = start_bulk(dynamodb, source, output, ClientToken="once")
    wait_for_bulk(dynamodb, arn)
    assert start_bulk(dynamodb, source, output, ClientToken="once") == arn
    with pytest.raises(dynamodb.exceptions.IdempotentParameterMismatchException):
        start_bulk(dynamodb, source, output, ClientToken="once", prefix="a")
    server.clock.advance(8 * 3600 + 1)
    assert start_bulk(dynamodb, source, output, ClientToken="once") != arn


def test_a_bucket_that_fails_on_the_way_is_gone_on_with(
    dynamodb: Any, source: Bucket, output: Bucket, things: str, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.put("a", [item(str(n)) | ABSENT for n in range(1000)])
    source.put("b", [b"bad", *(item(str(n)) | ABSENT for n in range(990, 1010))])
    body, failures = source.get("a"), iter((2000, 40_000))

    async def stream(self: Memory, path: str, start: int) -> AsyncIterator[bytes]:
        end = next(failures, None)
        yield (await self.get(path))[start:end]
        if end is not None:
            raise Unreachable("it went away")

    monkeypatch.setattr(Memory, "stream", stream)
    arn = start_bulk(dynamodb, source, output)

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
        server.clock.advance(1)  # the runner waits longer each time
        return None if found["BulkOperationStatus"] == "IN_PROGRESS" else found

    done = until(look)
    assert counts(done) == ("COMPLETED_WITH_ERRORS", 1021, 1)
    assert done["ProcessedInputBytes"] == done["TotalInputBytes"] == len(body) + len(source.get("b"))
    assert len(items(dynamodb, things)) == 1010
    assert len(report(output, arn, "condition-check-failures")) == 10
    assert len(report(output, arn, "errors")) == 1


def test_what_cannot_begin_fails(dynamodb: Any, source: Bucket, output: Bucket, things: str) -> None:
    done = run_bulk(dynamodb, source, output, prefix="none/")
    assert (done["BulkOperationStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchKey")
    folder = f"AWSDynamoDB/{done['BulkOperationArn'].rpartition('/')[2]}"
    assert orjson.loads(output.get(f"{folder}/manifest.json"))["status"] == "FAILED"


def test_a_table_that_is_deleted_meanwhile_fails_it(dynamodb: Any, source: Bucket, output: Bucket, things: str) -> None:
    source.put("a", [item(str(n), v={"S": "x" * 900}) for n in range(3000)])
    arn = start_bulk(dynamodb, source, output, MaxWriteRequestUnits=1024)
    dynamodb.delete_table(TableName=things)
    done = wait_for_bulk(dynamodb, arn)
    assert (done["BulkOperationStatus"], done["FailureCode"]) == ("FAILED", "TableNotFound")


def test_requests_that_are_refused(dynamodb: Any, source: Bucket, output: Bucket, things: str) -> None:
    good = bulk_request(source, output)

    def refused(text: str, **changes: Any) -> None:
        with pytest.raises(ClientError, match=text):
            dynamodb.start_bulk_put_items(**(good | changes))

    refused("Requested resource not found: Table: none", TableName="none")
    refused("Member must have value greater than or equal to 1024", MaxWriteRequestUnits=1023)
    refused("must have an S3Bucket", OutputS3Configuration={"OutputType": ["ERROR"]})
    refused("OutputType must have", OutputS3Configuration={"S3Bucket": "out", "OutputType": []})
    refused("Member must satisfy enum value set", PerformanceTier="FAST")
    refused(
        "Member must satisfy enum value set", InputS3Configuration=good["InputS3Configuration"] | {"InputFormat": "CSV"}
    )


def test_operations_that_are_not_there(dynamodb: Any, account: Account) -> None:
    lead = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things"
    missing = f"{lead}/bulk-operation/01750000000000-00000000"
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.describe_bulk_operation(BulkOperationArn=missing)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.cancel_bulk_operation(BulkOperationArn=missing)
    with pytest.raises(ClientError, match="Invalid BulkOperationArn"):
        dynamodb.describe_bulk_operation(BulkOperationArn=f"{lead}/import/01750000000000-00000000")
