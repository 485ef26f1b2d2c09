"""`stator serve` as a process: ready, stopped, refused."""

import asyncio
import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from stator.assembly import _interrupt
from tests.commands.process import Start, run, url_of


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_stops_cleanly(start: Start, tmp_path: Path, stop: signal.Signals) -> None:
    server = start("serve", "--port", "0", "--data-dir", tmp_path / "data")
    url = url_of(server)
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read().startswith(b"healthy: dynamodb.")
    server.send_signal(stop)
    out, err = server.communicate(timeout=30)
    assert server.returncode == 0, err
    assert "Traceback" not in err + out
    assert (tmp_path / "data").is_dir()


def test_in_memory_leaves_nothing_behind(start: Start, tmp_path: Path) -> None:
    server = start("serve", "--port", "0", "--in-memory", "--data-dir", tmp_path / "data")
    url_of(server)
    server.terminate()
    assert server.wait(30) == 0
    assert not (tmp_path / "data").exists()


def test_a_second_server_on_the_same_directory_is_refused(start: Start, tmp_path: Path) -> None:
    first = start("serve", "--port", "0", "--data-dir", tmp_path)
    url_of(first)
    second = run("serve", "--port", "0", "--data-dir", tmp_path)
    assert second.returncode == 1
    assert f"in use by process {first.pid}" in second.stderr
    assert "--data-dir" in second.stderr
    first.kill()
    first.wait(30)
    third = start("serve", "--port", "0", "--data-dir", tmp_path)  # a killed server leaves no lock
    assert url_of(third)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_public_bind_without_keys_is_refused(tmp_path: Path, host: str) -> None:
    refused = run("serve", "--port", "0", "--host", host, "--data-dir", tmp_path)
    assert refused.returncode != 0
    assert "--allow-unauthenticated" in refused.stderr
    assert "stator keys create" in refused.stderr


def test_a_public_bind_is_possible_when_asked_for(start: Start, tmp_path: Path) -> None:
    server = start(
        "serve", "--port", "0", "--host", "0.0.0.0", "--data-dir", tmp_path, STATOR_ALLOW_UNAUTHENTICATED="yes"
    )
    assert url_of(server).startswith("http://0.0.0.0:")


def test_a_public_bind_with_a_key_is_possible(start: Start, tmp_path: Path) -> None:
    assert run("keys", "create", "--data-dir", tmp_path).returncode == 0
    assert url_of(start("serve", "--port", "0", "--host", "0.0.0.0", "--data-dir", tmp_path))


def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", str(port), "--data-dir", tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == f"stator: port {port} of 127.0.0.1 is taken by another program. Choose one with --port.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--port", "x"], 2, "--port must be a whole number, not 'x'"),
        (["--tls-cert", "a.pem"], 2, "tls_cert is set without tls_key"),
        (["--tls-cert", "/none.pem", "--tls-key", "/none.pem"], 1, "cannot read /none.pem: No such file"),
        (["--tls-cert", __file__, "--tls-key", __file__], 1, "are no certificate with its key"),
        (["--data-dir", "/proc/stator"], 1, "/proc/stator"),
        (["--host", "192.0.2.1", "--allow-unauthenticated", "--in-memory"], 1, "192.0.2.1"),
        (["--host", "no-such-host.invalid", "--allow-unauthenticated", "--in-memory"], 1, "no-such-host.invalid"),
    ],
)
def test_mistakes_are_explained_without_a_traceback(tmp_path: Path, arguments: list[str], code: int, text: str) -> None:
    command = ["serve", "--port", "0", "--data-dir", str(tmp_path), *arguments]
    refused = run(*command)
    assert refused.returncode == code
    assert refused.stderr.startswith("stator: ")
    assert text in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.write_text("")
    refused: subprocess.CompletedProcess[str] = run("serve", "--port", "0", "--data-dir", place)
    assert refused.returncode == 1
    assert str(place) in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_second_interrupt_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exits: list[int] = []
    monkeypatch.setattr(os, "_exit", exits.append)
    stop = asyncio.Event()
    _interrupt(stop)
    assert (stop.is_set(), exits) == (True, [])
    _interrupt(stop)
    assert exits == [130]
    assert "without waiting" in capsys.readouterr().err


def test_an_ipv6_address_may_stand_in_brackets(start: Start, tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    server = start("serve", "--port", "0", "--host", "[::1]", "--data-dir", tmp_path)
    assert url_of(server).startswith("http://[::1]:")


def test_a_key_file_that_others_may_read_is_told(start: Start, tmp_path: Path) -> None:
    assert run("keys", "create", "--data-dir", tmp_path).returncode == 0
    (tmp_path / "keys.json").chmod(0o644)
    server = start("serve", "--port", "0", "--data-dir", tmp_path)
    url_of(server)
    server.terminate()
    assert "chmod 600" in server.communicate(timeout=30)[1]
