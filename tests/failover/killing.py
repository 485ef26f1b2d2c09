"""Killing the primary of a cluster while clients write, and what that was like for them."""

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from deploy.patroni.cluster import READY_SECONDS, Cluster
from tests.failover.write_log import WriteLog

T = TypeVar("T")


class Kill(NamedTuple):
    """`gap_seconds`: how long nobody's write was acknowledged. `rejoin_seconds`: from starting the killed node again
    until it followed and the cluster was as before."""

    killed: str
    promoted: str
    gap_seconds: float
    rejoin_seconds: float


def kill_primary(cluster: Cluster, log: WriteLog, writers: int, *, orphans: bool = False) -> Kill:
    """Kill the primary, wait until all writers go on, start it again and wait until it follows."""
    cluster.wait_until_whole()
    killed = cluster.leader()
    assert killed is not None
    begun = time.monotonic()
    cluster.kill_node(killed, orphans=orphans)
    promoted = wait_for(lambda: _successor(cluster, killed), lambda: f"nobody took over from {killed}")
    goes_on(log, writers)
    gap = log.gap(begun)
    restarted = time.monotonic()
    cluster.start_node(killed)
    cluster.wait_until_whole()
    rejoined = time.monotonic() - restarted
    # It may have been promoted since, if the other was not quick enough: that one then follows.
    for node in cluster.layout.nodes:
        follows = cluster.sql("SELECT pg_is_in_recovery()", node.name) == "t"
        assert follows == (node.name != cluster.leader()), f"{node.name} also takes writes"
    goes_on(log, writers)
    return Kill(killed, promoted, gap, rejoined)


def goes_on(log: WriteLog, writers: int) -> None:
    """Wait until each writer has had a new acknowledgement."""
    moment = time.monotonic()
    wait_for(lambda: log.all_since(writers, moment), lambda: f"stuck since {moment}: {log.latest}, {log.complaints}")


def wait_for(condition: Callable[[], T], complaint: Callable[[], str], seconds: float = READY_SECONDS) -> T:
    """Until the condition is met; what it then is."""
    end = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < end, complaint()
        time.sleep(0.1)
    return met


def _successor(cluster: Cluster, killed: str) -> str:
    leader = cluster.leader()
    return "" if leader is None or leader == killed else leader
