from typing import Any

import pytest

from stator.errors import ValidationException
from stator.tables.refused import check_create_table_parameters, check_update_table_parameters


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"SSESpecification": {"Enabled": False}},
        {"SSESpecification": {}},
        {"VectorIndexes": []},
        {"ReplicaUpdates": []},
    ],
)
def test_what_asks_for_nothing_passes(request_: dict[str, Any]) -> None:
    check_create_table_parameters(request_)
    check_update_table_parameters(request_)


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("SSESpecification", {"Enabled": True, "SSEType": "KMS"}, "SSESpecification with Enabled true"),
        ("ResourcePolicy", "{}", "ResourcePolicy"),
        ("VectorIndexes", [{}], "VectorIndexes"),
        ("GlobalTableSourceArn", "arn:", "GlobalTableSourceArn"),
    ],
)
def test_create_table(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_create_table_parameters({name: value})
    assert caught.value.message == (
        f"One or more parameter values were invalid: {said} is not supported by this server"
    )


@pytest.mark.parametrize(
    "name", ["ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates", "VectorIndexUpdates"]
)
def test_update_table(name: str) -> None:
    with pytest.raises(ValidationException, match=f": {name} is not supported by this server$"):
        check_update_table_parameters({name: ["x"]})
