"""One server in memory for all operation tests; each test has an account of its own on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.operations.autoscaling import create_provisioned
from tests.running import Account, RunningServer, start_server

MakeTable = Callable[..., str]


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    running = start_server()
    yield running
    running.close()


@pytest.fixture
def scaling(account: Account) -> Iterator[Any]:
    client = account.client("application-autoscaling")
    yield client
    client.close()


@pytest.fixture
def cloudwatch(account: Account) -> Iterator[Any]:
    client = account.client("cloudwatch")
    yield client
    client.close()


@pytest.fixture
def music(dynamodb: Any) -> None:
    """A table with provisioned capacity."""
    create_provisioned(dynamodb)


@pytest.fixture
def table(dynamodb: Any) -> str:
    """A table keyed by pk (S) and sk (S), on demand."""
    return create_table(dynamodb, "things", "pk:S", "sk:S")


def create_table(client: Any, name: str, *keys: str, indexes: dict[str, dict[str, Any]] | None = None) -> str:
    """Create a table on demand. Keys are `name:TYPE`, the sort key second. `indexes` maps an index name to
    `{"hash": [...], "range": [...], "projection": "ALL" | "KEYS_ONLY" | [names], "local": bool}`."""
    types = dict(key.split(":") for key in keys)
    request: dict[str, Any] = {
        "TableName": name,
        "KeySchema": _schema([keys[0].split(":")[0]], [key.split(":")[0] for key in keys[1:]]),
        "BillingMode": "PAY_PER_REQUEST",
    }
    for index_name, index in (indexes or {}).items():
        own = [*index.get("hash", ()), *index.get("range", ())]
        types |= dict(key.split(":") for key in own)
        projection = index.get("projection", "ALL")
        described: dict[str, Any] = {"ProjectionType": projection}
        if isinstance(projection, list):
            described = {"ProjectionType": "INCLUDE", "NonKeyAttributes": projection}
        hashes = [key.split(":")[0] for key in index.get("hash", ())] or [keys[0].split(":")[0]]
        kind = "LocalSecondaryIndexes" if index.get("local") else "GlobalSecondaryIndexes"
        request.setdefault(kind, []).append(
            {
                "IndexName": index_name,
                "KeySchema": _schema(hashes, [key.split(":")[0] for key in index.get("range", ())]),
                "Projection": described,
            }
        )
    request["AttributeDefinitions"] = [
        {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in types.items()
    ]
    client.create_table(**request)
    return name


def _schema(hashes: list[str], ranges: list[str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": "HASH"} for name in hashes] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in ranges
    ]
