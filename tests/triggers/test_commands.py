"""`stator triggers` against a running server."""

from typing import Any

import pytest

from stator.cli.main import main
from tests.running import Account, wait_until
from tests.triggers.conftest import Functions


@pytest.fixture
def ask(account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account.number)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["triggers", *arguments, "--url", account.url])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_create_list_and_delete(ask: Any, dynamodb: Any, stream: str, triggers: Any, functions: Functions) -> None:
    name = f"command-{stream.split(':')[4]}"
    pattern = '{"eventName": ["INSERT"]}'
    code, uuid, _ = ask("create", "--table", "things", "--function", name, "--filter", pattern, "--retries", "2")
    assert code == 0
    got = triggers.get_event_source_mapping(UUID=uuid.strip())
    assert (got["EventSourceArn"], got["MaximumRetryAttempts"]) == (stream, 2)
    assert got["FilterCriteria"] == {"Filters": [{"Pattern": pattern}]}
    dynamodb.put_item(TableName="things", Item={"pk": {"S": "a"}})
    wait_until(lambda: bool(functions.records(name)))
    wait_until(lambda: ask("list")[1].endswith("OK\n"))
    assert ask("list")[1] == f"{uuid.strip()}  Enabled  table things  function {name}  OK\n"
    assert ask("delete", uuid.strip()) == (0, "", "")
    assert ask("list") == (0, "", "")


def test_what_the_server_refuses_is_told(ask: Any, stream: str) -> None:
    refused = ask("create", "--stream", stream, "--function", "f", "--on-failure", "file:///etc/motd")
    assert refused[0] == 1
    assert "is not allowed" in refused[2]
    assert ask("delete", "none") == (1, "", "stator: The resource you requested does not exist.\n")
    missing = ask("create", "--table", "nothing", "--function", "f")
    assert missing[0] == 1
    assert "not found" in missing[2]


def test_a_server_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triggers", "list", "--url", "http://127.0.0.1:1"]) == 1
    assert "name another with --url" in capsys.readouterr().err
