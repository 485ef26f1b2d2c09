"""CreateBackup, and what a backup holds."""

import asyncio
import re
import threading
from typing import Any

import pytest

from stator.archive import full_copy
from tests.operations.backups import fill, items, make_backup, restore, row, wait_until_available
from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, fault, invalid
from tests.running import Account, RunningServer, new_account, start_server


def test_it_answers_with_the_details(dynamodb: Any, account: Account, server: RunningServer, table: str) -> None:
    fill(dynamodb, table, 30)
    size = dynamodb.describe_table(TableName=table)["Table"]["TableSizeBytes"]
    details = dynamodb.create_backup(TableName=table, BackupName="before.the_move-1")["BackupDetails"]
    arn = details.pop("BackupArn")
    assert re.fullmatch(
        rf"arn:aws:dynamodb:eu-west-1:{account.number}:table/things/backup/[0-9]{{14}}-[0-9a-f]{{8}}", arn
    )
    assert details.pop("BackupCreationDateTime").timestamp() == pytest.approx(server.clock(), abs=0.001)
    assert details == {
        "BackupName": "before.the_move-1",
        "BackupSizeBytes": size,
        "BackupStatus": "CREATING",
        "BackupType": "USER",
    }
    described = wait_until_available(dynamodb, arn)
    assert described["SourceTableDetails"]["ItemCount"] == 30
    assert described["BackupDetails"]["BackupSizeBytes"] == size


def test_a_table_may_be_named_by_its_arn(dynamodb: Any, account: Account, table: str) -> None:
    arn = make_backup(dynamodb, f"arn:aws:dynamodb:eu-west-1:{account.number}:table/{table}")
    assert f"table/{table}/backup/" in arn


def test_names_need_not_differ(dynamodb: Any, table: str) -> None:
    assert make_backup(dynamodb, table, "same") != make_backup(dynamodb, table, "same")


def test_a_backup_holds_what_the_table_held_then(dynamodb: Any, table: str) -> None:
    fill(dynamodb, table, 50)
    before = items(dynamodb, table)
    arn = make_backup(dynamodb, table)
    dynamodb.put_item(TableName=table, Item=row(1) | {"later": {"BOOL": True}})
    dynamodb.delete_item(TableName=table, Key={name: row(2)[name] for name in ("pk", "sk")})
    dynamodb.put_item(TableName=table, Item=row(1000))
    restore(dynamodb, arn)
    assert items(dynamodb, "again") == before


def test_no_transaction_is_in_a_backup_by_half(dynamodb: Any, account: Account, table: str) -> None:
    fill(dynamodb, table, 600)
    done = threading.Event()

    def write() -> None:
        client = account.client()
        count = 0
        while not done.is_set():
            count += 1
            puts = [
                {"Put": {"TableName": table, "Item": row(number) | {"count": {"N": str(count)}}}}
                for number in range(20)
            ]
            client.transact_write_items(TransactItems=puts)
        client.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        arns = [make_backup(dynamodb, table, f"backup-{number}") for number in range(5)]
    finally:
        done.set()
        writer.join()
    for number, arn in enumerate(arns):
        restore(dynamodb, arn, f"again-{number}")
        found = items(dynamodb, f"again-{number}")
        counts = [item["count"]["N"] for item in found if "count" in item]
        assert len(found) == 600
        assert len(counts) in (0, 20)
        assert len(set(counts)) <= 1


def test_an_empty_table(dynamodb: Any, table: str) -> None:
    arn = make_backup(dynamodb, table)
    assert restore(dynamodb, arn)["ItemCount"] == 0
    assert items(dynamodb, "again") == []


def test_a_backup_outlives_its_table(dynamodb: Any, table: str) -> None:
    fill(dynamodb, table, 10)
    before = items(dynamodb, table)
    arn = make_backup(dynamodb, table)
    dynamodb.delete_table(TableName=table)
    restore(dynamodb, arn, table)
    assert items(dynamodb, table) == before


def test_a_table_that_is_being_backed_up_is_not_deleted(
    dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    write = full_copy.write

    async def wait_and_write(*given: Any, **more: Any) -> Any:
        await asyncio.to_thread(go.wait)
        return await write(*given, **more)

    monkeypatch.setattr(full_copy, "write", wait_and_write)
    fill(dynamodb, table, 1)
    arn = dynamodb.create_backup(TableName=table, BackupName="last")["BackupDetails"]["BackupArn"]
    try:
        assert fault(dynamodb.delete_table, TableName=table) == (
            "ResourceInUseException",
            f"Attempt to change a resource which is still in use: Table is being backed up: {table}",
        )
        dynamodb.put_item(TableName=table, Item=row(7))
        assert len(items(dynamodb, table)) == 2
    finally:
        go.set()
    wait_until_available(dynamodb, arn)
    dynamodb.delete_table(TableName=table)


def test_refusals(dynamodb: Any, table: str) -> None:
    call = dynamodb.create_backup
    assert fault(call, TableName="absent", BackupName="first") == ("TableNotFoundException", "Table not found: absent")
    assert invalid(call, TableName=table) == (
        f"{ENVELOPE}Value null at 'backupName' failed to satisfy constraint: Member must not be null"
    )
    assert invalid(call, TableName=table, BackupName="ab") == (
        f"{ENVELOPE}Value 'ab' at 'backupName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 3"
    )
    assert invalid(call, TableName=table, BackupName="a b c") == (
        f"{ENVELOPE}Value 'a b c' at 'backupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    )


def test_a_table_on_its_way_is_not_found() -> None:
    running = start_server(transition_seconds=5)
    try:
        client = new_account(running.url).client()
        create_table(client, "things", "pk:S")
        assert fault(client.create_backup, TableName="things", BackupName="first") == (
            "TableNotFoundException",
            "Table not found: things",
        )
        client.close()
    finally:
        running.close()
