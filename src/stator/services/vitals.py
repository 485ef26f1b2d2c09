"""How this process is: what it served and what it takes, as points of its node, its shard and the instance."""

import os
import time as wall
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from stator.metrics.recorder import Sample
from stator.metrics.series import OWN_NAMESPACE, Point, merge, one, series

_CONSUMED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
_THROTTLED = ("ReadThrottleEvents", "WriteThrottleEvents")
_LATENCY = "SuccessfulRequestLatency"
_SUMMED = frozenset((*_CONSUMED, *_THROTTLED, _LATENCY))
_QUIET_SECONDS = 60.0
"""How often a process that serves nobody tells how it is."""


class Place(NamedTuple):
    """Names of the process, of the shard that it is itself, and of the whole. The shards of a store of its own tell of
    themselves, see `services.shards`."""

    node: str
    shard: str | None
    instance: str


class Body(NamedTuple):
    """Where to look: the number of connections, and the bytes of the store's files."""

    connections: Callable[[], int]
    storage: Callable[[], int | None]


class Vitals:
    def __init__(self, place: Place, body: Body) -> None:
        levels = (("Node", place.node), ("Shard", place.shard), ("Instance", place.instance))
        self._levels = [(level, name) for level, name in levels if name is not None]
        self._body = body
        self._requests: dict[str, int] = {}
        self._busy = wall.process_time()
        self._looked = wall.monotonic()
        self._told = float("-inf")
        self._seen: dict[str, list[Point]] = {}

    def add(self, samples: Iterable[Sample]) -> None:
        """What tables saw since the last drain."""
        for sample in samples:
            name = sample.series.name
            if name in _SUMMED:
                self._seen.setdefault(name, []).append(sample.point)

    def drain(self, time: float, requests: Mapping[str, int]) -> list[Sample]:
        """Points of `time`, of what was added and of all `requests` so far. While nobody asks for anything there are
        some once a minute."""
        served = {name: number - self._requests.get(name, 0) for name, number in requests.items()}
        served = {name: number for name, number in served.items() if number}
        if not served and 0 <= time - self._told < _QUIET_SECONDS:
            return []
        self._told = time
        self._requests = dict(requests)
        seen, self._seen = self._seen, {}
        return [*self._served(time, served), *self._summed(time, seen), *self._state(time)]

    def _served(self, time: float, served: Mapping[str, int]) -> Iterator[Sample]:
        if served:
            yield from self._each("Requests", one(time, float(sum(served.values()))))
        for operation, number in served.items():
            for level, name in self._levels:
                which = series("Requests", OWN_NAMESPACE, **{level: name, "Operation": operation})
                yield Sample("", "", which, one(time, float(number)))

    def _summed(self, time: float, found: Mapping[str, list[Point]]) -> Iterator[Sample]:
        if _LATENCY in found:
            yield from self._each("Latency", merge(found[_LATENCY], time))
        for name in _CONSUMED:
            if name in found:
                yield from self._each(name, one(time, sum(point.sum for point in found[name])))
        throttled = sum(point.sum for name in _THROTTLED for point in found.get(name, ()))
        if throttled:
            yield from self._each("ThrottledEvents", one(time, throttled))

    def _state(self, time: float) -> Iterator[Sample]:
        busy, now = wall.process_time(), wall.monotonic()
        if now > self._looked:
            yield from self._each("CPUUtilization", one(time, 100 * (busy - self._busy) / (now - self._looked)))
        self._busy, self._looked = busy, now
        yield from self._each("Connections", one(time, float(self._body.connections())))
        yield from self._each("MemoryBytes", one(time, float(memory_bytes())))
        storage = self._body.storage()
        if storage is not None:
            for level, name in self._levels:
                if level != "Node":
                    yield Sample("", "", series("StorageBytes", OWN_NAMESPACE, **{level: name}), one(time, storage))

    def _each(self, metric: str, point: Point) -> Iterator[Sample]:
        for level, name in self._levels:
            yield Sample("", "", series(metric, OWN_NAMESPACE, **{level: name}), point)


def memory_bytes() -> int:
    """What the process has in memory now; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
