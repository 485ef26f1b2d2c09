"""DescribeLimits, and that what it tells holds."""

from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import fault
from tests.running import Account

SEE = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."


def test_limits(dynamodb: Any) -> None:
    answer = dynamodb.describe_limits()
    answer.pop("ResponseMetadata")
    assert answer == {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }


def _units(read: int, write: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


def _table(name: str, read: int, write: int, **indexes: tuple[int, int]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        **_units(read, write),
    }
    if indexes:
        request["AttributeDefinitions"].append({"AttributeName": "v", "AttributeType": "S"})
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                **_units(*units),
            }
            for index, units in indexes.items()
        ]
    return request


def _above_table(name: str, units: int) -> tuple[str, str]:
    text = f"The requested {name}, {units}, is above the per table maximum for the account in eu-west-1. "
    return "LimitExceededException", f"{text}Per table maximum: 40000. {SEE}"


def _above_account(name: str, current: int, requested: int) -> tuple[str, str]:
    text = f"This request would have caused the {name} limit to be exceeded for the account in eu-west-1. "
    text += f"Current {name} reserved by the account: {current}. Limit: 80000. Requested: {requested}. {SEE}"
    return "LimitExceededException", text


@pytest.mark.parametrize("units", [(40_001, 1), (1, 40_001)])
def test_a_table_has_no_more_than_40_000_units(dynamodb: Any, units: tuple[int, int]) -> None:
    name = "ReadCapacityUnits" if units[0] > units[1] else "WriteCapacityUnits"
    assert fault(dynamodb.create_table, **_table("large", *units)) == _above_table(name, 40_001)
    assert dynamodb.list_tables()["TableNames"] == []
    dynamodb.create_table(**_table("large", 40_000, 40_000))
    more = _units(*(40_000 if one == 1 else one for one in units))
    assert fault(dynamodb.update_table, TableName="large", **more) == _above_table(name, 40_001)
    assert dynamodb.describe_table(TableName="large")["Table"]["TableStatus"] == "ACTIVE"


def test_nor_has_an_index(dynamodb: Any) -> None:
    text = "The requested WriteCapacityUnits for index by-v, 50000, is above the per index maximum for the account in "
    text += f"eu-west-1. Per index maximum: 40000. {SEE}"
    above = "LimitExceededException", text
    assert fault(dynamodb.create_table, **_table("tab", 1, 1, **{"by-v": (1, 50_000)})) == above
    dynamodb.create_table(**_table("tab", 1, 1, **{"by-v": (1, 1)}))
    update = [{"Update": {"IndexName": "by-v", **_units(1, 50_000)}}]
    assert fault(dynamodb.update_table, TableName="tab", GlobalSecondaryIndexUpdates=update) == above


def test_the_tables_and_indexes_of_an_account_have_no_more_than_80_000_together(
    dynamodb: Any, account: Account
) -> None:
    dynamodb.create_table(**_table("one", 40_000, 10, **{"by-v": (30_000, 10)}))
    wanted = _table("two", 10_001, 10)
    assert fault(dynamodb.create_table, **wanted) == _above_account("ReadCapacityUnits", 70_000, 10_001)
    dynamodb.create_table(**_table("two", 9_999, 10))
    assert fault(dynamodb.update_table, TableName="two", **_units(10_001, 10)) == _above_account(
        "ReadCapacityUnits", 79_999, 2
    )
    dynamodb.update_table(TableName="two", **_units(10_000, 10))
    create_table(dynamodb, "free", "pk:S")  # on demand there is nothing to reserve
    elsewhere = account.client(region="eu-central-1")
    elsewhere.create_table(**wanted)
    elsewhere.close()
    dynamodb.update_table(TableName="one", **_units(20_000, 10))
    dynamodb.create_table(**_table("three", 20_000, 10))


def test_maxima_and_warm_throughput_of_on_demand_tables_end_at_the_same(dynamodb: Any) -> None:
    create_table(dynamodb, "tab", "pk:S", indexes={"by-v": {"hash": ["v:S"]}})
    lead = "Subscriber limit exceeded: Requested"
    end = "of the account in region eu-west-1"
    text = f"{lead} MaxReadRequestUnits for OnDemandThroughput for table exceeds TableMaxReadCapacityUnits {end}"
    maxima = {"MaxReadRequestUnits": 40_001}
    above = fault(dynamodb.update_table, TableName="tab", OnDemandThroughput=maxima)
    assert above == ("LimitExceededException", text)
    update = [{"Update": {"IndexName": "by-v", "OnDemandThroughput": {"MaxWriteRequestUnits": 40_001}}}]
    text = (
        f"{lead} MaxWriteRequestUnits for OnDemandThroughput for index : by-v exceeds TableMaxWriteCapacityUnits {end}"
    )
    above = fault(dynamodb.update_table, TableName="tab", GlobalSecondaryIndexUpdates=update)
    assert above == ("LimitExceededException", text)
    text = f"{lead} WriteUnitsPerSecond for WarmThroughput for table exceeds TableMaxWriteCapacityUnits {end}"
    above = fault(dynamodb.update_table, TableName="tab", WarmThroughput={"WriteUnitsPerSecond": 40_001})
    assert above == ("LimitExceededException", text)
    dynamodb.update_table(TableName="tab", OnDemandThroughput={"MaxReadRequestUnits": 40_000})
    dynamodb.update_table(TableName="tab", WarmThroughput={"WriteUnitsPerSecond": 40_000})
