"""One Kinesis for all tests, and a server that delivers to it."""

from collections.abc import Iterator

import pytest

from tests.kinesis import Kinesis
from tests.running import Account, RunningServer, start_server


@pytest.fixture(scope="session")
def kinesis() -> Iterator[Kinesis]:
    running = Kinesis()
    yield running
    running.close()


@pytest.fixture(scope="session")
def server(kinesis: Kinesis) -> Iterator[RunningServer]:
    running = start_server(kinesis_endpoint=kinesis.url)
    yield running
    running.close()


@pytest.fixture
def stream(kinesis: Kinesis, account: Account) -> str:
    return kinesis.create_stream(f"changes-{account.number}")
