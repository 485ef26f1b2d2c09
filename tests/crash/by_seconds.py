"""A client that asks for one thing at a time and for nothing while a second begins, so what it knows then is what there
is."""

import time
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from tests.crash.server_process import PlainClient

S = TypeVar("S")
_QUIET_SECONDS = 0.05  # before each full second
_ENOUGH_SECONDS = 120.0


class BySeconds(ABC, Generic[S]):
    """`marks` is what there was at full seconds, but for those that fell into a slow request."""

    def __init__(self) -> None:
        self.marks: dict[int, S] = {}

    @abstractmethod
    def known(self) -> S:
        """What there is now, as it stays known."""

    @abstractmethod
    def step(self, client: PlainClient) -> None:
        """Ask for one thing. Raises Lost."""

    def write(self, client: PlainClient, until: float) -> None:
        """Go on until then. Raises Lost."""
        while time.time() < until:
            left = 1 - time.time() % 1
            if left < _QUIET_SECONDS:
                time.sleep(left + 0.002)
                self.marks[int(time.time())] = self.known()
            self.step(client)

    def write_until(self, client: PlainClient, since: float, count: int) -> None:
        """Go on until there are as many marks since then."""
        deadline = time.monotonic() + _ENOUGH_SECONDS
        while sum(second >= since for second in self.marks) < count:
            assert time.monotonic() < deadline
            self.write(client, time.time() + 1)
