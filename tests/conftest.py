"""What holds for all tests, and what they have where a fixture `server` is."""

import signal
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests.running import Account, RunningServer, new_account

# Started in the background by a shell, this process ignores Ctrl-C, and so would all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run, and no deadline: a busy machine is no failure. Fuzzing at random is `make fuzz`.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.load_profile("steady")


@pytest.fixture
def account(server: RunningServer) -> Account:
    """Of the test's own: it sees nothing of what others do on the same server."""
    return new_account(server.url)


@pytest.fixture
def dynamodb(account: Account) -> Iterator[Any]:
    client = account.client()
    yield client
    client.close()
