"""What a server that was stopped has still to deliver, and what it does when its endpoint is gone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.unruly import STREAM, Reply, Sent, Unruly, refused
from tests.kinesis import wait_for_status
from tests.operations.conftest import create_table
from tests.operations.faults import invalid
from tests.running import Account, RunningServer, start_server, wait_until

Start = Callable[..., Any]


@pytest.fixture
def endpoint() -> Iterator[Unruly]:
    unruly = Unruly()
    yield unruly
    unruly.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server on the same directory once more; returns a client of it."""
    running: list[tuple[RunningServer, Any]] = []

    def end() -> None:
        for server, client in running:
            client.close()
            server.close()
        running.clear()

    def begin(**settings: Any) -> Any:
        end()
        server = start_server(tmp_path / "data", **settings)
        running.append((server, Account(server.url, "000000000001").client()))
        return running[0][1]

    yield begin
    end()


def put(dynamodb: Any, *names: str) -> None:
    for name in names:
        dynamodb.put_item(TableName="things", Item={"pk": {"S": name}})


def names(taken: list[Any]) -> list[str]:
    return sorted(record["dynamodb"]["Keys"]["pk"]["S"] for record in taken)


def test_what_was_not_acknowledged_is_sent_after_a_restart(start: Start, endpoint: Unruly) -> None:
    def behave(sent: Sent) -> Reply:
        """Everything is taken but the odd ones."""
        if not sent.target.endswith("PutRecords"):
            return Reply()
        return Reply(takes={n for n, name in enumerate(names_of(sent)) if int(name) % 2 == 0})

    def names_of(sent: Sent) -> list[str]:
        return [record["dynamodb"]["Keys"]["pk"]["S"] for record in sent.data]

    dynamodb = start(kinesis_endpoint=endpoint.url)
    create_table(dynamodb, "things", "pk:S")
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    wait_for_status(dynamodb, "things", "ACTIVE")
    put(dynamodb, "100")
    wait_until(lambda: names(list(endpoint.taken)) == ["100"])
    endpoint.behave = behave
    numbers = [str(number) for number in range(20)]
    put(dynamodb, *numbers)
    wait_until(lambda: set(names(list(endpoint.taken))) == {*numbers[::2], "100"})
    dynamodb = start(kinesis_endpoint=endpoint.url)
    endpoint.behave = lambda _: Reply()
    wait_until(lambda: set(names(list(endpoint.taken))) == {*numbers, "100"})
    assert names(endpoint.taken).count("100") == 1  # its acknowledgement was written down


def test_without_its_endpoint_changes_wait(start: Start, endpoint: Unruly) -> None:
    dynamodb = start(kinesis_endpoint=endpoint.url)
    create_table(dynamodb, "things", "pk:S")
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    wait_for_status(dynamodb, "things", "ACTIVE")
    dynamodb = start()
    put(dynamodb, "a")
    assert wait_for_status(dynamodb, "things", "ACTIVE")
    dynamodb = start(kinesis_endpoint=endpoint.url)
    wait_until(lambda: names(list(endpoint.taken)) == ["a"])
    dynamodb = start()
    dynamodb.disable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    wait_for_status(dynamodb, "things", "DISABLED")
    assert "has no Kinesis endpoint" in invalid(
        dynamodb.enable_kinesis_streaming_destination, TableName="things", StreamArn=STREAM
    )


def test_an_enabling_that_lost_its_endpoint_fails(start: Start, endpoint: Unruly) -> None:
    endpoint.behave = lambda _: refused(503, "ServiceUnavailable")
    dynamodb = start(kinesis_endpoint=endpoint.url)
    create_table(dynamodb, "things", "pk:S")
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    dynamodb = start()
    failed = wait_for_status(dynamodb, "things", "ENABLE_FAILED")
    assert failed["DestinationStatusDescription"] == "This server has no Kinesis endpoint to deliver to"
