"""The primary of a replicated cluster is killed under load, again and again: nothing acknowledged is lost.

`make test-failover` runs it: with two minutes of its own it would take the whole suite past its quarter of an hour.
STATOR_FAILOVER_REPORT says where the figures are written; without it this is skipped. STATOR_FAILOVER_KILLS says how
often (3 without it), STATOR_FAILOVER_SEED what the clients do. With STATOR_FAILOVER_ORPHANS only the parent of PostgreSQL's processes is killed.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.patroni.cluster import Cluster
from deploy.patroni.packages import install_command, missing
from tests.crash.server_process import PlainClient, ServerProcess
from tests.failover.killing import Kill, goes_on, kill_primary, wait_for
from tests.failover.write_log import CREATE_TABLE, WriteLog, Writer, contents
from tests.serializable import clients, history
from tests.serializable.checker import unbalanced, violations

_KILLS = int(os.environ.get("STATOR_FAILOVER_KILLS", "3"))
_SEED = int(os.environ.get("STATOR_FAILOVER_SEED", "1"))
_REPORT = os.environ.get("STATOR_FAILOVER_REPORT")
_ORPHANS = bool(os.environ.get("STATOR_FAILOVER_ORPHANS"))
_LOCK_SECONDS = 8

pytestmark = pytest.mark.skipif(not _REPORT, reason="make test-failover runs it")
_WRITERS = 4
_CLIENTS = 4


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    packages = missing()
    if packages:
        pytest.skip(f"needs, as root: {install_command(packages)}")
    # Not pytest's own folder: only root may enter that, and PostgreSQL runs as somebody else.
    one = Cluster.create(Path(tempfile.mkdtemp(prefix="stator-failover-")), lock_seconds=_LOCK_SECONDS)
    down = [sys.executable, "-m", "deploy.patroni", "down", "--delete", "--dir", str(one.folder)]
    # No cluster outlives a pytest that was killed: this one then reads the end of its input.
    reaper = subprocess.Popen(
        ["/bin/sh", "-c", 'cat > /dev/null; exec "$@"', "sh", *down], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        one.start()
        yield one
    finally:
        one.delete()
        reaper.kill()
        reaper.communicate()


@pytest.fixture
def routers(cluster: Cluster, tmp_path: Path) -> Iterator[list[ServerProcess]]:
    """Two servers on one store."""
    begun: list[ServerProcess] = []
    try:
        for name in ("one", "two"):
            begun.append(ServerProcess(tmp_path / name, tmp_path / f"{name}.log", "--store", cluster.store_url))
        yield [router.wait_until_ready() for router in begun]
    finally:
        for router in begun:
            router.kill()


@pytest.mark.slow
def test_a_killed_primary_costs_no_acknowledged_write(
    cluster: Cluster, routers: list[ServerProcess], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    log, field = WriteLog(), clients.Field()
    field.ports = [router.port for router in routers]
    with contextlib.closing(PlainClient(field.ports[0])) as client:
        assert client.call("CreateTable", CREATE_TABLE).status == 200
        field.history += clients.create(client)
    with contextlib.closing(PlainClient(field.ports[1])) as client:
        request = {"TableName": CREATE_TABLE["TableName"]}
        wait_for(lambda: client.call("DescribeTable", request).status == 200, lambda: "the other router knows no table")
    kills = _kill_under_load(cluster, log, field)

    with contextlib.closing(PlainClient(field.ports[1])) as client:
        items = clients.contents(client)
        faults = log.settle(contents(client))
    figures = _figures(kills, log, field, faults) | {"seconds": round(time.monotonic() - begun, 1)}
    with capsys.disabled():
        print(f"\n{json.dumps(figures, indent=2)}")  # noqa: T201
    if _REPORT:
        Path(_REPORT).write_text(json.dumps(figures, indent=2) + "\n")

    assert faults == []
    assert log.complaints == []
    logs = {place: clients.tags(item) for place, item in items.items()}
    assert violations(field.history, logs) == []
    money = clients.MONEY * len(clients.ACCOUNTS)
    assert unbalanced(field.history, frozenset(clients.ACCOUNTS), money) == []
    assert sum(int(items[place]["money"]["N"]) for place in clients.ACCOUNTS) == money
    races = Counter(key for _, key in items if key.startswith("race"))
    assert max(races.values()) == 1, "both sides of a race won"
    for name in ("one", "two"):
        assert "stator.http.failure" not in (tmp_path / f"{name}.log").read_text()  # what no store error explains


def _kill_under_load(cluster: Cluster, log: WriteLog, field: clients.Field) -> list[Kill]:
    """Clients write and read all the while, each half of them at another router."""
    writers = [
        Writer(log, f"writer {number}", PlainClient(field.ports[number % len(field.ports)]))
        for number in range(_WRITERS)
    ]
    readers = [clients.Client(field, number, _SEED * 1000 + number) for number in range(_CLIENTS)]
    for thread in (*writers, *readers):
        thread.start()
    try:
        goes_on(log, _WRITERS)
        kills = [kill_primary(cluster, log, _WRITERS, orphans=_ORPHANS) for _ in range(_KILLS)]
    finally:
        field.stop.set()
        for writer in writers:
            writer.stop()
        for reader in readers:
            reader.join()
    assert not field.faults, field.faults
    return kills


def _figures(kills: list[Kill], log: WriteLog, field: clients.Field, faults: list[str]) -> dict[str, Any]:
    fates = Counter(one.fate for one in field.history)
    return {
        "kills": [kill._asdict() for kill in kills],
        "write_gap_seconds_max": max(kill.gap_seconds for kill in kills),
        "lock_seconds": _LOCK_SECONDS,
        "writes_acknowledged": len(log.acknowledged),
        "writes_lost": sum(fault.endswith("lost") for fault in faults),
        "errors_retryable": dict(log.errors),
        "operations_checked": len(field.history),
        "operations_of_unknown_outcome": fates[history.Fate.UNKNOWN],
    }
