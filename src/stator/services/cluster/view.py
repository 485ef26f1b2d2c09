"""The whole instance as its operators see it: routers, and the nodes of the store in their shards."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from stator.services.cluster.heartbeat import Heartbeat
from stator.services.cluster.router import Oneself, Router
from stator.storage.failure import StoreError
from stator.storage.node import EMBEDDED, ROUTER, RUNNING, Node, Nodes, Shard
from stator.storage.routers.membership import Membership
from stator.tables.catalog import Catalog

FRESH_SECONDS = 1.0
"""For so long what was seen is told again: looking costs a connection to every node."""

GONE = "gone"


class ClusterView:
    """`shared` are parts of a store that several routers share; without them there is only this one."""

    def __init__(
        self,
        nodes: Nodes,
        oneself: Oneself,
        catalog: Catalog,
        shared: tuple[Heartbeat, Membership] | None = None,
    ) -> None:
        self._nodes = nodes
        self._oneself = oneself
        self._catalog = catalog
        self._shared = shared
        self._looking: asyncio.Task[dict[str, Any]] | None = None
        self._looked = float("-inf")

    async def describe(self) -> dict[str, Any]:
        """As DescribeCluster answers it."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._looking is None or now - self._looked >= FRESH_SECONDS:
            self._looked = now
            # A task: callers may give up, and drivers want one to run in.
            self._looking = loop.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> dict[str, Any]:
        routers = await self._routers()
        shards = [_render_shard(shard, routers) for shard in await self._nodes.shards()]
        instance = self._catalog.instance
        return _without_none(
            {
                "Engine": self._nodes.engine,
                "InstanceId": None if instance is None else instance.id,
                "UsedBytes": _sum(shard.get("UsedBytes") for shard in shards),
                "TotalBytes": _sum(shard.get("TotalBytes") for shard in shards),
                "Connections": sum(router.connections for router, state in routers if state == RUNNING),
                "Requests": _add(router.requests for router, _ in routers),
                "Routers": [_render_router(*each) for each in routers] if self._shared is not None else [],
                "Shards": shards,
            }
        )

    async def _routers(self) -> list[tuple[Router, str]]:
        """Each with its state, this one first."""
        own = self._oneself.look()
        found = [(own, RUNNING)]
        if self._shared is not None:
            heartbeat, membership = self._shared
            try:
                others = await heartbeat.routers()
            except StoreError:  # the nodes will say what is the matter
                return found
            found += [
                (router, GONE if membership.is_gone(router.id) else RUNNING)
                for router in sorted(others, key=lambda router: (router.url, router.since))
                if router.id != own.id
            ]
        return found


def _render_router(router: Router, state: str) -> dict[str, Any]:
    return _without_none(
        {
            "Name": router.url,
            "Role": ROUTER,
            "State": state,
            "RouterId": router.id,
            "Host": router.host,
            "ProcessId": router.pid,
            "Version": router.version,
            "StartDateTime": router.since,
            "LastSeenDateTime": router.seen,
            "Connections": router.connections,
            "LoadAverage": router.load,
            "Processors": router.processors,
            "Requests": dict(router.requests),
        }
    )


def _render_shard(shard: Shard, routers: list[tuple[Router, str]]) -> dict[str, Any]:
    nodes = [_render_node(node, routers) for node in shard.nodes]
    # All nodes of a shard hold the same: its first, the primary, tells for it.
    first = nodes[0] if nodes else {}
    return _without_none(
        {
            "ShardId": shard.name,
            "UsedBytes": first.get("UsedBytes"),
            "TotalBytes": first.get("TotalBytes"),
            "Connections": _sum(node.get("Connections") for node in nodes),
            "Requests": _add(node["Requests"] for node in nodes),
            "Nodes": nodes,
        }
    )


def _render_node(node: Node, routers: list[tuple[Router, str]]) -> dict[str, Any]:
    own = {}
    if node.role == EMBEDDED:  # the store is in the process that answers requests
        own = _render_router(*routers[0])
        del own["Role"]
        del own["Name"]
        own["Url"] = routers[0][0].url
    seen = {
        "Name": node.name,
        "Role": node.role,
        "State": node.state,
        "Detail": node.detail,
        "Version": node.version,
        "StartDateTime": node.since,
        "LagBytes": node.lag_bytes,
        "LagSeconds": node.lag_seconds,
        "UsedBytes": node.used_bytes,
        "TotalBytes": node.total_bytes,
        "FreeBytes": node.free_bytes,
        "Connections": node.connections,
        "MaxConnections": node.connections_max,
        "ActiveConnections": node.active,
        "LoadAverage": node.load,
        "Processors": os.cpu_count() if node.load is not None else None,
        "Requests": dict(node.requests),
    }
    return _without_none(seen) | own


def _without_none(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _add(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))
