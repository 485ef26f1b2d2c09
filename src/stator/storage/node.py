"""What a store runs on, told to people: nodes, in shards. Each engine has a `Nodes` of its own."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

EMBEDDED = "embedded"
ROUTER = "router"
PRIMARY = "primary"
SYNC_STANDBY = "sync standby"
ASYNC_STANDBY = "async standby"
STANDBY = "standby"  # of which kind cannot be seen
COORDINATOR = "coordinator"
WORKER = "worker"
UNKNOWN = "unknown"

RUNNING = "running"
UNREACHABLE = "unreachable"


class Node(Struct, frozen=True, kw_only=True):
    """None is what cannot be seen from here. `requests` counts by kind since the node started."""

    name: str
    role: str
    state: str = RUNNING
    detail: str | None = None  # why it is in that state
    version: str | None = None
    since: float | None = None  # seconds since the epoch
    lag_bytes: int | None = None  # behind its primary
    lag_seconds: float | None = None
    used_bytes: int | None = None
    total_bytes: int | None = None  # of the volume that it stores on
    free_bytes: int | None = None
    connections: int | None = None
    connections_max: int | None = None
    active: int | None = None  # connections that are being served just now
    load: float | None = None  # processes that want a processor, over the last minute, on the whole machine
    requests: Mapping[str, int] = field(default_factory=dict)


class Shard(Struct, frozen=True):
    """A part of the data, and the nodes that have it."""

    name: str
    nodes: Sequence[Node]


class Nodes(Protocol):
    engine: str

    async def shards(self) -> list[Shard]:
        """As they are now. Raises nothing: what cannot be reached is a node in that state."""


def volume(path: Path) -> tuple[int, int] | None:
    """Size and free bytes of the volume that a path of this machine is on; None if there is no such path.

    Folders that may not be entered are taken to be on the volume of those above them."""
    while True:
        try:
            found = os.statvfs(path)
        except PermissionError:
            path = path.parent
        except OSError:
            return None
        else:
            return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize


def file_bytes(path: Path) -> int:
    """How large a file is; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def machine_load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None
