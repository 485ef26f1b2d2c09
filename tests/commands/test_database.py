"""`stator keys`, `stator serve` and `stator doctor` with a database instead of a directory."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import postgres
from tests.commands.process import Start, run, url_of
from tests.operations.conftest import create_table
from tests.running import wait_until


@pytest.fixture
def store() -> Iterator[str]:
    cluster = postgres.shared()
    if cluster is None:
        pytest.skip("there is no PostgreSQL on this machine")
    url = cluster.new_database()
    yield url
    cluster.drop_database(url)


def client(url: str, key: str, secret: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def create_key(store: str) -> tuple[str, str]:
    made = run("keys", "create", STATOR_STORE=store)
    assert made.returncode == 0, made.stderr
    found = re.fullmatch(r"AWS_ACCESS_KEY_ID=(\w+)\nAWS_SECRET_ACCESS_KEY=(\S+)\n", made.stdout)
    assert found
    return found[1], found[2]


def is_let_in(one: Any) -> bool:
    try:
        one.list_tables()
    except ClientError as error:
        return error.response["Error"]["Code"] not in {"UnrecognizedClientException", "InvalidSignatureException"}
    return True


def test_keys_are_in_the_database_and_taken_up_by_servers_that_run(store: str, tmp_path: Path, start: Start) -> None:
    key, secret = create_key(store)
    shown = run("keys", "list", "--store", store)
    assert re.fullmatch(rf"{key}  account \d+  created .* in force\n", shown.stdout)
    archive = str(tmp_path / "archive")
    arguments = ["serve", "--port", "0", "--store", store, "--data-dir", str(tmp_path / "none"), "--archive", archive]
    server = start(*arguments)
    try:
        url = url_of(server)
        one = client(url, key, secret)
        create_table(one, "things", "pk:S")
        one.put_item(TableName="things", Item={"pk": {"S": "a"}})
        assert not is_let_in(client(url, key, "wrong"))
        other = client(url, *create_key(store))
        wait_until(lambda: is_let_in(other))
        assert run("keys", "revoke", key, "--store", store).returncode == 0
        wait_until(lambda: not is_let_in(one))
        assert run("keys", "revoke", key, "--store", store).returncode == 1
        assert "the database has no key STTRNOBODY" in run("keys", "revoke", "STTRNOBODY", "--store", store).stderr
    finally:
        server.terminate()
        assert server.wait(30) == 0
    assert not (tmp_path / "none").exists()

    assert run("doctor", "--store", store).stdout == "the database is whole\n"
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("UPDATE stator.s1 SET value = convert_to('no item', 'UTF8')")
    damaged = run("doctor", "--store", store)
    assert (damaged.returncode, damaged.stdout.count("\n")) == (1, 2)
    assert damaged.stdout.startswith("things: the row at ")


def test_a_database_that_is_not_there() -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{postgres.free_port()}/none"
    for arguments in (["keys", "list"], ["keys", "create"], ["doctor"]):
        done = run(*arguments, "--store", nowhere)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("stator: cannot use the database: ")
        assert "Traceback" not in done.stderr
    bad = run("keys", "list", "--store", "mysql://here")
    assert bad.returncode != 0
    assert "postgresql://" in bad.stderr
