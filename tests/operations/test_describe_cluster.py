"""DescribeCluster, an operation of Stator's own: the instance, its shards and its nodes."""

from pathlib import Path
from typing import Any

import pytest

from tests.crash.server_process import PlainClient
from tests.running import RunningServer, start_server, wait_until


@pytest.fixture
def client(server: RunningServer) -> Any:
    made = PlainClient(server.server.port)
    yield made
    made.close()


def describe(client: PlainClient) -> dict[str, Any]:
    reply = client.call("Stator_20261121.DescribeCluster", {})
    assert reply.status == 200, reply
    told: dict[str, Any] = reply.body
    return told


def test_the_node_that_answers_is_seen(client: PlainClient, server: RunningServer) -> None:
    assert client.call("ListTables", {}).status == 200
    # What was seen a moment ago may be told again.
    wait_until(lambda: describe(client)["Requests"].get("ListTables", 0) >= 1 <= describe(client)["Connections"])
    told = describe(client)
    (shard,) = told["Shards"]
    if server.settings.store:
        assert told["Engine"] == "PostgreSQL"
        (router,) = told["Routers"]
        assert (router["Name"], router["Role"], router["State"]) == (server.url, "router", "running")
        (node,) = shard["Nodes"]
        assert node["Role"] == "primary"
        assert node["Requests"]["commits"] > 0
        assert told["UsedBytes"] == node["UsedBytes"] > 0
    else:
        assert (told["Engine"], told["Routers"]) == ("SQLite", [])
        (node,) = shard["Nodes"]
        assert (node["Name"], node["Role"], node["Url"]) == ("memory", "embedded", server.url)
        assert node["Requests"] == told["Requests"]
    assert node["State"] == "running"


def test_a_folder_is_seen_with_its_volume(tmp_path: Path) -> None:
    server = start_server(tmp_path / "data")
    try:
        client = PlainClient(server.server.port)
        told = describe(client)
        client.close()
    finally:
        server.close()
    (shard,) = told["Shards"]
    (node,) = shard["Nodes"]
    assert 0 < node["UsedBytes"] < node["TotalBytes"]
    assert node["FreeBytes"] <= node["TotalBytes"]
    if not server.settings.store:
        assert node["Name"] == str(tmp_path / "data")


def test_members_that_there_are_none_of_are_ignored(client: PlainClient) -> None:
    assert client.call("Stator_20261121.DescribeCluster", {"Shard": 1}).status == 200


def test_nobody_asks_without_a_signature(server: RunningServer) -> None:
    import urllib.error
    import urllib.request

    headers = {"X-Amz-Target": "Stator_20261121.DescribeCluster", "Content-Type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(server.url, b"{}", headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    assert b"MissingAuthenticationToken" in refused.value.read()
