"""A real PostgreSQL server for tests: Debian's package, in a folder of its own, on a free port.

One cluster serves a whole run of pytest (of each of its workers); every test gets a database of its own. `None` from
`shared` means that this machine has no PostgreSQL: `apt-get install postgresql`.
"""

import atexit
import contextlib
import functools
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.programs import MissingProgram, free_ports, identity, own, postgres_programs

START_SECONDS_MAX = 60.0
USER = "postgres"  # of the database

_databases = itertools.count(1)


@functools.cache
def binaries() -> Path | None:
    """Where the server's programs are; None if they are nowhere."""
    try:
        return postgres_programs()
    except MissingProgram:
        return None


@functools.cache
def shared() -> "Cluster | None":
    """The cluster of this process, started when it is first asked for."""
    if binaries() is None:
        return None
    cluster = Cluster()
    atexit.register(cluster.remove)
    return cluster


ENGINE = os.environ.get("STATOR_TEST_STORE", "")
"""`postgres` has the servers of tests store in PostgreSQL what they would have in a data directory or in memory."""


def embedded_only(reason: str) -> pytest.MarkDecorator:
    """For a test of servers that says something of the embedded engine alone."""
    return pytest.mark.skipif(ENGINE == "postgres", reason=reason)


_stores: dict[Path, str] = {}


def store_of(data_dir: Path | None) -> str:
    """The URL that a test's server stores in: always the same for one data directory, a new one for None. Empty where
    servers have the embedded engine."""
    if ENGINE != "postgres":
        return ""
    if data_dir is not None and data_dir in _stores:
        return _stores[data_dir]
    cluster = shared()
    assert cluster is not None, "STATOR_TEST_STORE=postgres, and this machine has no PostgreSQL"
    url = cluster.new_database()
    if data_dir is not None:
        _stores[data_dir] = url
    return url


def wait_until_left(url: str) -> None:
    """Wait for the end of the connections to a database whose clients were killed, and of what they had sent."""
    name = url.rpartition("/")[2]
    end = time.monotonic() + START_SECONDS_MAX
    while execute(url, f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"):
        assert time.monotonic() < end
        time.sleep(0.02)


class Postmaster:
    """A running server of one folder."""

    def __init__(self, folder: Path, port: int, options: Sequence[str]) -> None:
        self.process = _postgres(folder, port, options)
        # No server outlives a pytest that was killed: then this one reads the end of its input.
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", 'cat > /dev/null; kill -QUIT "$1"', "sh", str(self.process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        _wait_until_up(port, self.process, folder)

    def stop(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(START_SECONDS_MAX)
        self._reaper.kill()
        self._reaper.wait()
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()


class Cluster:
    """A server, running when made. Commits are as durable as the disk is; only making the cluster is not synced."""

    def __init__(self, *options: str) -> None:
        self._folder = _make_folder()
        self.data = self._folder / "data"
        self.port = free_port()
        self._postmaster: Postmaster | None = None
        _run("initdb", "--no-sync", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "-D", self.data)
        self.options = (
            "max_connections=300",
            "shared_buffers=64MB",
            "max_wal_senders=10",
            "hot_standby=on",
            *options,
        )
        self.start()

    def start(self) -> None:
        """Raises AssertionError when it does not come up."""
        self._postmaster = Postmaster(self._folder, self.port, self.options)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all connections and shuts down, SIGQUIT leaves everything as a crash would."""
        if self._postmaster is not None:
            self._postmaster.stop(how)
            self._postmaster = None

    def kill(self) -> None:
        """As if the machine's power had failed, save that what the system was given is still written."""
        assert self._postmaster is not None
        self._postmaster.process.send_signal(signal.SIGSTOP)  # or it would start new ones for those that die
        for child in _children(self._postmaster.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._postmaster.stop(signal.SIGKILL)
        self._postmaster = None
        _wait_until_free(self.port)

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"test{next(_databases)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, text: str, url: str | None = None) -> list[tuple[Any, ...]]:
        return execute(url or self.url(), text)

    def standby(self) -> "Standby":
        return Standby(self)


class Standby:
    """A hot standby that follows a cluster by streaming replication."""

    def __init__(self, primary: Cluster) -> None:
        self._folder = _make_folder()
        self.data = self._folder / "data"
        self.port = free_port()
        self._options = primary.options
        source = f"host=127.0.0.1 port={primary.port} user={USER} application_name=standby"
        _run("pg_basebackup", "-D", self.data, "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        self._postmaster: Postmaster | None = None
        self.start()

    def start(self) -> None:
        self._postmaster = Postmaster(self._folder, self.port, self._options)

    def stop(self) -> None:
        if self._postmaster is not None:
            self._postmaster.stop(signal.SIGINT)
            self._postmaster = None

    def promote(self) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"


def execute(url: str, text: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(text.encode())
        return cursor.fetchall() if cursor.description else []


def free_port() -> int:
    """One that no connection gets, either, while its server is down."""
    (port,) = free_ports(1)
    return port


def _make_folder() -> Path:
    return own(Path(tempfile.mkdtemp(prefix="stator-postgres-", dir="/tmp")))


def _run(program: str, *arguments: str | Path) -> None:
    folder = binaries()
    assert folder is not None
    done = subprocess.run(
        [folder / program, *arguments], capture_output=True, check=False, cwd="/tmp", env=_environment(), **identity()
    )
    assert done.returncode == 0, done.stderr.decode()


def _postgres(folder: Path, port: int, options: Sequence[str]) -> subprocess.Popen[bytes]:
    programs = binaries()
    assert programs is not None
    command = [
        str(programs / "postgres"),
        "-D",
        str(folder / "data"),
        "-p",
        str(port),
        "-k",
        str(folder),
        "-h",
        "127.0.0.1",
    ]
    for option in options:
        command += ["-c", option]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd="/tmp",
            env=_environment(),
            **identity(),
        )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _wait_until_up(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user=USER, dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            log = (folder / "log").read_text()[-3000:]
            assert process.poll() is None, f"PostgreSQL ended:\n{log}"
            assert time.monotonic() < end, f"PostgreSQL did not start:\n{log}"
            time.sleep(0.02)
        else:
            return


def _wait_until_free(port: int) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"port {port} is still taken")


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []
