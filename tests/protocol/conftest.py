"""The loop that the protocol tests' servers run on, and servers on it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop

from tests.protocol.served import Served, served


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def serving(loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """Starts servers with settings of their own, each for the length of a `with`."""
    return lambda **wishes: served(loop, **wishes)


@pytest.fixture(scope="module")
def server(loop: asyncio.AbstractEventLoop) -> Iterator[Served]:
    with served(loop) as running:
        yield running
