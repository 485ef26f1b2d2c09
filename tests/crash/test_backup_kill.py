"""A server killed while it makes backups and restores tables finishes all of them when it is back, and right.

STATOR_KILLS says how often to kill it during either (3 without it; the bar is 10), STATOR_KILL_SEED when.
"""

import os
import random
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stator.doctor import doctor
from tests.crash.server_process import PlainClient, ServerProcess
from tests.operations.backups import until

_KILLS = int(os.environ.get("STATOR_KILLS", "3"))
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))
_ITEMS = 6_000
_TABLE = "things"
_INDEX = "by-group"

_CREATE_TABLE: dict[str, Any] = {
    "TableName": _TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": _INDEX,
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def _fill(client: PlainClient) -> None:
    rng = random.Random(_SEED)
    for start in range(0, _ITEMS, 25):
        puts = [
            {
                "PutRequest": {
                    "Item": {
                        "pk": {"S": f"i{number}"},
                        "g": {"S": f"g{number % 97}"},
                        "fill": {"S": f"{rng.getrandbits(4_000):x}"},  # so that there are several chunks
                    }
                }
            }
            for number in range(start, start + 25)
        ]
        assert client.call("BatchWriteItem", {"RequestItems": {_TABLE: puts}}).status == 200


def _all(client: PlainClient, table: str, **more: Any) -> dict[str, Any]:
    """Every item by its key."""
    items: dict[str, Any] = {}
    start: dict[str, Any] = {}
    while True:
        page = client.call("Scan", {"TableName": table, **more, **start}).body
        items |= {item["pk"]["S"]: item for item in page["Items"]}
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _available(client: PlainClient, arn: str) -> bool:
    details = client.call("DescribeBackup", {"BackupArn": arn}).body["BackupDescription"]["BackupDetails"]
    return bool(details["BackupStatus"] == "AVAILABLE")


def _active(client: PlainClient, table: str) -> bool:
    return bool(client.call("DescribeTable", {"TableName": table}).body["Table"]["TableStatus"] == "ACTIVE")


@pytest.mark.slow
def test_backups_and_restores_survive_being_killed(tmp_path: Path) -> None:
    rng = random.Random(_SEED)
    places = tmp_path / "data", tmp_path / "log"
    server = ServerProcess(*places).wait_until_ready()
    client = PlainClient(server.port)
    assert client.call("CreateTable", _CREATE_TABLE).status == 200
    _fill(client)
    before = _all(client, _TABLE)
    assert len(before) == _ITEMS

    def kill_after(seconds: float) -> None:
        nonlocal server, client
        time.sleep(seconds)
        server.kill()
        client.close()
        server = ServerProcess(*places).wait_until_ready()
        client = PlainClient(server.port)

    try:
        arns: list[str] = []
        for number in range(_KILLS):
            request = {"TableName": _TABLE, "BackupName": f"backup-{number}"}
            arns.append(client.call("CreateBackup", request).body["BackupDetails"]["BackupArn"])
            kill_after(rng.uniform(0, 0.15))
        targets: dict[str, str] = {}
        for number, arn in enumerate(arns):
            until(partial(_available, client, arn))
            targets[f"again-{number}"] = arn
            request = {"TargetTableName": f"again-{number}", "BackupArn": arn}
            assert client.call("RestoreTableFromBackup", request).status == 200
            kill_after(rng.uniform(0, 0.7))
        for target in targets:
            until(partial(_active, client, target))
            assert _all(client, target) == before
            assert _all(client, target, IndexName=_INDEX) == before
        listed = client.call("ListBackups", {}).body["BackupSummaries"]
        assert [each["BackupArn"] for each in listed] == arns
    finally:
        client.close()
        assert server.terminate() == 0
    assert doctor(places[0]) == []
    assert "Traceback" not in places[1].read_text()
