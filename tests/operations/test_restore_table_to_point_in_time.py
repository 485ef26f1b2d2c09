"""RestoreTableToPointInTime: what comes back, and what is refused."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from tests.operations.backups import fill, items, row, until, wait_until_active
from tests.operations.conftest import create_table
from tests.operations.faults import fault, invalid
from tests.operations.test_update_continuous_backups import described, enable
from tests.running import Account, RunningServer

INDEXES = {"by-x": {"hash": ["x:S"], "range": ["n:N"]}}


@pytest.fixture
def table(dynamodb: Any) -> str:
    made = create_table(dynamodb, "things", "pk:S", "sk:S", indexes=INDEXES)
    fill(dynamodb, made, 30)
    enable(dynamodb)
    return made


def recover(server: RunningServer, dynamodb: Any, target: str = "again", **request: Any) -> Any:
    told = dynamodb.restore_table_to_point_in_time(SourceTableName="things", TargetTableName=target, **request)
    server.clock.advance(0.1)  # the time that was asked for has to pass
    wait_until_active(dynamodb, target)
    return told["TableDescription"]


def test_the_latest_time_has_every_write(dynamodb: Any, table: str, account: Account, server: RunningServer) -> None:
    dynamodb.put_item(TableName=table, Item=row(100))
    told = recover(server, dynamodb, UseLatestRestorableTime=True)
    assert told["TableStatus"] == "CREATING"
    arn = f"arn:aws:dynamodb:eu-west-1:{account.number}:table/things"
    assert told["RestoreSummary"]["SourceTableArn"] == arn
    assert told["RestoreSummary"]["RestoreInProgress"] is True
    assert items(dynamodb, "again") == items(dynamodb, table)
    assert items(dynamodb, "again", IndexName="by-x") == items(dynamodb, table, IndexName="by-x")
    done = dynamodb.describe_table(TableName="again")["Table"]
    assert "RestoreSummary" not in done
    assert described(dynamodb, "again")["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_a_time_between_two_writes(dynamodb: Any, table: str, server: RunningServer) -> None:
    server.clock.advance(10)
    before = items(dynamodb, table)
    between = server.clock()
    server.clock.advance(10)
    dynamodb.delete_item(TableName=table, Key={name: row(1)[name] for name in ("pk", "sk")})
    dynamodb.put_item(TableName=table, Item=row(2) | {"later": {"BOOL": True}})
    after = items(dynamodb, table)
    server.clock.advance(10)

    def is_covered() -> bool:
        latest = described(dynamodb)["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]
        return bool(latest.timestamp() >= between + 10)

    until(is_covered)
    recover(server, dynamodb, "between", RestoreDateTime=between + 1)
    assert items(dynamodb, "between") == before
    recover(server, dynamodb, "after", RestoreDateTime=between + 10)
    assert items(dynamodb, "after") == after


def test_overrides(dynamodb: Any, table: str, server: RunningServer) -> None:
    recover(
        server,
        dynamodb,
        UseLatestRestorableTime=True,
        GlobalSecondaryIndexOverride=[],
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
    )
    done = dynamodb.describe_table(TableName="again")["Table"]
    assert "GlobalSecondaryIndexes" not in done
    assert done["ProvisionedThroughput"]["WriteCapacityUnits"] == 4


def test_refusals(dynamodb: Any, table: str) -> None:
    call = dynamodb.restore_table_to_point_in_time
    target = {"TargetTableName": "again"}
    latest = {"UseLatestRestorableTime": True}
    told = fault(call, SourceTableName="absent", **target, **latest)
    assert told == ("TableNotFoundException", "Table not found: absent")
    create_table(dynamodb, "plain", "pk:S")
    told = fault(call, SourceTableName="plain", **target, **latest)
    text = "Point in time recovery is not enabled for table 'plain'"
    assert told == ("PointInTimeRecoveryUnavailableException", text)
    told = fault(call, SourceTableName=table, TargetTableName="plain", **latest)
    assert told == ("TableAlreadyExistsException", "Table already exists: plain")
    window = described(dynamodb)["PointInTimeRecoveryDescription"]
    earliest = window["EarliestRestorableDateTime"]
    for time in (
        window["EarliestRestorableDateTime"] - timedelta(seconds=5),
        window["LatestRestorableDateTime"] + timedelta(days=1),
    ):
        code, text = fault(call, SourceTableName=table, **target, RestoreDateTime=time)
        assert code == "InvalidRestoreTimeException"
        bounds = (f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"{earliest.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        assert text.startswith(
            f"RestoreDateTime '{bounds[0]}' must be within EarliestRestorableDateTime '{bounds[1]}' and"
        )
    assert dynamodb.list_tables()["TableNames"] == ["plain", "things"]


ARN = "arn:aws:dynamodb:{region}:{account}:table/things"
LEAD = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({}, "The parameter 'TableName' is required but was not present in the request"),
        (
            {"SourceTableName": "things", "SourceTableArn": ARN},
            f"{LEAD}Must provide exactly one of: sourceTableArn, sourceTableName",
        ),
        ({"SourceTableArn": "things"}, f"{LEAD}ARNs must start with 'arn:': things"),
        ({"SourceTableArn": f"{ARN}/index/x"}, f"{LEAD}sourceTableArn is not a valid ARN"),
        (
            {"SourceTableArn": "arn:aws:dynamodb:eu-west-1:999999999999:table/things"},
            "This action is only supported by accounts that match the resource owner\N{RIGHT SINGLE QUOTATION MARK}s account.",
        ),
        (
            {"SourceTableArn": ARN.replace("{region}", "us-east-1")},
            "Invalid Request: sseSpecificationOverride must be provided for cross-region restores",
        ),
        (
            {"SourceTableName": "things", "RestoreDateTime": 1},
            (
                "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore "
                "request. Please specify either RestoreDateTime time or UseLatestRestorableTime"
            ),
        ),
        (
            {"SourceTableName": "things", "UseLatestRestorableTime": False},
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
        ),
    ],
)
def test_what_does_not_go_together(dynamodb: Any, account: Account, request_: dict[str, Any], text: str) -> None:
    request = {"TargetTableName": "again", "UseLatestRestorableTime": True, **request_}
    if "SourceTableArn" in request:
        arn = request["SourceTableArn"].replace("{account}", account.number)
        request["SourceTableArn"] = arn.replace("{region}", "eu-west-1")
    assert invalid(dynamodb.restore_table_to_point_in_time, **request) == text
