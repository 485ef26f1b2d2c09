"""What UpdateTimeToLive sets going: expired items are deleted, by the service, if they are still expired."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.shards import WAIT_SECONDS, StreamHouse, stream_house

FIVE_YEARS = (5 * 365 + 1) * 24 * 3600


@pytest.fixture
def house() -> Iterator[StreamHouse]:
    with stream_house(ttl_interval_seconds=0.01) as made:
        yield made


def switch(house: StreamHouse, enabled: bool = True, table: str = "things") -> None:
    house.dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expires"}
    )


def left(house: StreamHouse, table: str = "things") -> set[str]:
    return {item["pk"]["S"] for item in house.dynamodb.scan(TableName=table)["Items"]}


def wait_until_left(house: StreamHouse, expected: set[str]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while left(house) != expected:
        assert time.monotonic() < until, left(house)
        time.sleep(0.01)


def put(house: StreamHouse, pk: str, expires: Any = None, **more: Any) -> None:
    item = {"pk": {"S": pk}} | more
    if expires is not None:
        item["expires"] = expires if isinstance(expires, dict) else {"N": str(expires)}
    house.dynamodb.put_item(TableName="things", Item=item)


def test_items_of_before_and_after_the_setting_expire(house: StreamHouse) -> None:
    house.table(view=None)
    now = int(house.server.clock())
    for number in range(600):
        put(house, f"before{number}", now - 1)
    put(house, "later", now + 100)
    switch(house)
    put(house, "after", now - 1)
    wait_until_left(house, {"later"})
    house.server.clock.advance(100)
    time.sleep(0.05)
    assert left(house) == {"later"}, "not in the very second"
    house.server.clock.advance(1)
    wait_until_left(house, set())


def test_values_outside_the_rules_never_expire(house: StreamHouse) -> None:
    house.table(view=None)
    now = int(house.server.clock())
    kept: dict[str, Any] = {
        "none": None,
        "text": {"S": str(now - 1)},
        "list": {"L": [{"N": str(now - 1)}]},
        "set": {"NS": [str(now - 1)]},
        "negative": -5,
        "zero": 0,
        "long ago": now - FIVE_YEARS - 1,
        "milliseconds": now * 1000,
        "huge": "9" * 38,
        "tiny": "1E-100",
    }
    for pk, expires in kept.items():
        put(house, pk, expires)
    put(house, "five years", now - FIVE_YEARS + 60)
    put(house, "fraction", f"{now - 2}.75")
    switch(house)
    wait_until_left(house, set(kept))


def test_the_record_tells_of_the_service_and_indexes_follow(house: StreamHouse) -> None:
    create_table(house.dynamodb, "things", "pk:S", indexes={"by-g": {"hash": ["g:S"]}})
    arn = house.enable("things", "NEW_AND_OLD_IMAGES")
    switch(house)
    now = int(house.server.clock())
    put(house, "a", now - 1, g={"S": "x"})
    wait_until_left(house, set())
    insert, remove = house.records(arn)
    assert "userIdentity" not in insert
    assert remove["eventName"] == "REMOVE"
    assert remove["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert remove["dynamodb"]["OldImage"] == insert["dynamodb"]["NewImage"]
    assert house.dynamodb.scan(TableName="things", IndexName="by-g")["Items"] == []


def test_more_time_saves_an_item(house: StreamHouse) -> None:
    house.table(view=None)
    switch(house)
    now = int(house.server.clock())
    for pk in ("kept", "forgotten", "freed"):
        put(house, pk, now + 10)
    house.dynamodb.update_item(
        TableName="things",
        Key={"pk": {"S": "kept"}},
        UpdateExpression="SET expires = :later",
        ExpressionAttributeValues={":later": {"N": str(now + 1000)}},
    )
    house.dynamodb.update_item(TableName="things", Key={"pk": {"S": "freed"}}, UpdateExpression="REMOVE expires")
    house.server.clock.advance(20)
    wait_until_left(house, {"kept", "freed"})
    house.server.clock.advance(1000)
    wait_until_left(house, {"freed"})


def test_a_disabled_setting_deletes_nothing_and_can_be_had_again(house: StreamHouse) -> None:
    house.table(view=None)
    switch(house)
    now = int(house.server.clock())
    put(house, "a", now + 7200)
    house.server.clock.advance(3600)
    switch(house, enabled=False)
    house.server.clock.advance(3700)
    time.sleep(0.05)
    assert left(house) == {"a"}
    put(house, "b", now)
    switch(house)
    wait_until_left(house, set())


def test_the_table_can_be_deleted_meanwhile(house: StreamHouse) -> None:
    house.table(view=None)
    switch(house)
    put(house, "a", int(house.server.clock()) + 5)
    house.dynamodb.delete_table(TableName="things")
    house.server.clock.advance(10)
    house.table(view=None)
    put(house, "b", int(house.server.clock()) - 1)
    time.sleep(0.05)
    assert left(house) == {"b"}, "the new table has no such setting"
