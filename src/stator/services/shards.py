"""Once a minute: how the nodes of a store of its own are, and its shards, as points. One router does it for all."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from stator.clock import Clock
from stator.metrics.recorder import Sample
from stator.metrics.series import OWN_NAMESPACE, one, series
from stator.metrics.series_store import SeriesStore
from stator.storage.node import EMBEDDED

_MEMBERS: Final = {
    "UsedBytes": "StorageBytes",
    "Connections": "Connections",
    "ActiveConnections": "ActiveConnections",
    "LagSeconds": "ReplicationLag",
    "LoadAverage": "LoadAverage",
}
"""Metrics by the members of DescribeCluster's shards and nodes."""


class Shards:
    """`describe` tells what DescribeCluster does. An embedded store is in a process that tells of itself."""

    def __init__(self, describe: Callable[[], Awaitable[dict[str, Any]]], points: SeriesStore, clock: Clock) -> None:
        self._describe = describe
        self._points = points
        self._clock = clock
        self._requests: dict[tuple[str, str], Mapping[str, int]] = {}  # as they were told last

    async def run_once(self) -> int:
        """How many points there were."""
        told = await self._describe()
        time = float(int(self._clock()))
        samples: list[Sample] = []
        seen, self._requests = self._requests, {}
        for shard in told["Shards"]:
            nodes = [node for node in shard["Nodes"] if node["Role"] != EMBEDDED]
            if nodes:
                samples += self._samples("Shard", shard["ShardId"], shard, time, seen)
            for node in nodes:
                samples += self._samples("Node", node["Name"], node, time, seen)
        if samples and "UsedBytes" in told:
            samples.append(_sample("StorageBytes", told["UsedBytes"], time, Instance="stator"))
        self._points.add(samples)
        return len(samples)

    def _samples(
        self, level: str, name: str, told: Mapping[str, Any], time: float, seen: Mapping[tuple[str, str], Any]
    ) -> Iterator[Sample]:
        for member, metric in _MEMBERS.items():
            if member in told:
                yield _sample(metric, told[member], time, **{level: name})
        requests = self._requests[level, name] = told.get("Requests", {})
        before = seen.get((level, name))
        if before is not None:  # what came before anybody looked is of no minute
            for kind, number in requests.items():
                # A node that began anew counts anew.
                grown = number - before.get(kind, 0) if number >= before.get(kind, 0) else number
                if grown:
                    yield _sample("Requests", grown, time, **{level: name, "Operation": kind})


def _sample(metric: str, value: float, time: float, **dimensions: str) -> Sample:
    return Sample("", "", series(metric, OWN_NAMESPACE, **dimensions), one(time, float(value)))
