"""Each of two routers shows both, and both their requests."""

from collections.abc import Iterator
from typing import Any

import pytest

from stator.services.cluster import heartbeat
from tests.crash.server_process import PlainClient
from tests.routers.pair import Pair, in_touch
from tests.running import wait_until


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr("stator.assembly.BEAT_SECONDS", 0.1)
    with in_touch():
        both = Pair()
        yield both
        both.close()


def _ask(port: int, operation: str) -> dict[str, Any]:
    client = PlainClient(port)
    try:
        reply = client.call(operation, {})
        assert reply.status == 200, reply
        told: dict[str, Any] = reply.body
        return told
    finally:
        client.close()


def _states(port: int) -> dict[str, str]:
    told = _ask(port, "Stator_20261121.DescribeCluster")
    return {router["Name"]: router["State"] for router in told["Routers"]}


def test_each_router_shows_both_and_all_requests(pair: Pair) -> None:
    one, other = pair.servers
    for _ in range(3):
        _ask(one.port, "ListTables")
    _ask(other.port, "ListTables")
    for server in (one, other):
        both = {one.url: "running", other.url: "running"}
        wait_until(lambda server=server, both=both: _states(server.port) == both)  # type: ignore[misc]
        wait_until(
            lambda server=server: (  # type: ignore[misc]
                _ask(server.port, "Stator_20261121.DescribeCluster")["Requests"]["ListTables"] == 4
            )
        )


def test_a_router_that_stopped_is_shown_as_gone_and_then_forgotten(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair.servers
    wait_until(lambda: _states(one.port) == {one.url: "running", other.url: "running"})
    pair.stop(1)
    wait_until(lambda: _states(one.port) == {one.url: "running", other.url: "gone"})
    monkeypatch.setattr(heartbeat, "KEPT_SECONDS", 0.0)
    wait_until(lambda: _states(one.port) == {one.url: "running"})
