"""UpdateContinuousBackups and DescribeContinuousBackups: what is told, and what is refused."""

from typing import Any

import pytest

from tests.operations.backups import until
from tests.operations.conftest import create_table
from tests.operations.faults import fault
from tests.running import RunningServer

DAY = 86_400
OFF = {
    "ContinuousBackupsStatus": "ENABLED",
    "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
}


def enable(dynamodb: Any, table: str = "things", **more: Any) -> Any:
    specification = {"PointInTimeRecoveryEnabled": True, **more}
    answer = dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=specification)
    return answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def described(dynamodb: Any, table: str = "things") -> Any:
    return dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]


@pytest.fixture
def table(dynamodb: Any) -> str:
    return create_table(dynamodb, "things", "pk:S")


def test_it_is_off_until_it_is_turned_on(dynamodb: Any, table: str) -> None:
    assert described(dynamodb) == OFF
    told = enable(dynamodb)
    assert (told["PointInTimeRecoveryStatus"], told["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    assert told["EarliestRestorableDateTime"] <= told["LatestRestorableDateTime"]
    assert described(dynamodb)["ContinuousBackupsStatus"] == "ENABLED"
    assert described(dynamodb)["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    off = dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    assert off["ContinuousBackupsDescription"] == described(dynamodb) == OFF


def test_the_window_moves_on(dynamodb: Any, table: str, server: RunningServer) -> None:
    first = enable(dynamodb, RecoveryPeriodInDays=1)
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}})
    server.clock.advance(DAY / 2)

    def look() -> Any:
        told = described(dynamodb)["PointInTimeRecoveryDescription"]
        moved = (told["LatestRestorableDateTime"] - first["LatestRestorableDateTime"]).total_seconds()
        return told if moved >= DAY / 2 - 60 else None

    told = until(look)
    assert told["EarliestRestorableDateTime"] == first["EarliestRestorableDateTime"]
    server.clock.advance(DAY)
    told = described(dynamodb)["PointInTimeRecoveryDescription"]
    earliest = told["EarliestRestorableDateTime"].timestamp()
    assert earliest == pytest.approx(server.clock() - DAY, abs=1)


def test_another_period_keeps_the_window(dynamodb: Any, table: str) -> None:
    first = enable(dynamodb, RecoveryPeriodInDays=7)
    second = enable(dynamodb, RecoveryPeriodInDays=20)
    assert (first["RecoveryPeriodInDays"], second["RecoveryPeriodInDays"]) == (7, 20)
    assert first["EarliestRestorableDateTime"] == second["EarliestRestorableDateTime"]
    assert enable(dynamodb)["RecoveryPeriodInDays"] == 20


def test_off_and_on_again_begins_anew(dynamodb: Any, table: str, server: RunningServer) -> None:
    first = enable(dynamodb)
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    server.clock.advance(100)
    again = enable(dynamodb)
    later = again["EarliestRestorableDateTime"] - first["EarliestRestorableDateTime"]
    assert later.total_seconds() == pytest.approx(100, abs=1)


def test_refusals(dynamodb: Any, table: str) -> None:
    on = {"PointInTimeRecoveryEnabled": True}
    missing = ("TableNotFoundException", "Table not found: absent")
    call = dynamodb.update_continuous_backups
    assert fault(call, TableName="absent", PointInTimeRecoverySpecification=on) == missing
    assert fault(dynamodb.describe_continuous_backups, TableName="absent") == missing
    for days in (0, 36):
        told = fault(call, TableName=table, PointInTimeRecoverySpecification={**on, "RecoveryPeriodInDays": days})
        assert told[0] == "ValidationException"
        assert "recoveryPeriodInDays" in told[1]
    off = {"PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 7}
    assert fault(call, TableName=table, PointInTimeRecoverySpecification=off) == (
        "ValidationException",
        "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
    )
    assert described(dynamodb) == OFF
