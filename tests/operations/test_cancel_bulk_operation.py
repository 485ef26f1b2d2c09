"""CancelBulkOperation: what was written stays, and nothing more is; and ListBulkOperations beside it."""

from typing import Any

import orjson
import pytest

from tests.operations.backups import items
from tests.operations.conftest import create_table
from tests.operations.intake import Bucket, item, report, run_bulk, start_bulk, wait_for_bulk
from tests.running import Account, RunningServer


@pytest.fixture
def buckets(account: Account) -> tuple[Bucket, Bucket]:
    return Bucket(f"cancel-in-{account.number}"), Bucket(f"cancel-out-{account.number}")


def test_a_cancelled_operation_leaves_what_it_has_written(dynamodb: Any, buckets: tuple[Bucket, Bucket]) -> None:
    source, output = buckets
    create_table(dynamodb, "things", "pk:S")
    source.put("a", [b"bad", *(item(f"{n:05}", v={"S": "x" * 900}) for n in range(5000))])
    arn = start_bulk(dynamodb, source, output, MaxWriteRequestUnits=1024)
    while (
        dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]["ProcessedItemCount"] < 100
    ):
        pass
    cancelled = dynamodb.cancel_bulk_operation(BulkOperationArn=arn)
    assert (cancelled["BulkOperationArn"], cancelled["BulkOperationStatus"]) == (arn, "CANCELLING")
    done = wait_for_bulk(dynamodb, arn)
    assert done["BulkOperationStatus"] == "CANCELLED"
    assert done["FailureCode"] == "BulkOperationCancelled"
    written = done["ProcessedItemCount"] - 1
    assert 99 <= written < 5000
    assert [found["pk"]["S"] for found in items(dynamodb, "things")] == [f"{n:05}" for n in range(written)]
    assert len(report(output, arn, "errors")) == 1
    manifest = orjson.loads(output.get(f"AWSDynamoDB/{arn.rpartition('/')[2]}/manifest.json"))
    assert (manifest["status"], manifest["writtenItemCount"]) == ("CANCELLED", written)
    assert dynamodb.cancel_bulk_operation(BulkOperationArn=arn)["BulkOperationStatus"] == "CANCELLED"


def test_an_operation_may_be_cancelled_before_it_has_begun(dynamodb: Any, buckets: tuple[Bucket, Bucket]) -> None:
    source, output = buckets
    create_table(dynamodb, "things", "pk:S")
    source.put("a", [item(f"{n:05}", v={"S": "x" * 900}) for n in range(5000)])
    arn = start_bulk(dynamodb, source, output, MaxWriteRequestUnits=1024)
    dynamodb.cancel_bulk_operation(BulkOperationArn=arn)
    done = wait_for_bulk(dynamodb, arn)
    assert done["BulkOperationStatus"] == "CANCELLED"
    assert len(items(dynamodb, "things")) == done["ProcessedItemCount"] < 1000


def test_a_finished_operation_stays_as_it_is(dynamodb: Any, buckets: tuple[Bucket, Bucket]) -> None:
    source, output = buckets
    create_table(dynamodb, "things", "pk:S")
    source.put("a", [item("x")])
    arn = run_bulk(dynamodb, source, output)["BulkOperationArn"]
    assert dynamodb.cancel_bulk_operation(BulkOperationArn=arn)["BulkOperationStatus"] == "COMPLETED"
    assert wait_for_bulk(dynamodb, arn)["BulkOperationStatus"] == "COMPLETED"


def test_operations_are_listed_the_newest_first_and_ten_at_a_time(
    dynamodb: Any, buckets: tuple[Bucket, Bucket], server: RunningServer
) -> None:
    source, output = buckets
    create_table(dynamodb, "things", "pk:S")
    source.put("a", [item("x")])
    arns = []
    for _ in range(12):
        arns.append(run_bulk(dynamodb, source, output)["BulkOperationArn"])
        server.clock.advance(0.1)
    first = dynamodb.list_bulk_operations()
    assert [each["BulkOperationArn"] for each in first["BulkOperationsSummaryList"]] == arns[:1:-1]
    assert first["BulkOperationsSummaryList"][0].keys() == {
        "BulkOperationArn",
        "BulkOperationStatus",
        "StartTime",
        "EndTime",
    }
    rest = dynamodb.list_bulk_operations(NextToken=first["NextToken"])
    assert [each["BulkOperationArn"] for each in rest["BulkOperationsSummaryList"]] == arns[1::-1]
    assert "NextToken" not in rest
    assert len(dynamodb.list_bulk_operations(MaxResults=25)["BulkOperationsSummaryList"]) == 12
