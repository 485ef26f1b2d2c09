"""What a router tells of itself, and the row that tells it to the others. docs/formats.md has the value."""

import os
import platform
from collections.abc import Callable, Mapping
from functools import cache

import orjson
from msgspec import Struct, to_builtins

from stator.clock import Clock
from stator.storage.node import machine_load
from stator.storage.store import Key, Put, Row

FORMAT = 1
PARTITION = bytes(8) + b"cluster"


class Router(Struct, frozen=True):
    """Times in seconds since the epoch. `requests` counts by operation since the start, refused ones too."""

    id: str
    url: str
    host: str
    pid: int
    version: str
    since: float
    seen: float
    connections: int
    load: float | None
    processors: int
    requests: Mapping[str, int]


class Oneself:
    """This process. `requests` is what counts them; `url` and `connections` are known once it listens."""

    def __init__(self, id: str, clock: Clock) -> None:
        self.id = id
        self.requests: Mapping[str, int] = {}
        self.url = ""
        self.connections: Callable[[], int] = int
        self._clock = clock
        self._since = clock()

    def look(self) -> Router:
        return Router(
            id=self.id,
            url=self.url,
            host=platform.node(),
            pid=os.getpid(),
            version=own_version(),
            since=self._since,
            seen=self._clock(),
            connections=self.connections(),
            load=machine_load(),
            processors=os.cpu_count() or 1,
            requests=dict(self.requests),
        )


@cache
def own_version() -> str:
    from importlib.metadata import version

    return version("stator")


def key_of(id: str) -> Key:
    return Key(0, PARTITION, id.encode())


def put_router(router: Router) -> Put:
    value = orjson.dumps([FORMAT, to_builtins(router)])
    return Put(key_of(router.id), len(value), value)


def read_router(row: Row) -> Router | None:
    """None for a row of a newer version, which only that can show."""
    format, stored = orjson.loads(row.value)
    return Router(**stored) if format == FORMAT else None
