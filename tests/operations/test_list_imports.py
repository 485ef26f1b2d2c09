"""ListImports: the newest first, by table, in pages, for 90 days."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.backups import until
from tests.operations.intake import Bucket, item, run_import
from tests.running import Account, RunningServer


@pytest.fixture
def tables(dynamodb: Any, account: Account, server: RunningServer) -> list[str]:
    bucket = Bucket(f"list-imports-{account.number}")
    bucket.put("a.json", [item("a")])
    names = [f"table{number}" for number in range(5)]
    for name in names:
        run_import(dynamodb, bucket, table=name)
        server.clock.advance(1)
    return names


def listed(answer: dict[str, Any]) -> list[str]:
    return [summary["TableArn"].rpartition("/")[2] for summary in answer["ImportSummaryList"]]


def test_the_newest_come_first(dynamodb: Any, tables: list[str]) -> None:
    answer = dynamodb.list_imports()
    assert listed(answer) == tables[::-1]
    assert "NextToken" not in answer
    summary = answer["ImportSummaryList"][0]
    assert summary.keys() == {
        "ImportArn",
        "ImportStatus",
        "TableArn",
        "S3BucketSource",
        "CloudWatchLogGroupArn",
        "InputFormat",
        "StartTime",
        "EndTime",
    }
    assert summary["ImportStatus"] == "COMPLETED"


@pytest.mark.parametrize("size", [1, 2, 4, 5, 25])
def test_pages_hold_each_import_once(dynamodb: Any, tables: list[str], size: int) -> None:
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        answer = dynamodb.list_imports(PageSize=size, **token)
        pages.append(listed(answer))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [name for page in pages for name in page] == tables[::-1]
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert pages[-1] != []


def test_those_of_one_table(dynamodb: Any, account: Account, tables: list[str]) -> None:
    arn = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/"
    assert listed(dynamodb.list_imports(TableArn=f"{arn}table3")) == ["table3"]
    assert listed(dynamodb.list_imports(TableArn=f"{arn}other")) == []


def test_a_page_has_ten_unless_it_is_said(dynamodb: Any, account: Account, server: RunningServer) -> None:
    bucket = Bucket(f"list-imports-{account.number}")
    for number in range(11):
        run_import(dynamodb, bucket, table=f"table{number}")
        server.clock.advance(1)
    answer = dynamodb.list_imports()
    assert listed(answer) == [f"table{number}" for number in range(10, 0, -1)]
    assert listed(dynamodb.list_imports(NextToken=answer["NextToken"])) == ["table0"]


def test_another_region_has_its_own(account: Account, tables: list[str]) -> None:
    client = account.client(region="eu-west-2")
    assert listed(client.list_imports()) == []
    client.close()


def test_they_are_told_of_for_90_days(dynamodb: Any, tables: list[str], server: RunningServer) -> None:
    server.clock.advance(90 * 86_400)
    until(lambda: listed(dynamodb.list_imports()) == [])


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"NextToken": "ab" * 56}, f"Invalid Request: Provided nextToken is invalid: {'ab' * 56}"),
        ({"NextToken": "x" * 112}, "failed to satisfy constraint"),
        ({"NextToken": "ab"}, "failed to satisfy constraint"),
        ({"PageSize": 26}, "Member must have value less than or equal to 25"),
    ],
)
def test_bad_pages_are_refused(dynamodb: Any, request_: dict[str, Any], text: str) -> None:
    with pytest.raises(ClientError, match=text):
        dynamodb.list_imports(**request_)
