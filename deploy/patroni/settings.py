"""What etcd, Patroni and PostgreSQL are told. Everything that decides whether a write can be lost is in this file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.programs import free_ports, postgres_programs, program

SCOPE = "stator"
DATABASE = "stator"


@dataclass(frozen=True, slots=True)
class Node:
    """A PostgreSQL server and the Patroni agent beside it."""

    name: str
    port: int
    agent_port: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything listens, and what opens it. Kept in cluster.json."""

    etcd_port: int
    etcd_peer_port: int
    nodes: tuple[Node, ...]
    password: str
    lock_seconds: int

    @classmethod
    def new(cls, count: int, password: str, lock_seconds: int) -> "Layout":
        ports = free_ports(2 + 2 * count)
        nodes = [Node(f"node{n + 1}", ports[2 + 2 * n], ports[3 + 2 * n]) for n in range(count)]
        return cls(ports[0], ports[1], tuple(nodes), password, lock_seconds)

    @classmethod
    def read(cls, text: str) -> "Layout":
        found = json.loads(text)
        return cls(**found | {"nodes": tuple(Node(**node) for node in found["nodes"])})

    def render(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @property
    def store_url(self) -> str:
        """Of the database, by way of whichever node takes writes."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{DATABASE}:{self.password}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    def node_url(self, node: Node, user: str = DATABASE, database: str = DATABASE) -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{node.port}/{database}"


def etcd_command(layout: Layout, folder: Path) -> list[object]:
    client, peer = (f"http://127.0.0.1:{port}" for port in (layout.etcd_port, layout.etcd_peer_port))
    return [
        program("etcd"),
        *("--name", "etcd", "--data-dir", folder),
        *("--listen-client-urls", client, "--advertise-client-urls", client),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
        *("--initial-cluster", f"etcd={peer}"),
        *("--auto-compaction-retention", "1", "--logger", "zap", "--log-level", "warn"),
    ]


def agent_settings(layout: Layout, node: Node, folder: Path) -> dict[str, Any]:
    """Patroni's configuration of one node."""
    return {
        "scope": SCOPE,
        "name": node.name,
        "restapi": {"listen": f"127.0.0.1:{node.agent_port}", "connect_address": f"127.0.0.1:{node.agent_port}"},
        "etcd3": {"host": f"127.0.0.1:{layout.etcd_port}"},
        "bootstrap": {
            "dcs": _cluster_settings(layout),
            "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            "pg_hba": [
                "host replication replicator 127.0.0.1/32 scram-sha-256",
                "host all all 127.0.0.1/32 scram-sha-256",
            ],
        },
        "postgresql": {
            "listen": f"127.0.0.1:{node.port}",
            "connect_address": f"127.0.0.1:{node.port}",
            "data_dir": str(folder / "data"),
            "bin_dir": str(postgres_programs()),
            "pgpass": str(folder / "pgpass"),
            # A node that was killed may have what no other has: pg_rewind takes it back, or it is copied anew.
            "use_pg_rewind": True,
            "remove_data_directory_on_rewind_failure": True,
            "remove_data_directory_on_diverged_timelines": True,
            "authentication": {
                "superuser": {"username": "postgres", "password": layout.password},
                "replication": {"username": "replicator", "password": layout.password},
                "rewind": {"username": "rewinder", "password": layout.password},
            },
            "parameters": {"unix_socket_directories": "", "password_encryption": "scram-sha-256"},
        },
    }


def _cluster_settings(layout: Layout) -> dict[str, Any]:
    """What holds for all nodes; Patroni keeps it in etcd."""
    # A lock that is not renewed for `ttl` is free: that is how long nobody notices that a primary is dead. Patroni
    # wants loop_wait + 2 * retry_timeout <= ttl.
    return {
        "ttl": layout.lock_seconds,
        "loop_wait": max(1, layout.lock_seconds // 10),
        "retry_timeout": max(3, (layout.lock_seconds * 9 // 10) // 2),
        # An acknowledged commit is on a second node, always: without one, commits wait (strict) instead of being
        # acknowledged by the primary alone. Only that second node may become primary.
        "synchronous_mode": True,
        "synchronous_mode_strict": True,
        # A primary whose PostgreSQL crashed hands over. Started again as primary, it would for a moment show commits
        # that no other node has.
        "primary_start_timeout": 0,
        "postgresql": {
            "use_pg_rewind": True,
            "use_slots": True,
            "parameters": {
                "max_connections": 200,
                "shared_buffers": "128MB",
                "synchronous_commit": "on",
                "wal_keep_size": "256MB",
                "max_wal_size": "512MB",
                # A connection to a node that is gone is noticed, also where the node cannot say so.
                "tcp_keepalives_idle": 5,
                "tcp_keepalives_interval": 2,
                "tcp_keepalives_count": 3,
            },
        },
    }
