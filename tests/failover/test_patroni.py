"""The cluster for trying failover out: what it is told, and what its command says. No program is started here."""

import json
import os
import stat
from pathlib import Path

import pytest

from deploy.patroni import __main__ as command
from deploy.patroni import packages, settings
from deploy.patroni.cluster import Cluster, ClusterError
from deploy.patroni.process import Process, started
from deploy.patroni.settings import Layout, Node, agent_settings
from deploy.programs import free_ports, program

LAYOUT = Layout(1, 2, (Node("node1", 3, 4), Node("node2", 5, 6)), "secret", 20)


@pytest.fixture(autouse=True)
def _as_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # the account of the package may not be there


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "postgres_programs", lambda: tmp_path / "bin")


def test_a_layout_is_read_as_it_was_written() -> None:
    assert Layout.read(LAYOUT.render()) == LAYOUT


def test_the_store_is_whichever_node_takes_writes() -> None:
    url = "postgresql://stator:secret@127.0.0.1:3,127.0.0.1:5/stator?target_session_attrs=read-write"
    assert LAYOUT.store_url == url


def test_ports_differ_and_are_none_that_connections_get() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(ports) < low or low < 32_768


@pytest.mark.parametrize("seconds", [8, 20, 60, 300])
def test_an_agent_acknowledges_nothing_alone_and_notices_before_its_lock_is_gone(
    installed: None, tmp_path: Path, seconds: int
) -> None:
    layout = Layout(1, 2, LAYOUT.nodes, "secret", seconds)
    told = agent_settings(layout, layout.nodes[0], tmp_path)
    cluster = told["bootstrap"]["dcs"]
    assert cluster["synchronous_mode"] is True
    assert cluster["synchronous_mode_strict"] is True
    assert cluster["postgresql"]["parameters"]["synchronous_commit"] == "on"
    assert cluster["loop_wait"] + 2 * cluster["retry_timeout"] <= cluster["ttl"] == seconds


def test_a_cluster_is_private_and_opened_again(installed: None, tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    made = Cluster.create(folder, nodes=2)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert Cluster.exists(folder)
    assert Cluster.open(folder).layout == made.layout
    told = json.loads((folder / "node2" / "patroni.yml").read_text())
    assert told["postgresql"]["listen"] == f"127.0.0.1:{made.layout.nodes[1].port}"
    assert made.members() == []
    assert made.leader() is None
    assert not made.running()
    with pytest.raises(ClusterError, match="no node leads"):
        made.sql("SELECT 1")


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis").touch()
    with pytest.raises(ClusterError, match="holds no cluster"):
        Cluster.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_a_number_that_another_process_got_is_not_taken_for_ours(tmp_path: Path) -> None:
    mine = started(os.getpid())
    (tmp_path / "pid").write_text(f"{os.getpid()} {mine}\n")
    assert Process(tmp_path).pid == os.getpid()
    (tmp_path / "pid").write_text(f"{os.getpid()} {mine - 1}\n")
    assert Process(tmp_path).pid is None
    (tmp_path / "pid").write_text("")
    assert Process(tmp_path).pid is None
    assert started(2**22 + 1) == 0  # past the highest number there is


@pytest.mark.parametrize("words", [["status"], ["down"], ["down", "--delete"], ["kill"]])
def test_a_command_on_no_cluster_says_how_to_make_one(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([*words, "--dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith(f"there is no cluster in {tmp_path}; make one with `up`\n")


def test_a_cluster_at_rest(
    installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cluster"
    Cluster.create(folder)
    assert command.main(["status", "--dir", str(folder)]) == 3
    assert capsys.readouterr().out == "stopped\n"
    assert command.main(["kill", "--dir", str(folder)]) == 1
    assert "no node leads" in capsys.readouterr().err
    assert command.main(["kill", "node9", "--dir", str(folder)]) == 1
    assert "there is no node9" in capsys.readouterr().err
    monkeypatch.setattr(command, "missing", list)
    assert command.main(["up", "--nodes", "2", "--dir", str(folder)]) == 1
    assert "has 3 nodes and a lock of 20 s" in capsys.readouterr().err
    assert command.main(["down", "--delete", "--dir", str(folder)]) == 0
    assert not folder.exists()


def test_missing_packages_are_named_and_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"etcd-server": lambda: program("no-such-program"), "patroni": lambda: program("sh")}
    monkeypatch.setattr(packages, "PACKAGES", found)
    assert command.main(["up", "--dir", str(tmp_path / "cluster")]) == 1
    assert "apt-get install -y --no-install-recommends etcd-server\n" in capsys.readouterr().err
    assert command.main(["up", "--install", "--dir", str(tmp_path / "cluster")]) == 1
    assert "only root can install packages" in capsys.readouterr().err
    assert not (tmp_path / "cluster").exists()


@pytest.mark.parametrize(
    "words", [["--nodes", "1"], ["--nodes", "x"], ["--lock-seconds", "7"], ["--lock-seconds", "301"]]
)
def test_what_makes_no_cluster(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["up", *words])
    assert "error: argument" in capsys.readouterr().err
