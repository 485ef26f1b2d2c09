"""`stator cluster`: the instance, its shards and its nodes, as a running server sees them."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import orjson

from stator.cli.client import Api, Client
from stator.cli.endpoint import find_endpoint

_API = Api("dynamodb", "Stator_20261121.")
_PLAIN_WIDTH = 200  # of what is no terminal: lines that a program reads should not be broken
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def cluster(found: Namespace) -> int:
    """Prints tables, or JSON. Returns 1 when a node cannot be reached or a router is gone, so that scripts can tell."""
    client = Client(find_endpoint(found.url, found.region, found.profile), _API)
    told = client.call("DescribeCluster", {})
    nodes = [node for _, node in _nodes(told)]
    if found.json:
        sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    else:
        _show(told)
    return 1 if any(node["State"] in {"unreachable", "gone"} for node in nodes) else 0


def _show(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    console.print(_headline(told), markup=False)
    nodes = Table()
    for title in ("Shard", "Node", "Role", "State"):
        nodes.add_column(title, overflow="fold")
    for title in ("Lag", "Used", "Volume", "Connections", "Load", "Requests"):
        nodes.add_column(title, justify="right")
    for shard, node in _nodes(told):
        nodes.add_row(*(escape(cell) for cell in (shard, *_cells(node))))
    console.print(nodes)
    requests = Table()
    for title in ("Level", "Name", "Requests by kind since the start"):
        requests.add_column(title, overflow="fold")
    for level, name, counts in _requests(told):
        requests.add_row(level, escape(name), escape(_kinds(counts)))
    console.print(requests)
    for _, node in _nodes(told):
        if "Detail" in node:
            console.print(f"{node['Name']}: {node['Detail']}", markup=False)


def _headline(told: dict[str, Any]) -> str:
    name = f" {told['InstanceId']}" if "InstanceId" in told else ""
    used = f"{size(told['UsedBytes'])} used, " if "UsedBytes" in told else ""
    counts = f"{_counted(told['Connections'], 'connection')}, {_counted(sum(told['Requests'].values()), 'request')}"
    shards = _counted(len(told["Shards"]), "shard")
    return f"Instance{name} in {told['Engine']}: {shards}, {used}{counts}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _nodes(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with the shard it belongs to."""
    for router in told["Routers"]:
        yield "", router
    for shard in told["Shards"]:
        for node in shard["Nodes"]:
            yield shard["ShardId"], node


def _cells(node: dict[str, Any]) -> list[str]:
    connections = f"{node['Connections']:,}" if "Connections" in node else ""
    if "MaxConnections" in node:
        connections += f" of {node['MaxConnections']:,}"
    load = f"{node['LoadAverage']:.2f} on {node['Processors']}" if "LoadAverage" in node else ""
    if not load and "ActiveConnections" in node:
        load = f"{node['ActiveConnections']} active"
    return [
        node["Name"],
        node["Role"],
        node["State"],
        _lag(node),
        size(node["UsedBytes"]) if "UsedBytes" in node else "",
        f"{size(node['FreeBytes'])} free of {size(node['TotalBytes'])}" if "TotalBytes" in node else "",
        connections,
        load,
        f"{_number(node['Requests']):,}" if node["Requests"] else "",
    ]


def _number(counts: dict[str, int]) -> int:
    """Of requests; PostgreSQL counts transactions, and rows besides."""
    return counts["commits"] + counts["rollbacks"] if "commits" in counts else sum(counts.values())


def _lag(node: dict[str, Any]) -> str:
    found = [size(node["LagBytes"])] if "LagBytes" in node else []
    if "LagSeconds" in node:
        found.append(f"{node['LagSeconds']:.2f} s")
    return ", ".join(found)


def _requests(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Level, name and counts."""
    yield "instance", told.get("InstanceId", ""), told["Requests"]
    for shard in told["Shards"]:
        yield "shard", shard["ShardId"], shard["Requests"]
    for _, node in _nodes(told):
        if node["Requests"]:
            yield "node", node["Name"], node["Requests"]


def _kinds(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in counts.items()) or "none"


def size(count: float) -> str:
    """A number of bytes for people, in units of 1,000."""
    for unit in _UNITS[:-1]:
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 99.95 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} {_UNITS[-1]}"
