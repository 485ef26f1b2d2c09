"""`python -m benchmarks.scale`: what one request costs a server, and the PostgreSQL under it, in CPU and in log.

The figures of docs/scale.md. A PostgreSQL is started (Debian's package), a server on it, and a load over 32 connections
with signatures that are verified. CPU of PostgreSQL is that of all its processes; bytes of log are what it wrote ahead.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psycopg

from benchmarks import workload
from benchmarks.load import put_on
from benchmarks.process import Process
from benchmarks.scratch import Say, in_scratch
from benchmarks.signing import Key
from benchmarks.target import Target, free_port, load_over_http
from tests import postgres

_TICK = os.sysconf("SC_CLK_TCK")
_STATOR = [str(Path(sys.executable).with_name("stator"))]
_CONNECTIONS = 32
_REQUESTS_MAX = 60_000


def cluster_cpu_seconds(data: Path) -> float:
    """Of the postmaster and all its children, those that have ended included."""
    root = int((data / "postmaster.pid").read_text().split()[0])
    total = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(folder.name) == root:
                total += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == root:
                total += int(fields[11]) + int(fields[12])
    return total / _TICK


def log_bytes(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8").fetchone()
    return int(row[0]) if row else 0


def make_key(url: str) -> Key:
    command = [*_STATOR, "keys", "create", "--store", url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    made = dict(line.split("=", 1) for line in printed.splitlines())
    return Key(made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"])


async def start(url: str, scratch: Path) -> Target:
    key = await asyncio.to_thread(make_key, url)
    port = free_port()
    command = [*_STATOR, "serve", "--port", str(port), "--store", url, "--archive", str(scratch / "archive")]
    process = await Process.start(command, port, scratch / "server.log", ready=b"stator listening")
    return Target("stator", process, key, 10_000)


def requests(target: Target, asked: workload.Workload, first: int) -> Iterable[bytes]:
    signer = target.signer()
    for number in range(first, first + _REQUESTS_MAX):
        yield signer.sign(asked.operation, asked.body(number, target.items))


async def measure(scratch: Path, seconds: float, say: Say) -> None:
    cluster = postgres.shared()
    if cluster is None:
        raise SystemExit("there is no PostgreSQL here: apt-get install postgresql")
    url = cluster.new_database()
    target = await start(url, scratch)
    try:
        await load_over_http(target)
        for asked in (workload.GET_ITEM, workload.PUT_ITEM):
            ready = list(requests(target, asked, 1_000_000))
            await put_on(target.process.host, target.process.port, ready[:500], _CONNECTIONS, 2.0)
            own, below, log = target.process.used().cpu_seconds, cluster_cpu_seconds(cluster.data), log_bytes(url)
            answered = await put_on(target.process.host, target.process.port, ready[500:], _CONNECTIONS, seconds)
            own = (target.process.used().cpu_seconds - own) / answered.requests * 1e6
            below = (cluster_cpu_seconds(cluster.data) - below) / answered.requests * 1e6
            written = (log_bytes(url) - log) / answered.requests
            say(
                f"{asked.name}: {answered.requests_per_second:,.0f} a second, {own:.0f} us of CPU in the server,"
                f" {below:.0f} us in PostgreSQL, {written:,.0f} bytes of log"
            )
    finally:
        await target.process.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load")
    chosen = parser.parse_args()
    in_scratch(lambda scratch, say: measure(scratch, chosen.seconds, say))


if __name__ == "__main__":
    main()
