"""What DescribeCluster answers, of nodes and routers made up."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stator.clock import ManualClock
from stator.services.cluster import view as module
from stator.services.cluster.heartbeat import Heartbeat
from stator.services.cluster.router import Oneself
from stator.services.cluster.view import ClusterView
from stator.storage.failure import StoreFailure
from stator.storage.node import EMBEDDED, PRIMARY, SYNC_STANDBY, UNKNOWN, UNREACHABLE, Node, Shard
from stator.storage.sqlite.engine import SqliteStore
from stator.tables.catalog import Catalog

PRIMARY_NODE = Node(
    name="db1:5432",
    role=PRIMARY,
    used_bytes=100,
    total_bytes=1000,
    free_bytes=800,
    connections=5,
    connections_max=100,
    requests={"commits": 7, "rollbacks": 1},
)
STANDBY_NODE = Node(
    name="db2:5432",
    role=SYNC_STANDBY,
    lag_bytes=16,
    lag_seconds=0.5,
    used_bytes=99,
    connections=2,
    requests={"commits": 3},
)


class Fixed:
    engine = "Fixed"

    def __init__(self, *shards: Sequence[Node]) -> None:
        self._shards = [Shard(str(number), nodes) for number, nodes in enumerate(shards)]
        self.asked = 0

    async def shards(self) -> list[Shard]:
        self.asked += 1
        return self._shards


class Members:
    """As much of a membership as is asked."""

    def __init__(self, *gone: str) -> None:
        self._gone = gone

    def is_gone(self, id: str) -> bool:
        return id in self._gone


def _oneself(id: str, clock: ManualClock, **requests: int) -> Oneself:
    one = Oneself(id, clock)
    one.url, one.requests, one.connections = f"http://{id}", requests, lambda: 2
    return one


def _describe(nodes: Fixed, *others: Oneself, gone: Sequence[str] = (), shared: bool = True) -> dict[str, Any]:
    """As the router `a` sees it."""

    async def run() -> dict[str, Any]:
        store = SqliteStore.open(None)
        clock = ManualClock(1000.0)
        catalog = await Catalog.open(store, clock)
        own = _oneself("a", clock, GetItem=2, PutItem=1)
        for other in others:
            await Heartbeat(store, other, clock).run_once()
        beat = Heartbeat(store, own, clock)
        members: Any = Members(*gone)
        told = await ClusterView(nodes, own, catalog, (beat, members) if shared else None).describe()
        await store.close()
        return told

    return asyncio.run(run())


def test_an_embedded_node_is_router_and_store() -> None:
    told = _describe(Fixed([Node(name="/data", role=EMBEDDED, used_bytes=5)]), shared=False)
    assert told["Routers"] == []
    (shard,) = told["Shards"]
    (node,) = shard["Nodes"]
    assert (node["Name"], node["Role"], node["Url"]) == ("/data", "embedded", "http://a")
    assert node["Requests"] == shard["Requests"] == told["Requests"] == {"GetItem": 2, "PutItem": 1}
    assert (told["UsedBytes"], shard["UsedBytes"], node["Connections"], told["Connections"]) == (5, 5, 2, 2)
    assert "TotalBytes" not in told


def test_an_instance_is_the_sum_of_its_routers_and_shards() -> None:
    clock = ManualClock(1000.0)
    others = [_oneself("b", clock, GetItem=10), _oneself("c", clock, Query=5)]
    told = _describe(Fixed([PRIMARY_NODE, STANDBY_NODE], [PRIMARY_NODE]), *others, gone=["c"])
    assert [(router["Name"], router["State"]) for router in told["Routers"]] == [
        ("http://a", "running"),
        ("http://b", "running"),
        ("http://c", "gone"),
    ]
    assert told["Requests"] == {"GetItem": 12, "PutItem": 1, "Query": 5}
    assert told["Connections"] == 4  # of routers that run
    assert (told["UsedBytes"], told["TotalBytes"]) == (200, 2000)  # a standby has the same once more
    first, second = told["Shards"]
    assert first["Requests"] == {"commits": 10, "rollbacks": 1}
    assert (first["Connections"], second["Connections"]) == (7, 5)
    standby = first["Nodes"][1]
    assert (standby["Role"], standby["LagBytes"], standby["LagSeconds"]) == ("sync standby", 16, 0.5)
    assert "TotalBytes" not in standby


def test_what_cannot_be_reached_is_shown_with_the_reason() -> None:
    lost = Node(name="db9:5432", role=UNKNOWN, state=UNREACHABLE, detail="refused")
    told = _describe(Fixed([lost]))
    assert told["Shards"][0]["Nodes"] == [
        {"Name": "db9:5432", "Role": "unknown", "State": "unreachable", "Detail": "refused", "Requests": {}}
    ]
    assert "UsedBytes" not in told


def test_a_store_that_cannot_be_read_hides_the_other_routers_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Heartbeat) -> list[Any]:
        raise StoreFailure("down")

    monkeypatch.setattr(Heartbeat, "routers", fail)
    told = _describe(Fixed([PRIMARY_NODE]))
    assert [router["Name"] for router in told["Routers"]] == ["http://a"]
    assert told["Shards"][0]["Nodes"][0]["Name"] == "db1:5432"


def test_many_who_ask_at_once_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        store = SqliteStore.open(None)
        clock = ManualClock(1000.0)
        nodes = Fixed([PRIMARY_NODE])
        view = ClusterView(nodes, _oneself("a", clock), await Catalog.open(store, clock))
        monkeypatch.setattr(module, "FRESH_SECONDS", 3600.0)
        answers = await asyncio.gather(*(view.describe() for _ in range(5)))
        assert nodes.asked == 1
        assert all(answer == answers[0] for answer in answers)
        monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
        await view.describe()
        assert nodes.asked == 2
        await store.close()

    asyncio.run(test())
