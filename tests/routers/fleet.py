"""Several real routers over one PostgreSQL, killed, stopped and started again, and clients that use any of them."""

import contextlib
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

from tests.crash.server_process import Lost, PlainClient, Reply, ServerProcess

ROUTERS = 3


class Fleet:
    """`ports` are those of the routers that run, kept in one list that others may look at."""

    def __init__(self, url: str, folder: Path, *options: str, count: int = ROUTERS) -> None:
        self.folder = folder
        self._options = ("--store", url, "--archive", str(folder / "archive"), *options)
        self.ports: list[int] = []
        self.stop = threading.Event()
        self._routers = [self._begin() for _ in range(count)]
        for router in self._routers:
            self.ports.append(router.wait_until_ready().port)

    def kill(self, number: int) -> None:
        """With SIGKILL; another one takes its place at once."""
        router = self._routers[number]
        self.ports.remove(router.port)
        router.kill()
        self._routers[number] = self._begin().wait_until_ready()
        self.ports.append(self._routers[number].port)

    def freeze(self, number: int, seconds: float) -> None:
        """It stands still for a while, in the middle of whatever it does, and then goes on."""
        router = self._routers[number]
        port = router.port
        self.ports.remove(port)
        os.kill(router.process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(router.process.pid, signal.SIGCONT)
        self.ports.append(port)

    def close(self) -> list[int]:
        """Ask all of them to stop; their exit codes."""
        self.stop.set()
        return [router.terminate() for router in self._routers]

    def kill_all(self) -> None:
        self.stop.set()
        for router in self._routers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(router.process.pid, signal.SIGCONT)
            router.kill()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def _begin(self) -> ServerProcess:
        return ServerProcess(self.folder / "no-data", self.folder / "log", *self._options)


class AnyRouter:
    """A client that goes from router to router. Raises Lost where it is not known what was done."""

    def __init__(self, fleet: Fleet, rng: random.Random) -> None:
        self._fleet = fleet
        self._rng = rng
        self._connections: dict[int, PlainClient] = {}
        self.asked: tuple[str, dict[str, Any]] | None = None
        self.told: Reply | None = None  # None when the reply was lost

    def call(self, operation: str, request: dict[str, Any]) -> Reply:
        port = self._rng.choice(self._fleet.ports)
        self.asked, self.told = (operation, request), None
        client = self._connections.get(port)
        if client is None:
            client = self._connections[port] = PlainClient(port)
        try:
            reply = client.call(operation, request)
        except Lost:
            client.close()
            del self._connections[port]
            raise
        self.told = reply
        if reply.status >= 500:
            raise Lost
        return reply

    def insist(self, operation: str, request: dict[str, Any]) -> Reply:
        """Ask until there is a reply: for what may be done twice. 200, or a refusal."""
        while True:
            try:
                reply = self.call(operation, request)
            except Lost:
                assert not self._fleet.stop.is_set(), "the routers are gone"
                time.sleep(0.02)
            else:
                if reply.error != "ThrottlingException":
                    return reply

    def close(self) -> None:
        for client in self._connections.values():
            client.close()
        self._connections.clear()


class Worker(threading.Thread):
    """Steps with a client of its own until it is told to stop; `faults` has what should not have been."""

    def __init__(self, fleet: Fleet, name: str, seed: int) -> None:
        super().__init__(name=name)
        self.rng = random.Random(seed)
        self.client = AnyRouter(fleet, self.rng)
        self.faults: list[str] = []
        self.stopping = False

    def run(self) -> None:
        try:
            while not self.stopping:
                try:
                    self.step()
                except Lost:
                    time.sleep(0.02)
        except Exception as error:  # noqa: BLE001  a thread's exceptions are seen by nobody
            self.faults.append(f"{self.name}: {error!r}")
        self.client.close()

    def step(self) -> None:
        raise NotImplementedError

    def end(self) -> None:
        self.stopping = True
        self.join(120)
        assert not self.is_alive(), f"{self.name} does not end: {self.client.asked} was told {self.client.told}"
