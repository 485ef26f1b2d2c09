"""etcd and some PostgreSQL nodes under Patroni, on one machine, in one folder."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.patroni.process import PAUSE_SECONDS, Process, children
from deploy.patroni.settings import DATABASE, Layout, Node, agent_settings, etcd_command
from deploy.programs import own, postgres_programs, program, spawn

READY_SECONDS = 180.0

_FILE = "cluster.json"
_STOP_SECONDS = 60.0


class ClusterError(Exception):
    """The cluster does not do what it should. The text says what, and which log says why."""


class Member(NamedTuple):
    """A node as Patroni tells of it: leader, sync_standby or replica; running, streaming, starting, ... Stopped is one
    whose agent does not run, whatever the others have noticed of that."""

    name: str
    role: str
    state: str
    lag_bytes: int | None


class Cluster:
    """`open` one that was made, or make it with `create`; then `start`. Nothing runs before that, and everything that
    runs goes on until `stop`, also after this process has ended."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder = folder
        self.layout = layout
        self._etcd = Process(folder / "etcd")
        self._agents = {node.name: Process(folder / node.name) for node in layout.nodes}

    @classmethod
    def exists(cls, folder: Path) -> bool:
        return (folder / _FILE).exists()

    @classmethod
    def open(cls, folder: Path) -> "Cluster":
        """Raises FileNotFoundError."""
        return cls(folder, Layout.read((folder / _FILE).read_text()))

    @classmethod
    def create(cls, folder: Path, nodes: int = 3, lock_seconds: int = 20) -> "Cluster":
        """A new one in an empty folder. A primary that is silent for `lock_seconds` has lost its place."""
        if folder.exists() and any(folder.iterdir()):
            raise ClusterError(f"{folder} is not empty and holds no cluster")
        layout = Layout.new(nodes, secrets.token_urlsafe(16), lock_seconds)
        own(folder)
        for name in ("etcd", *(node.name for node in layout.nodes)):
            own(folder / name)
        for node in layout.nodes:
            settings = folder / node.name / "patroni.yml"
            # JSON is YAML, too. It holds the password: the folder is private.
            settings.write_text(json.dumps(agent_settings(layout, node, folder / node.name), indent=2) + "\n")
        (folder / _FILE).write_text(layout.render())
        return cls(folder, layout)

    @property
    def store_url(self) -> str:
        return self.layout.store_url

    # What runs

    def start(self, ready_seconds: float = READY_SECONDS) -> None:
        """Start what does not run, and wait until all nodes are up and one is synchronous. Raises ClusterError."""
        self._etcd.start(etcd_command(self.layout, self.folder / "etcd" / "data"))
        self._await(lambda: self._ask(self.layout.etcd_port, "health"), "etcd does not answer", self._etcd.log)
        for node in self.layout.nodes:
            self.start_node(node.name)
        self.wait_until_whole(ready_seconds)
        self._make_database()

    def start_node(self, name: str) -> None:
        """Start a node's agent, which starts its PostgreSQL: as primary only if it gets the lock."""
        self._agents[name].start([program("patroni"), self.folder / name / "patroni.yml"])

    def wait_until_whole(self, seconds: float = READY_SECONDS) -> None:
        """Until one node leads, one is synchronous and all follow. Raises ClusterError."""
        self._await(self.whole, f"not all nodes are up: {self.members()}", self.folder / "node*/log", seconds)

    def kill_node(self, name: str, *, orphans: bool = False) -> None:
        """Kill an agent and all of its PostgreSQL, as when a machine loses power. `orphans` leaves alive what serves
        connections: most of it ends by itself, some hangs and keeps its connections open."""
        postmaster = self._postmaster(name)
        if postmaster is not None:
            os.kill(postmaster, signal.SIGSTOP)  # it begets no more
            for pid in (*([] if orphans else children(postmaster)), postmaster):
                os.kill(pid, signal.SIGKILL)
        self._agents[name].stop(signal.SIGKILL, _STOP_SECONDS)

    def stop(self) -> None:
        """Stop everything in order: standbys, then the primary, then etcd. Raises ClusterError."""
        leader = self.leader()
        for name in sorted(self._agents, key=lambda name: name == leader):
            if not self._agents[name].stop(signal.SIGTERM, _STOP_SECONDS):
                raise ClusterError(f"{name} does not stop; see {self._agents[name].log}")
            self._stop_orphan(name)
        if not self._etcd.stop(signal.SIGTERM, _STOP_SECONDS):
            raise ClusterError(f"etcd does not stop; see {self._etcd.log}")

    def delete(self) -> None:
        """Stop everything and forget the data."""
        self.stop()
        shutil.rmtree(self.folder)

    def running(self) -> bool:
        """Is there anything that runs?"""
        return any(process.pid for process in (self._etcd, *self._agents.values()))

    # What it is like

    def members(self) -> list[Member]:
        """All nodes, as the first that answers says; none while no agent answers."""
        for node in self.layout.nodes:
            answer = self._ask(node.agent_port, "cluster")
            if answer is not None:
                found = {member["name"]: member for member in json.loads(answer).get("members", ())}
                return [self._member(node, found.get(node.name, {})) for node in self.layout.nodes]
        return []

    def leader(self) -> str | None:
        """The node that takes writes, by what it says itself; None while none does."""
        for node in self.layout.nodes:
            if self._ask(node.agent_port, "primary") is not None:
                return node.name
        return None

    def whole(self) -> bool:
        """Does one node lead, another follow it in every commit, and the rest follow, too?"""
        members = self.members()
        roles = [member.role for member in members]
        states = {member.state for member in members}
        followers = len(members) - 1
        return (
            self.leader() is not None
            and roles.count("leader") == 1
            and (roles.count("sync_standby") == 1 or not followers)
            and states <= {"running", "streaming"}
            and all(member.lag_bytes is not None for member in members if member.role != "leader")
        )

    def node(self, name: str) -> Node:
        return next(node for node in self.layout.nodes if node.name == name)

    def sql(self, statement: str, node: str | None = None, database: str = "postgres") -> str:
        """What psql prints of a statement by the superuser. Raises ClusterError."""
        name = node or self.leader()
        if name is None:
            raise ClusterError("no node leads")
        url = self.layout.node_url(self.node(name), "postgres", database)
        command = [postgres_programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        variables = {"PGPASSWORD": self.layout.password}
        url = url.replace(f":{self.layout.password}@", "@")  # others can read what a command was given
        process = spawn([*command, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, environment=variables)
        out, err = process.communicate(timeout=_STOP_SECONDS)
        if process.returncode:
            raise ClusterError(err.decode(errors="replace").strip())
        return out.decode().strip()

    # How that is done

    def _make_database(self) -> None:
        password = self.layout.password  # of letters, digits, - and _
        if not self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{DATABASE}'"):  # noqa: S608  a constant
            self.sql(f"CREATE ROLE {DATABASE} LOGIN PASSWORD '{password}' IN ROLE pg_monitor")
        if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608
            self.sql(f"CREATE DATABASE {DATABASE} OWNER {DATABASE}")

    def _postmaster(self, name: str) -> int | None:
        try:
            pid = int((self.folder / name / "data" / "postmaster.pid").read_text().split()[0])
            program_run = Path(f"/proc/{pid}/exe").readlink().name
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if program_run.startswith("postgres") else None

    def _stop_orphan(self, name: str) -> None:
        """PostgreSQL goes on where its agent was killed."""
        postmaster = self._postmaster(name)
        if postmaster is not None:
            os.kill(postmaster, signal.SIGINT)
            log = self._agents[name].log
            self._await(lambda: self._postmaster(name) is None, f"PostgreSQL of {name} does not stop", log)

    def _member(self, node: Node, found: Mapping[str, object]) -> Member:
        lag = found.get("lag", 0 if found.get("role") == "leader" else None)
        state = str(found.get("state", "starting")) if self._agents[node.name].pid else "stopped"
        return Member(node.name, str(found.get("role", "unknown")), state, lag if isinstance(lag, int) else None)

    def _ask(self, port: int, path: str) -> str | None:
        """The answer of an agent or of etcd; None when there is none, or it is no."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as reply:
                text: str = reply.read().decode()
                return text
        except (OSError, urllib.error.URLError):
            return None

    def _await(
        self, condition: Callable[[], object], complaint: str, log: Path, seconds: float = _STOP_SECONDS
    ) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise ClusterError(f"{complaint} after {seconds:.0f} s; see {log}")
            time.sleep(PAUSE_SECONDS * 4)
