"""What `stator cluster` makes of answers."""

from argparse import Namespace
from typing import Any

import orjson
import pytest

from stator.cli import cluster as module
from stator.cli.cluster import cluster, size

PRIMARY: dict[str, Any] = {
    "Name": "10.0.0.7:5432",
    "Role": "primary",
    "State": "running",
    "UsedBytes": 7_839_079,
    "TotalBytes": 270_553_174_016,
    "FreeBytes": 76_739_350_528,
    "Connections": 18,
    "MaxConnections": 200,
    "ActiveConnections": 1,
    "Requests": {"commits": 1380, "rollbacks": 1, "rows_read": 10_217},
}
STANDBY: dict[str, Any] = {
    "Name": "10.0.0.8:5432",
    "Role": "sync standby",
    "State": "running",
    "LagBytes": 16_384,
    "LagSeconds": 0.25,
    "Requests": {},
}
ROUTER: dict[str, Any] = {
    "Name": "http://10.0.0.5:8000",
    "Role": "router",
    "State": "running",
    "Connections": 1,
    "LoadAverage": 0.5,
    "Processors": 4,
    "Requests": {"GetItem": 2, "PutItem": 40},
}
TOLD: dict[str, Any] = {
    "Engine": "PostgreSQL",
    "InstanceId": "i[red]1",
    "UsedBytes": 7_839_079,
    "Connections": 1,
    "Requests": {"GetItem": 2, "PutItem": 40},
    "Routers": [ROUTER],
    "Shards": [{"ShardId": "0", "Requests": {"commits": 1380}, "Nodes": [PRIMARY, STANDBY]}],
}
LOST = {"Name": "10.0.0.9:5432", "Role": "unknown", "State": "unreachable", "Detail": "refused", "Requests": {}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The answer, to be changed before the command is run."""
    told: dict[str, Any] = orjson.loads(orjson.dumps(TOLD))

    class Client:
        def __init__(self, *_: object) -> None: ...

        def call(self, operation: str, members: object) -> dict[str, Any]:
            assert (operation, members) == ("DescribeCluster", {})
            return told

    monkeypatch.setattr(module, "Client", Client)
    return told


def run(json: bool = False) -> int:
    return cluster(Namespace(url=None, region=None, profile=None, json=json))


def row(out: str, name: str) -> list[str]:
    """The cells of the first row with this name."""
    line = next(line for line in out.splitlines() if f" {name} " in line)
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_every_node_has_a_row(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    out = capsys.readouterr().out
    first = "Instance i[red]1 in PostgreSQL: 1 shard, 7.8 MB used, 1 connection, 42 requests"
    assert out.splitlines()[0] == first
    name = PRIMARY["Name"]
    space = "76.7 GB free of 271 GB"
    assert row(out, name) == ["0", name, "primary", "running", "", "7.8 MB", space, "18 of 200", "1 active", "1,381"]
    assert row(out, STANDBY["Name"])[2:5] == ["sync standby", "running", "16.4 kB, 0.25 s"]
    assert row(out, ROUTER["Name"])[-2:] == ["0.50 on 4", "42"]


def test_requests_are_told_at_every_level(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    run()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in capsys.readouterr().out.splitlines()]
    assert ["instance", "i[red]1", "GetItem 2, PutItem 40"] in rows
    assert ["shard", "0", "commits 1,380"] in rows
    assert ["node", "10.0.0.7:5432", "commits 1,380, rollbacks 1, rows_read 10,217"] in rows
    assert not any(cells[:2] == ["node", STANDBY["Name"]] for cells in rows)  # nothing is known of it


@pytest.mark.parametrize("lost", [LOST, ROUTER | {"State": "gone"}])
def test_what_is_lost_shows_in_the_exit_code(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], lost: dict[str, Any]
) -> None:
    (asked["Routers"] if lost["Role"] == "router" else asked["Shards"][0]["Nodes"]).append(lost)
    assert run() == 1
    out = capsys.readouterr().out
    assert lost["State"] in out
    assert ("10.0.0.9:5432: refused" in out) is ("Detail" in lost)


def test_json_is_the_answer(asked: dict[str, Any], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(json=True) == 0
    assert orjson.loads(capfdbinary.readouterr().out) == TOLD


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_600, "1.0 MB"),
        (2.5e12, "2.5 TB"),
        (12_345e15, "12,345.0 PB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text
