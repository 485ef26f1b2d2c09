"""A table that a job fills: what operations on it answer meanwhile, and what is told of the job."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from stator.archive.job import Job
from tests.operations.backups import fill, items, make_backup, row, wait_until_active
from tests.operations.conftest import create_table
from tests.operations.faults import fault
from tests.operations.test_metrics import get
from tests.running import Account, RunningServer, new_account, start_server

NOT_FOUND = ("ResourceNotFoundException", "Requested resource not found")
KEY = {name: row(1)[name] for name in ("pk", "sk")}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Restores of the next server wait for it."""
    go = threading.Event()
    yield go
    go.set()


@pytest.fixture
def house(gate: threading.Event) -> Iterator[RunningServer]:
    running = start_server()
    runners: Any = running.server.background.term.jobs._runners
    restore = runners["restore"]

    async def wait_and_restore(job: Job) -> None:
        await asyncio.to_thread(gate.wait)
        await restore(job)

    runners["restore"] = wait_and_restore
    yield running
    gate.set()
    running.close()


@pytest.fixture
def held(house: RunningServer) -> Any:
    """A client whose table `again` is being restored until the gate opens."""
    client = new_account(house.url).client()
    create_table(client, "things", "pk:S", "sk:S")
    fill(client, "things", 20)
    client.restore_table_from_backup(TargetTableName="again", BackupArn=make_backup(client))
    return client


DATA: dict[str, dict[str, Any]] = {
    "put_item": {"Item": row(1)},
    "get_item": {"Key": KEY},
    "update_item": {"Key": KEY},
    "delete_item": {"Key": KEY},
    "scan": {},
    "query": {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": KEY["pk"]}},
}


def test_data_operations_find_no_table(held: Any) -> None:
    for name, parameters in DATA.items():
        assert fault(getattr(held, name), TableName="again", **parameters) == NOT_FOUND, name
    batch = {"again": [{"PutRequest": {"Item": row(1)}}]}
    assert fault(held.batch_write_item, RequestItems=batch) == NOT_FOUND
    put = {"Put": {"TableName": "again", "Item": row(1)}}
    assert fault(held.transact_write_items, TransactItems=[put])[0] == "ResourceNotFoundException"
    statement = "SELECT * FROM again"
    assert fault(held.execute_statement, Statement=statement)[0] == "ResourceNotFoundException"


def test_changes_of_the_table_are_refused(held: Any, gate: threading.Event) -> None:
    in_use = (
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being created: again",
    )
    assert fault(held.delete_table, TableName="again") == in_use
    assert fault(held.update_table, TableName="again", BillingMode="PAY_PER_REQUEST") == in_use
    assert fault(held.create_backup, TableName="again", BackupName="first")[0] == "TableNotFoundException"
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    types = [{"AttributeName": "pk", "AttributeType": "S"}]
    create = {"KeySchema": key, "AttributeDefinitions": types, "BillingMode": "PAY_PER_REQUEST"}
    taken = ("ResourceInUseException", "Table already exists: again")
    assert fault(held.create_table, TableName="again", **create) == taken
    assert held.describe_table(TableName="again")["Table"]["TableStatus"] == "CREATING"
    assert held.list_tables()["TableNames"] == ["again", "things"]
    gate.set()
    wait_until_active(held, "again")
    assert items(held, "again") == items(held, "things")
    held.delete_table(TableName="again")


def test_the_source_may_go_meanwhile(held: Any, gate: threading.Event) -> None:
    before = items(held, "things")
    held.delete_table(TableName="things")
    gate.set()
    wait_until_active(held, "again")
    assert items(held, "again") == before


def test_a_stop_leaves_the_job_to_the_next_server(tmp_path: Any) -> None:
    """Also one that comes before the job has done anything."""
    first = start_server(tmp_path)
    account = Account(first.url, "000000000042")
    client = account.client()
    create_table(client, "things", "pk:S", "sk:S")
    fill(client, "things", 20)
    before = items(client, "things")
    runners: Any = first.server.background.term.jobs._runners

    async def forever(job: Job) -> None:
        await asyncio.Event().wait()

    runners["restore"] = forever
    client.restore_table_from_backup(TargetTableName="again", BackupArn=make_backup(client))
    first.close()
    second = start_server(tmp_path)
    try:
        client = Account(second.url, account.number).client()
        wait_until_active(client, "again")
        assert items(client, "again") == before
    finally:
        second.close()


def test_jobs_are_told_as_metrics(house: RunningServer, held: Any, gate: threading.Event) -> None:
    def told() -> set[str]:
        return {line for line in get(house)[1].splitlines() if line.startswith("stator_jobs")}

    assert told() == {
        'stator_jobs{kind="backup",state="COMPLETED"} 1.0',
        'stator_jobs{kind="restore",state="RUNNING"} 1.0',
    }
    gate.set()
    wait_until_active(held, "again")
    assert 'stator_jobs{kind="restore",state="COMPLETED"} 1.0' in told()
