"""`stator cluster` against a server."""

import json

from tests.commands.process import run


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
