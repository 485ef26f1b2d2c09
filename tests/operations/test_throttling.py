"""Every operation that reads or writes items, told that there is no capacity for it. The server's clock stands still
until it is turned, so what is exhausted stays so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.conftest import create_table
from tests.running import Account, RunningServer, new_account, start_server

TABLE = "slow"
INDEX = "by-v"
BIG = {"pk": {"S": "big"}, "v": {"S": "v"}, "fill": {"S": "x" * 310_000}}  # 303 units: more than 300 seconds of one
TABLE_TEXT = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
INDEX_TEXT = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
    "UpdateTable API."
)
PROVISIONED = "ProvisionedThroughputExceededException"


@pytest.fixture(scope="module")
def slow_server() -> Iterator[RunningServer]:
    running = start_server()
    yield running
    running.close()


@pytest.fixture
def account(slow_server: RunningServer) -> Account:
    return new_account(slow_server.url)


@pytest.fixture
def slow(dynamodb: Any) -> Any:
    """A client with a table of one unit and an index with plenty, and a small item."""
    _create(dynamodb, TABLE, units=1, index_units=1000)
    dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "a"}, "v": {"S": "v"}})
    return dynamodb


def _create(client: Any, name: str, units: int, index_units: int) -> None:
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
    client.create_table(
        TableName=name,
        KeySchema=schema,
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("pk", "v")],
        ProvisionedThroughput={"ReadCapacityUnits": units, "WriteCapacityUnits": units},
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": index_units, "WriteCapacityUnits": index_units},
            }
        ],
    )


def _refused(call: Callable[..., Any], **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    response: dict[str, Any] = caught.value.response
    return response


def _reasons(response: dict[str, Any]) -> list[tuple[str, str]]:
    shown = response.get("ThrottlingReasons") or response.get("throttlingReasons") or []
    return [(one["reason"], one["resource"].split(":table/")[1]) for one in shown]


def _check(response: dict[str, Any], reason: str, resource: str, text: str, code: str = PROVISIONED) -> None:
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert (response["Error"]["Code"], response["Error"]["Message"]) == (code, text)
    assert _reasons(response) == [(reason, resource)]


def _exhaust_writes(client: Any, table: str = TABLE) -> None:
    client.put_item(TableName=table, Item=BIG)


def _exhaust_reads(client: Any, table: str = TABLE) -> None:
    client.put_item(TableName=table, Item=BIG)
    for _ in range(2):  # 152 units each
        client.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": {"pk": BIG["pk"]}}}])


KEY = {"pk": {"S": "a"}}
WRITES: dict[str, dict[str, Any]] = {
    "put_item": {"Item": KEY},
    "update_item": {"Key": KEY},
    "delete_item": {"Key": KEY},
}
READS: dict[str, dict[str, Any]] = {
    "get_item": {"Key": KEY},
    "query": {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}},
    "scan": {},
}
VALUES = {":v": {"S": "v"}}


@pytest.mark.parametrize("name", WRITES)
def test_single_writes(slow: Any, slow_server: RunningServer, name: str) -> None:
    getattr(slow, name)(TableName=TABLE, **WRITES[name])
    _exhaust_writes(slow)
    response = _refused(getattr(slow, name), TableName=TABLE, **WRITES[name])
    _check(response, "TableWriteProvisionedThroughputExceeded", TABLE, TABLE_TEXT)
    assert "Item" in slow.get_item(TableName=TABLE, Key={"pk": {"S": "big"}}) or name == "delete_item"
    slow_server.clock.advance(10)
    getattr(slow, name)(TableName=TABLE, **WRITES[name])


@pytest.mark.parametrize("name", READS)
def test_reads_of_the_table(slow: Any, slow_server: RunningServer, name: str) -> None:
    getattr(slow, name)(TableName=TABLE, **READS[name])
    _exhaust_reads(slow)
    response = _refused(getattr(slow, name), TableName=TABLE, **READS[name])
    _check(response, "TableReadProvisionedThroughputExceeded", TABLE, TABLE_TEXT)
    slow_server.clock.advance(10)
    getattr(slow, name)(TableName=TABLE, **READS[name])


def test_writes_go_on_while_reads_are_exhausted_and_the_other_way_round(slow: Any) -> None:
    _create(slow, "other", units=1, index_units=1000)
    _exhaust_writes(slow)
    assert "Item" in slow.get_item(TableName=TABLE, Key=KEY)
    for _ in range(2):
        slow.transact_get_items(TransactItems=[{"Get": {"TableName": TABLE, "Key": {"pk": BIG["pk"]}}}])
    _refused(slow.get_item, TableName=TABLE, Key=KEY)
    slow.put_item(TableName="other", Item=KEY)


def test_each_page_of_a_scan_is_let_in_for_itself(slow: Any) -> None:
    for number in range(8):
        slow.put_item(TableName=TABLE, Item={"pk": {"S": str(number)}, "fill": {"S": "x" * 30_000}})
    pages = slow.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True, Limit=1)
    assert len(list(pages)) == 10  # 65 units
    for _ in range(2):
        list(slow.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True))
    with pytest.raises(ClientError) as caught:
        for _ in range(3):
            for _ in slow.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True, Limit=2):
                pass
    assert _reasons(caught.value.response) == [("TableReadProvisionedThroughputExceeded", TABLE)]


@pytest.mark.parametrize("name", ["query", "scan"])
def test_reads_of_an_index(dynamodb: Any, name: str) -> None:
    _create(dynamodb, TABLE, units=1000, index_units=1)
    request: dict[str, Any] = {"TableName": TABLE, "IndexName": INDEX}
    if name == "query":
        request |= {"KeyConditionExpression": "v = :v", "ExpressionAttributeValues": VALUES}
    for pk in "abcdefgh":
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": pk}, "v": {"S": "v"}, "fill": {"S": "x" * 36_000}})
    read = 0.0
    while read < 300:
        answer = getattr(dynamodb, name)(**request, ReturnConsumedCapacity="TOTAL")
        read += answer["ConsumedCapacity"]["CapacityUnits"]
    _check(
        _refused(getattr(dynamodb, name), **request),
        "IndexReadProvisionedThroughputExceeded",
        f"{TABLE}/index/{INDEX}",
        INDEX_TEXT,
    )
    dynamodb.scan(TableName=TABLE)


def test_an_exhausted_index_keeps_writes_of_the_table_out(dynamodb: Any) -> None:
    _create(dynamodb, TABLE, units=1000, index_units=1)
    _exhaust_writes(dynamodb)
    item = KEY | {"v": {"S": "v"}}
    resource = f"{TABLE}/index/{INDEX}"
    response = _refused(dynamodb.put_item, TableName=TABLE, Item=item)
    _check(response, "IndexWriteProvisionedThroughputExceeded", resource, INDEX_TEXT)
    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=KEY)
    dynamodb.put_item(TableName=TABLE, Item=KEY)  # the index need not follow this
    response = _refused(
        dynamodb.update_item,
        TableName=TABLE,
        Key=KEY,
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues=VALUES,
    )
    _check(response, "IndexWriteProvisionedThroughputExceeded", resource, INDEX_TEXT)
    response = _refused(dynamodb.delete_item, TableName=TABLE, Key={"pk": BIG["pk"]})
    _check(response, "IndexWriteProvisionedThroughputExceeded", resource, INDEX_TEXT)
    batch = [{"PutRequest": {"Item": item}}, {"PutRequest": {"Item": {"pk": {"S": "b"}}}}]
    assert dynamodb.batch_write_item(RequestItems={TABLE: batch})["UnprocessedItems"] == {TABLE: batch[:1]}
    response = _refused(dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": TABLE, "Item": item}}] * 1)
    assert response["CancellationReasons"] == [{"Code": "ProvisionedThroughputExceeded", "Message": INDEX_TEXT}]
    response = _refused(dynamodb.execute_statement, Statement=f"INSERT INTO \"{TABLE}\" VALUE {{'pk': 'c', 'v': 'v'}}")
    _check(response, "IndexWriteProvisionedThroughputExceeded", resource, INDEX_TEXT)


def test_batch_get_item_leaves_what_there_is_no_capacity_for(slow: Any) -> None:
    keys = [{"pk": {"S": pk}} for pk in ("big", "a", "c")]
    slow.put_item(TableName=TABLE, Item=BIG)
    for _ in range(3):
        slow.get_item(TableName=TABLE, Key=keys[0], ConsistentRead=True)
    wanted = {"Keys": keys, "ConsistentRead": True}  # 76 units with 72 left
    answer = slow.batch_get_item(RequestItems={TABLE: wanted}, ReturnConsumedCapacity="TOTAL")
    assert [item["pk"]["S"] for item in answer["Responses"][TABLE]] == ["big"]
    assert answer["UnprocessedKeys"] == {TABLE: {"Keys": keys[1:], "ConsistentRead": True}}
    assert answer["ConsumedCapacity"] == [{"TableName": TABLE, "CapacityUnits": 76.0}]
    response = _refused(slow.batch_get_item, RequestItems={TABLE: wanted})
    _check(response, "TableReadProvisionedThroughputExceeded", TABLE, TABLE_TEXT)
    create_table(slow, "free", "pk:S")
    both = {TABLE: wanted, "free": {"Keys": keys[1:2]}}
    answer = slow.batch_get_item(RequestItems=both, ReturnConsumedCapacity="TOTAL")
    assert [one["TableName"] for one in answer["ConsumedCapacity"]] == ["free"]
    assert answer["Responses"] == {TABLE: [], "free": []}
    assert list(answer["UnprocessedKeys"]) == [TABLE]


def test_batch_write_item_leaves_what_there_is_no_capacity_for(slow: Any) -> None:
    create_table(slow, "free", "pk:S")
    _exhaust_writes(slow)
    puts = [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": {"pk": {"S": "b"}}}}]
    response = _refused(slow.batch_write_item, RequestItems={TABLE: puts})
    _check(response, "TableWriteProvisionedThroughputExceeded", TABLE, TABLE_TEXT)
    answer = slow.batch_write_item(RequestItems={TABLE: puts, "free": puts[:1]}, ReturnConsumedCapacity="TOTAL")
    assert answer["UnprocessedItems"] == {TABLE: puts}
    assert answer["ConsumedCapacity"] == [{"TableName": "free", "CapacityUnits": 1.0}]
    assert "Item" in slow.get_item(TableName="free", Key=KEY)


def test_batch_write_item_goes_as_far_as_capacity_goes(slow: Any) -> None:
    fill = {"fill": {"S": "x" * 13_500}}
    puts = [{"PutRequest": {"Item": {"pk": {"S": str(number)}} | fill}} for number in range(25)]
    answer = slow.batch_write_item(RequestItems={TABLE: puts}, ReturnConsumedCapacity="TOTAL")
    done = 25 - len(answer["UnprocessedItems"][TABLE])
    assert answer["UnprocessedItems"] == {TABLE: puts[done:]}
    assert done == 22  # of 14 units each, with 299 at the beginning
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 14.0 * done
    stored = slow.scan(TableName=TABLE, ProjectionExpression="pk")["Items"]
    assert len(stored) == done + 1


def test_transactions_are_cancelled(slow: Any, slow_server: RunningServer) -> None:
    create_table(slow, "free", "pk:S")
    write = [
        {"Put": {"TableName": "free", "Item": KEY}},
        {
            "Update": {"TableName": TABLE, "Key": KEY, "UpdateExpression": "SET w = :v"}
            | {"ExpressionAttributeValues": VALUES}
        },
        {
            "ConditionCheck": {
                "TableName": TABLE,
                "Key": {"pk": {"S": "b"}},
                "ConditionExpression": "attribute_exists(x)",
            }
        },
    ]
    reason = {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_TEXT}
    _exhaust_reads(slow)
    response = _refused(slow.transact_write_items, TransactItems=write)
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["CancellationReasons"] == [{"Code": "None"}, reason, reason]
    assert response["Error"]["Message"].endswith("[None, ProvisionedThroughputExceeded, ProvisionedThroughputExceeded]")
    read = [{"Get": {"TableName": name, "Key": KEY}} for name in ("free", TABLE)]
    response = _refused(slow.transact_get_items, TransactItems=read)
    assert response["CancellationReasons"] == [{"Code": "None"}, reason]
    assert "Item" not in slow.get_item(TableName="free", Key=KEY)
    slow_server.clock.advance(300)
    assert len(slow.transact_get_items(TransactItems=read)["Responses"]) == 2


def test_statements(slow: Any) -> None:
    _exhaust_reads(slow)
    select = f"SELECT * FROM \"{TABLE}\" WHERE pk = 'a'"
    insert = f"INSERT INTO \"{TABLE}\" VALUE {{'pk': 'new'}}"
    for statement in (select, f'SELECT * FROM "{TABLE}"'):
        response = _refused(slow.execute_statement, Statement=statement)
        _check(response, "TableReadProvisionedThroughputExceeded", TABLE, TABLE_TEXT)
    response = _refused(slow.execute_statement, Statement=insert)
    _check(response, "TableWriteProvisionedThroughputExceeded", TABLE, TABLE_TEXT)
    for statement in (select, insert):
        answer = slow.batch_execute_statement(Statements=[{"Statement": statement}], ReturnConsumedCapacity="TOTAL")
        error = {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_TEXT}
        assert answer["Responses"] == [{"Error": error, "TableName": TABLE}]
        assert "ConsumedCapacity" not in answer
        response = _refused(slow.execute_transaction, TransactStatements=[{"Statement": statement}])
        assert response["CancellationReasons"] == [error]
    answer = slow.execute_statement(Statement=f'SELECT * FROM "{TABLE}"."{INDEX}" WHERE v = \'none\'')
    assert answer["Items"] == []


def test_a_maximum_of_an_on_demand_table(dynamodb: Any) -> None:
    create_table(dynamodb, "capped", "pk:S")
    dynamodb.update_table(TableName="capped", OnDemandThroughput={"MaxWriteRequestUnits": 1})
    _exhaust_writes(dynamodb, "capped")
    text = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
    response = _refused(dynamodb.put_item, TableName="capped", Item=KEY)
    _check(response, "TableWriteMaxOnDemandThroughputExceeded", "capped", text, "ThrottlingException")
    assert [*response] == ["Error", "ResponseMetadata", "message", "throttlingReasons"]
    response = _refused(dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": "capped", "Item": KEY}}])
    assert response["CancellationReasons"] == [{"Code": "ThrottlingError", "Message": text}]
    dynamodb.update_table(TableName="capped", OnDemandThroughput={"MaxWriteRequestUnits": -1})
    dynamodb.put_item(TableName="capped", Item=KEY)


def test_more_capacity_is_there_at_once(slow: Any, slow_server: RunningServer) -> None:
    _exhaust_writes(slow)  # and 3 units of debt
    slow.update_table(TableName=TABLE, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 40})
    _refused(slow.put_item, TableName=TABLE, Item=KEY)
    slow_server.clock.advance(0.2)
    slow.put_item(TableName=TABLE, Item=KEY)
    slow.update_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST")
    for _ in range(3):
        _exhaust_writes(slow)


def test_a_restart_brings_no_capacity(tmp_path: Path) -> None:
    running = start_server(data_dir=tmp_path)
    clock = running.clock
    account = new_account(running.url)
    client = account.client()
    _create(client, TABLE, units=1, index_units=1000)
    _exhaust_writes(client)
    client.close()
    running.close()
    running = start_server(data_dir=tmp_path)
    client = Account(running.url, account.number).client()
    try:
        assert running.clock() == clock()
        _refused(client.put_item, TableName=TABLE, Item=KEY)
        running.clock.advance(10)
        client.put_item(TableName=TABLE, Item=KEY)
    finally:
        client.close()
        running.close()


def test_without_throttling_nothing_is_refused() -> None:
    running = start_server(throttling="off")
    client = new_account(running.url).client()
    try:
        _create(client, TABLE, units=1, index_units=1)
        for _ in range(3):
            _exhaust_reads(client)
    finally:
        client.close()
        running.close()


def test_on_demand_tables_are_held_to_what_the_service_would_bear_if_asked() -> None:
    running = start_server(throttling="all")
    client = new_account(running.url).client()
    try:
        create_table(client, "busy", "pk:S")
        for number in range(14):  # 303 units each
            client.put_item(TableName="busy", Item=BIG | {"pk": {"S": str(number)}})
        response = _refused(client.put_item, TableName="busy", Item=BIG)
        assert response["Error"]["Code"] == "ThrottlingException"
        assert _reasons(response) == [("TableWriteKeyRangeThroughputExceeded", "busy")]
        running.clock.advance(1)
        client.put_item(TableName="busy", Item=BIG)
        client.update_table(TableName="busy", WarmThroughput={"WriteUnitsPerSecond": 8000})
        running.clock.advance(1)
        for number in range(27):
            client.put_item(TableName="busy", Item=BIG | {"pk": {"S": str(number)}})
        assert _refused(client.put_item, TableName="busy", Item=BIG)["Error"]["Code"] == "ThrottlingException"
    finally:
        client.close()
        running.close()


def test_a_hot_key_is_refused_and_others_are_not(dynamodb: Any, slow_server: RunningServer) -> None:
    _create(dynamodb, TABLE, units=2000, index_units=2000)
    for _ in range(5):  # a key may have a second's worth at once, and half of one passes before anybody looks
        dynamodb.put_item(TableName=TABLE, Item={"pk": BIG["pk"], "fill": BIG["fill"]})
    response = _refused(dynamodb.put_item, TableName=TABLE, Item={"pk": BIG["pk"]})
    _check(response, "TableWriteKeyRangeThroughputExceeded", TABLE, TABLE_TEXT)
    dynamodb.put_item(TableName=TABLE, Item=KEY)
    batch = [{"PutRequest": {"Item": {"pk": pk}}} for pk in (BIG["pk"], {"S": "other"})]
    assert dynamodb.batch_write_item(RequestItems={TABLE: batch})["UnprocessedItems"] == {TABLE: batch[:1]}
    slow_server.clock.advance(1)
    dynamodb.put_item(TableName=TABLE, Item={"pk": BIG["pk"]})
