"""The nodes of a real PostgreSQL: a primary, standbys of both kinds, one that is down, and what a plain role sees."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stator.storage.node import Node, Shard
from stator.storage.postgres.location import Location
from stator.storage.postgres.nodes import PostgresNodes, addresses
from tests import postgres

SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Servers:
    primary: postgres.Cluster
    standby: postgres.Standby

    def shards(self, *ports: int, user: str = postgres.USER, standbys: str | None = None) -> list[Shard]:
        """As seen by way of these ports."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        location = Location.parse(f"postgresql://{user}@{hosts}/postgres", read_write=True)
        reading = None if standbys is None else Location.parse(standbys, read_write=False)
        return asyncio.run(PostgresNodes(location, reading).shards())

    def nodes(self, *ports: int, user: str = postgres.USER) -> list[Node]:
        (shard,) = self.shards(*ports, user=user)
        assert shard.name == "0"
        return list(shard.nodes)

    def make_synchronous(self, names: str) -> None:
        self.primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.primary.execute("SELECT pg_reload_conf()")
        expected = "sync" if names else "async"
        end = time.monotonic() + SECONDS_MAX
        while self.primary.execute("SELECT sync_state FROM pg_stat_replication") != [(expected,)]:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    if postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    primary = postgres.Cluster()
    standby = primary.standby()
    yield Servers(primary, standby)
    standby.remove()
    primary.remove()


@pytest.fixture
def ports(servers: Servers) -> tuple[int, int]:
    servers.make_synchronous("")
    return servers.primary.port, servers.standby.port


def test_a_primary_tells_of_itself(servers: Servers, ports: tuple[int, int]) -> None:
    servers.primary.execute("CREATE TABLE IF NOT EXISTS seen (a int); INSERT INTO seen VALUES (1)")
    before = time.time()
    node = servers.nodes(ports[0])[0]
    assert (node.name, node.role, node.state) == (f"127.0.0.1:{ports[0]}", "primary", "running")
    assert node.used_bytes is not None
    assert node.used_bytes > 1_000_000
    assert node.total_bytes is not None
    assert node.free_bytes is not None
    assert node.free_bytes <= node.total_bytes
    assert node.since is not None
    assert before - 3600 < node.since <= before
    assert node.connections is not None
    assert node.connections >= 1  # the one that asks
    assert node.connections_max == 300
    assert node.requests.keys() == {
        "commits",
        "rollbacks",
        "rows_read",
        "rows_inserted",
        "rows_updated",
        "rows_deleted",
    }
    assert node.lag_bytes is None
    assert node.version is not None
    assert int(node.version.partition(".")[0]) >= 13


@pytest.mark.parametrize("synchronous", ["standby", ""])
def test_a_standby_is_of_the_kind_that_its_primary_says(
    servers: Servers, ports: tuple[int, int], synchronous: str
) -> None:
    servers.make_synchronous(synchronous)
    primary, standby = servers.nodes(*ports)
    assert (primary.role, standby.role) == ("primary", "sync standby" if synchronous else "async standby")
    assert standby.name == f"127.0.0.1:{ports[1]}"
    assert standby.lag_bytes is not None
    assert standby.lag_bytes >= 0
    assert standby.lag_seconds is not None
    # The primary comes first, however they are named.
    assert [node.role for node in servers.nodes(ports[1], ports[0])] == [primary.role, standby.role]


def test_a_standby_that_no_url_names_is_told_of_by_its_primary(servers: Servers, ports: tuple[int, int]) -> None:
    primary, standby = servers.nodes(ports[0])
    assert primary.role == "primary"
    assert (standby.name, standby.role, standby.state) == ("standby (127.0.0.1)", "async standby", "streaming")
    assert standby.used_bytes is None


def test_standbys_that_only_reads_go_to_are_seen(servers: Servers, ports: tuple[int, int]) -> None:
    (shard,) = servers.shards(ports[0], standbys=servers.standby.url())
    assert [node.name for node in shard.nodes] == [f"127.0.0.1:{port}" for port in ports]


def test_a_node_that_is_down_is_shown_with_the_reason(servers: Servers, ports: tuple[int, int]) -> None:
    nowhere = postgres.free_port()
    primary, lost, *_ = servers.nodes(ports[0], nowhere)
    assert primary.role == "primary"
    assert (lost.name, lost.role, lost.state) == (f"127.0.0.1:{nowhere}", "unknown", "unreachable")
    assert lost.detail is not None
    assert "refused" in lost.detail
    (alone,) = servers.nodes(nowhere)
    assert alone.state == "unreachable"


def test_a_standby_is_seen_while_its_primary_is_not(servers: Servers, ports: tuple[int, int]) -> None:
    (standby,) = servers.nodes(ports[1])
    assert (standby.role, standby.lag_bytes) == ("standby", None)


def test_a_plain_role_sees_less(servers: Servers, ports: tuple[int, int]) -> None:
    servers.primary.execute("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN")
    end = time.monotonic() + SECONDS_MAX
    while True:
        primary, standby, *_ = servers.nodes(*ports, user="plain")
        if standby.state == "running":  # the role has come that far
            break
        assert time.monotonic() < end
        time.sleep(0.05)
    assert (primary.role, primary.total_bytes, primary.load) == ("primary", None, None)
    assert (standby.role, standby.lag_seconds) == ("standby", None)
    assert standby.lag_bytes is not None


def test_groups_of_citus_are_shards(servers: Servers, ports: tuple[int, int]) -> None:
    """Its catalog is made up here; what counts is who is asked and where each is put."""
    nowhere = postgres.free_port()
    servers.primary.execute(
        "CREATE TABLE pg_dist_node (groupid int, nodename text, nodeport int, noderole text, isactive bool)"
    )
    try:
        servers.primary.execute(
            f"INSERT INTO pg_dist_node VALUES (0, '127.0.0.1', {ports[0]}, 'primary', true),"
            f" (1, '127.0.0.1', {ports[1]}, 'primary', true), (2, '127.0.0.1', {nowhere}, 'primary', true),"
            f" (3, '127.0.0.1', 1, 'primary', false)"
        )
        shards = servers.shards(ports[0])
    finally:
        servers.primary.execute("DROP TABLE pg_dist_node")
    assert [(shard.name, shard.nodes[0].role) for shard in shards] == [
        ("0", "coordinator"),
        ("1", "standby"),  # which it is; a real group has a primary of its own
        ("2", "unknown"),
    ]
    assert [shard.nodes[0].name for shard in shards] == [f"127.0.0.1:{port}" for port in (*ports, nowhere)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://a,b:7/d", [("a", "5432"), ("b", "7")]),
        ("postgresql:///d?host=/run/postgresql", [("/run/postgresql", "5432")]),
        ("postgresql:///d?host=a,b&port=6", [("a", "6"), ("b", "6")]),
        ("postgresql:///d", [("localhost", "5432")]),
    ],
)
def test_every_node_that_a_url_names(url: str, expected: list[tuple[str, str]]) -> None:
    assert addresses(Location.parse(url, read_write=True)) == expected
