"""What one router does, the other knows."""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stator.storage.routers.membership import Membership
from tests.operations.conftest import create_table
from tests.routers.pair import Pair, in_touch
from tests.running import wait_until

ITEM = {"pk": {"S": "a"}, "g": {"S": "x"}}
KEY = {"pk": {"S": "a"}}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with in_touch():
        both = Pair(stream_shard_seconds=1.0, archive_segment_seconds=0.2, ttl_interval_seconds=0.2)
        yield both
        both.close()


@pytest.fixture
def clients(pair: Pair) -> list[Any]:
    return pair.clients()


def index(client: Any, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    return found


def add_index(client: Any, table: str) -> None:
    definitions = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "g")]
    key = [{"AttributeName": "g", "KeyType": "HASH"}]
    create = {"IndexName": "by-g", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    client.update_table(
        TableName=table, AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[{"Create": create}]
    )


def test_a_table_made_by_one_is_there_for_the_other_at_once(clients: list[Any]) -> None:
    one, other = clients
    create_table(one, "things", "pk:S")
    other.put_item(TableName="things", Item=ITEM)
    assert one.get_item(TableName="things", Key=KEY)["Item"] == ITEM
    assert other.list_tables()["TableNames"] == ["things"]
    with pytest.raises(ClientError, match="Table already exists"):
        create_table(other, "things", "pk:S")
    other.delete_table(TableName="things")
    with pytest.raises(ClientError, match="Requested resource not found"):
        one.put_item(TableName="things", Item=ITEM)
    assert one.list_tables()["TableNames"] == []


def test_a_table_made_anew_under_its_name_is_the_new_one_everywhere(clients: list[Any]) -> None:
    one, other = clients
    for _ in range(3):
        create_table(one, "things", "pk:S")
        other.put_item(TableName="things", Item=ITEM)
        assert one.scan(TableName="things")["Items"] == [ITEM]
        other.delete_table(TableName="things")
        create_table(other, "things", "pk:S")
        assert one.scan(TableName="things")["Items"] == []
        one.delete_table(TableName="things")


def test_an_unknown_table_is_looked_for_before_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a router dies between making a table and hearing that all know of it."""

    async def settle(_: Membership) -> None:
        return

    monkeypatch.setattr(Membership, "settle", settle)
    with in_touch():
        pair = Pair()
        try:
            pair.run(_stop_looking(pair))
            one, other = pair.clients()
            create_table(one, "things", "pk:S")
            other.put_item(TableName="things", Item=ITEM)
            add_index(one, "things")
            wait_until(lambda: index(one, "things")[0]["IndexStatus"] == "ACTIVE")
            values = {":g": {"S": "x"}}
            asked = {"TableName": "things", "IndexName": "by-g", "KeyConditionExpression": "g = :g"}
            assert other.query(**asked, ExpressionAttributeValues=values)["Items"] == [ITEM]
        finally:
            pair.close()


async def _stop_looking(pair: Pair) -> None:
    """Their rows say nothing new any more, but nobody waits for that."""
    for server in pair.servers:
        assert server.routers is not None
        assert server.routers._task is not None
        server.routers._task.cancel()


def test_an_index_has_what_both_write_while_it_is_built(clients: list[Any]) -> None:
    create_table(clients[0], "things", "pk:S")
    stopping = threading.Event()
    written: list[str] = []

    def write(client: Any, number: int) -> None:
        count = 0
        while not stopping.is_set():
            count += 1
            pk = f"{number} {count}"
            client.put_item(TableName="things", Item={"pk": {"S": pk}, "g": {"S": "x"}})
            written.append(pk)
            time.sleep(0.002)

    writers = [threading.Thread(target=write, args=(client, number)) for number, client in enumerate(clients)]
    for writer in writers:
        writer.start()
    try:
        add_index(clients[1], "things")
        wait_until(lambda: index(clients[0], "things")[0]["IndexStatus"] == "ACTIVE")
    finally:
        stopping.set()
        for writer in writers:
            writer.join()
    pages = clients[0].get_paginator("scan").paginate(TableName="things", IndexName="by-g")
    assert sorted(item["pk"]["S"] for page in pages for item in page["Items"]) == sorted(written)
    assert len(written) > 2


def test_a_stream_has_the_writes_of_both_and_iterators_are_good_for_either(pair: Pair) -> None:
    clients, streams = pair.clients(), pair.clients("dynamodbstreams")
    # Accounts differ from call to call: the same for both services is what counts here.
    streams = [_as(clients[0], stream) for stream in streams]
    create_table(clients[0], "things", "pk:S")
    clients[0].update_table(
        TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    for number in range(20):
        clients[number % 2].put_item(TableName="things", Item={"pk": {"S": "a"}, "n": {"N": str(number)}})
    (stream,) = streams[1].list_streams(TableName="things")["Streams"]
    found: list[int] = []
    for shard in streams[0].describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]:
        place = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"]}
        iterator = streams[0].get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        turn = 0
        while iterator and turn < 4:
            page = streams[turn % 2].get_records(ShardIterator=iterator, Limit=7)
            found += [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in page["Records"]]
            iterator, turn = page.get("NextShardIterator"), turn + 1
    assert found == list(range(20))


def _as(client: Any, other: Any) -> Any:
    """The other client with the account of the first."""
    other._request_signer._credentials = client._request_signer._credentials
    return other


def test_a_transaction_happens_once_whichever_router_is_asked_again(clients: list[Any]) -> None:
    create_table(clients[0], "things", "pk:S")
    add = {
        "TableName": "things",
        "Key": KEY,
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for client in (*clients, *clients):
        client.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="once")
    assert clients[1].get_item(TableName="things", Key=KEY)["Item"]["n"] == {"N": "1"}


def test_backups_and_recovery_are_told_of_by_both(clients: list[Any]) -> None:
    one, other = clients
    create_table(one, "things", "pk:S")
    other.put_item(TableName="things", Item=ITEM)
    arn = other.create_backup(TableName="things", BackupName="mine")["BackupDetails"]["BackupArn"]

    def status(client: Any) -> str:
        details = client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        return str(details["BackupStatus"])

    wait_until(lambda: status(one) == "AVAILABLE")
    assert status(other) == "AVAILABLE"
    assert [len(client.list_backups()["BackupSummaries"]) for client in clients] == [1, 1]
    other.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    wait_until(lambda: one.describe_table(TableName="again")["Table"]["TableStatus"] == "ACTIVE")
    assert other.get_item(TableName="again", Key=KEY)["Item"] == ITEM
    one.delete_backup(BackupArn=arn)
    assert other.list_backups()["BackupSummaries"] == []

    other.update_continuous_backups(
        TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )

    def latest(client: Any) -> Any:
        told = client.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
        return told["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]

    before = latest(other)
    wait_until(lambda: latest(other) > before)  # the first seals; the other is told
    one.put_item(TableName="things", Item=ITEM | {"n": {"N": "1"}})
    other.restore_table_to_point_in_time(SourceTableName="things", TargetTableName="then", UseLatestRestorableTime=True)
    wait_until(lambda: one.describe_table(TableName="then")["Table"]["TableStatus"] == "ACTIVE")
    assert other.get_item(TableName="then", Key=KEY)["Item"]["g"] == {"S": "x"}


def test_exports_with_one_token_asked_of_both_at_once_are_one(clients: list[Any]) -> None:
    one, other = clients
    create_table(one, "things", "pk:S")
    one.update_continuous_backups(
        TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    table = one.describe_table(TableName="things")["Table"]["TableArn"]
    arns: list[str] = []

    def export(client: Any) -> None:
        made = client.export_table_to_point_in_time(TableArn=table, S3Bucket="bucket", ClientToken="token")
        arns.append(made["ExportDescription"]["ExportArn"])

    threads = [threading.Thread(target=export, args=(client,)) for client in (one, other, one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(arns) == 4
    assert len(set(arns)) == 1


def test_items_expire_whoever_wrote_them(clients: list[Any]) -> None:
    one, other = clients
    create_table(one, "things", "pk:S")
    other.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    for number, client in enumerate(clients):
        item = {"pk": {"S": str(number)}, "until": {"N": str(int(time.time()) - 10)}}
        client.put_item(TableName="things", Item=item)
    wait_until(lambda: other.scan(TableName="things", Select="COUNT")["Count"] == 0)


def test_a_router_out_of_touch_refuses_and_says_so_to_load_balancers() -> None:
    with in_touch():
        pair = Pair()
        try:
            one, other = pair.clients()
            create_table(one, "things", "pk:S")
            urls = [server.url for server in pair.servers]
            pair.run(_stop_looking(pair))
            assert pair.servers[1].routers is not None
            pair.servers[1].routers._fence.until = 0.0
            assert [health(url) for url in urls] == [200, 503]
            with pytest.raises(ClientError, match="InternalServerError") as refused:
                other.get_item(TableName="things", Key=KEY)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
            with pytest.raises(ClientError, match="InternalServerError"):
                other.put_item(TableName="things", Item=ITEM)
            one.put_item(TableName="things", Item=ITEM)
            pair.run(pair.servers[1].routers.cycle())
            assert [health(url) for url in urls] == [200, 200]
            assert other.get_item(TableName="things", Key=KEY)["Item"] == ITEM
        finally:
            pair.close()


def health(url: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status


def test_when_the_leader_stops_the_other_goes_on() -> None:
    with in_touch():
        pair = Pair()
        try:
            one, other = pair.clients()
            create_table(one, "things", "pk:S")
            one.put_item(TableName="things", Item=ITEM)
            first, second = pair.servers
            assert first.background.lease.term is not None
            assert second.background.lease.term is None
            pair.stop(0)
            wait_until(lambda: second.background.lease.term is not None)
            add_index(other, "things")
            wait_until(lambda: index(other, "things")[0]["IndexStatus"] == "ACTIVE")
            assert other.scan(TableName="things", IndexName="by-g")["Items"] == [ITEM]
        finally:
            pair.close()
