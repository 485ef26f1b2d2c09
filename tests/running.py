"""A whole server in a thread of the test's process, reached over real HTTP."""

import asyncio
import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import uvloop
from botocore.config import Config

from stator.assembly import Server, start
from stator.clock import ManualClock
from stator.config import Settings
from tests import postgres

_accounts = itertools.count(1)


class RunningServer:
    """Started when made; `close` stops it. `clock` is the server's, to be turned by hand."""

    def __init__(self, **settings: Any) -> None:
        self._folder: Path | None = None
        chosen: dict[str, Any] = {"port": 0, "in_memory": "data_dir" not in settings} | settings
        if "store" not in settings and (store := postgres.store_of(settings.get("data_dir"))):
            if chosen["in_memory"]:
                self._folder = Path(tempfile.mkdtemp(prefix="stator-test-"))
                given = Settings(**chosen)  # archive and buckets are where they are for a server in memory
                chosen |= {"in_memory": False, "data_dir": self._folder / "data"}
                chosen |= {"archive": given.archive_url, "buckets": given.buckets_url}
            chosen["store"] = store
        self.settings = Settings(**chosen)
        self.clock = ManualClock()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server: Server = self._run(start(self.settings, self.clock))

    @property
    def url(self) -> str:
        return self.server.url

    def cpu_seconds(self) -> float:
        """What the server's thread has spent so far."""

        async def spent() -> float:
            return time.thread_time()

        return float(self._run(spent()))

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def close(self) -> None:
        self._run(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._folder is not None:
            shutil.rmtree(self._folder)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of its own: nothing another test does is seen in it."""

    url: str
    number: str

    def client(self, service: str = "dynamodb", region: str = "eu-west-1", **config: Any) -> Any:
        """A boto3 client. Parameters are sent as given, however wrong; nothing is retried. The SDK signs with the real
        time, so the server it talks to must not verify signatures or must have the real time too."""
        chosen = {"parameter_validation": False, "retries": {"total_max_attempts": 1}} | config
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=self.number,
            aws_secret_access_key="secret",
            config=Config(**chosen),
        )


def new_account(url: str) -> Account:
    return Account(url, f"{next(_accounts):012d}")


def start_server(data_dir: Path | None = None, **settings: Any) -> RunningServer:
    return RunningServer(**settings) if data_dir is None else RunningServer(data_dir=data_dir, **settings)


def wait_until(reached: Callable[[], bool], seconds_max: float = 60.0) -> None:
    """Return once it is so. Raises AssertionError when it is too late."""
    end = time.monotonic() + seconds_max
    while not reached():
        assert time.monotonic() < end, "it did not come so far in time"
        time.sleep(0.02)
