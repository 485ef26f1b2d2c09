"""Capacity is that of the table, not that of a router."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.routers.pair import Pair, in_touch
from tests.running import wait_until

ITEM = {"pk": {"S": "a"}}
LARGE = ITEM | {"fill": {"S": "x" * 400_000}}  # 391 units, in a transaction twice as many
THROTTLED = "ProvisionedThroughputExceededException"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with in_touch():
        both = Pair()
        yield both
        both.close()


def _is_refused(client: Any) -> bool:
    try:
        client.put_item(TableName="slow", Item=ITEM)
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == THROTTLED)
    return False


def test_what_one_router_let_in_the_other_has_no_capacity_for(pair: Pair) -> None:
    one, other = pair.clients()
    one.create_table(
        TableName="slow",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    assert not _is_refused(other)
    one.transact_write_items(TransactItems=[{"Put": {"TableName": "slow", "Item": LARGE}}])  # minutes of debt
    assert _is_refused(one)
    wait_until(lambda: _is_refused(other))
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1000}
    other.update_table(TableName="slow", ProvisionedThroughput=units)
    wait_until(lambda: not _is_refused(one))
    wait_until(lambda: not _is_refused(other))
    for client in (one, other):
        client.close()
