"""`stator cluster` against a server."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.commands.process import STATOR, clean_environment, run


def test_a_server_is_shown_to_people_and_programs(url: str) -> None:
    shown = run("cluster", "--url", url)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "embedded" in shown.stdout or "router" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 200
    told = json.loads(run("cluster", "--url", url, "--json").stdout)
    assert told["Shards"][0]["Nodes"][0]["State"] == "running"


def test_no_server_is_said_so() -> None:
    refused = run("cluster", "--url", "http://127.0.0.1:9")
    assert refused.returncode == 1
    assert refused.stderr.startswith("stator: ")
    assert "Traceback" not in refused.stderr


def _into(output: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [STATOR, *arguments],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        env=clean_environment(),
    )


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_who_reads_the_beginning_alone_hears_no_complaint(url: str, flags: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = _into(writing, "cluster", "--url", url, *flags)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_output_that_cannot_be_written_is_said_so(url: str, flags: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = _into(full.fileno(), "cluster", "--url", url, *flags)
    assert (done.returncode, done.stderr) == (1, "stator: cannot go on: No space left on device.\n")
