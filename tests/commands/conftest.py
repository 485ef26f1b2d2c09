"""What tests of commands have: the command itself, and a server that it talks to."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.endpoints import Stator, connect
from tests.commands.process import STATOR, Start, clean_environment


@pytest.fixture
def start() -> Iterator[Start]:
    """Start commands that go on; the end of the test ends them."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str | Path, **variables: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [STATOR, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(**variables),
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of a server that forgets everything, in a process of its own."""
    server = Stator()
    yield server.url
    server.close()


@pytest.fixture
def dynamodb(url: str) -> Iterator[Any]:
    """A client of it; no table outlives the test."""
    client = connect(url)
    yield client
    for table in client.list_tables()["TableNames"]:
        client.update_table(TableName=table, DeletionProtectionEnabled=False)
        client.delete_table(TableName=table)
    client.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own is the working directory."""
    monkeypatch.chdir(tmp_path)
