"""What becomes of DescribeCluster's answers."""

import asyncio
from typing import Any

from stator.clock import ManualClock
from stator.metrics.series import OWN_NAMESPACE, series
from stator.metrics.series_store import SeriesStore
from stator.services.shards import Shards
from stator.storage.sqlite.engine import SqliteStore


def node(name: str, commits: int, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Role": "primary", "Requests": {"commits": commits}, **more}


def cluster(*nodes: dict[str, Any]) -> dict[str, Any]:
    shard = {"ShardId": "0", "Nodes": list(nodes), "UsedBytes": 500, "Requests": nodes[0]["Requests"]}
    return {"Shards": [shard], "UsedBytes": 500}


def told(answers: list[dict[str, Any]], metric: str, **dimensions: str) -> list[float]:
    async def go() -> list[float]:
        clock = ManualClock()
        store = SqliteStore.open(None)
        try:
            points = SeriesStore(store, clock)

            async def describe() -> dict[str, Any]:
                return answers.pop(0)

            shards = Shards(describe, points, clock)
            while answers:
                await shards.run_once()
                clock.advance(60)
                await points.flush()
            which = series(metric, OWN_NAMESPACE, **dimensions)
            found = await points.read("1", "r", which, clock.now - 3600, clock.now, period=60)
            return [point.sum for point in found]
        finally:
            await store.close()

    return asyncio.run(go())


def test_nodes_and_shards_are_told_of() -> None:
    answers = [cluster(node("a", 5, Connections=7, LagSeconds=0.5), node("b", 1))]
    assert told([*answers], "Connections", Node="a") == [7]
    assert told([*answers], "ReplicationLag", Node="a") == [0.5]
    assert told([*answers], "Connections", Node="b") == []
    assert told([*answers], "StorageBytes", Shard="0") == [500]
    assert told([*answers], "StorageBytes", Instance="stator") == [500]


def test_requests_are_those_since_the_last_look() -> None:
    answers = [cluster(node("a", commits)) for commits in (100, 130, 130, 20)]  # at last it began anew
    for level, name in (("Node", "a"), ("Shard", "0")):
        assert told([*answers], "Requests", **{level: name, "Operation": "commits"}) == [30, 20]


def test_an_embedded_store_tells_of_itself() -> None:
    answers = [cluster({"Name": "here", "Role": "embedded", "Requests": {"GetItem": 5}, "Connections": 3})]
    assert told([*answers], "Connections", Node="here") == []
    assert told([*answers], "StorageBytes", Instance="stator") == []
