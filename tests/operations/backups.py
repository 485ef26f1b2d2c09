"""Backups and restores over HTTP: asking for them, waiting for them, and comparing tables."""

import time
from collections.abc import Callable
from typing import Any

SECONDS_MAX = 20.0


def until(done: Callable[[], Any]) -> Any:
    """What `done()` returns once that is not nothing."""
    deadline = time.monotonic() + SECONDS_MAX
    while not (found := done()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.005)
    return found


def make_backup(dynamodb: Any, table: str = "things", name: str = "first") -> str:
    """The ARN of a new backup, AVAILABLE."""
    arn: str = dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"]
    wait_until_available(dynamodb, arn)
    return arn


def wait_until_available(dynamodb: Any, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
        return found if found["BackupDetails"]["BackupStatus"] == "AVAILABLE" else None

    described: dict[str, Any] = until(look)
    return described


def wait_until_active(dynamodb: Any, table: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
        return found if found["TableStatus"] == "ACTIVE" else None

    described: dict[str, Any] = until(look)
    return described


def restore(dynamodb: Any, arn: str, target: str = "again", **overrides: Any) -> dict[str, Any]:
    """What is described of a table once it is restored."""
    dynamodb.restore_table_from_backup(TargetTableName=target, BackupArn=arn, **overrides)
    return wait_until_active(dynamodb, target)


def items(dynamodb: Any, table: str, **scan: Any) -> list[Any]:
    """Every item, sorted."""
    found: list[Any] = []
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, **scan):
        found += page["Items"]
    return sorted(found, key=repr)


def fill(dynamodb: Any, table: str, count: int) -> None:
    """Put items that have each type of value and index keys x (S) and n (N), some without one of them."""
    rows = [row(number) for number in range(count)]
    for start in range(0, count, 25):
        puts = [{"PutRequest": {"Item": each}} for each in rows[start : start + 25]]
        answer = dynamodb.batch_write_item(RequestItems={table: puts})
        assert not answer["UnprocessedItems"]


def row(number: int) -> dict[str, Any]:
    item = {
        "pk": {"S": f"p{number % 7}"},
        "sk": {"S": f"s{number:06}"},
        "n": {"N": str(number * 37 % 101)},
        "binary": {"B": bytes([number % 256, 255])},
        "set": {"SS": [f"ä{number}", "b"]},
        "map": {"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}, {"N": "1.5"}]}}},
    }
    if number % 3:
        item["x"] = {"S": f"x{number % 5}"}
    return item
