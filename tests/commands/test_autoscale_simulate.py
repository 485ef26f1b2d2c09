"""`stator autoscale simulate`: a load, a policy, and what came of it."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stator.autoscaling.decision import Bounds
from stator.autoscaling.simulation import simulate
from stator.autoscaling.trace import START, Trace
from stator.cli.scaling.chart import Line, draw
from tests.commands.process import STATOR, clean_environment

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
TRACE, POLICY = EXAMPLES / "load.csv", EXAMPLES / "policy.json"


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [STATOR, "autoscale", "simulate", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=clean_environment(),
    )


def test_the_example_in_the_terminal() -> None:
    done = run("--trace", TRACE, "--policy", POLICY)
    assert (done.returncode, done.stderr) == (0, "")
    *_, last = done.stdout.splitlines()
    assert last.startswith("0.00 % of the units asked for were throttled; ")
    assert "unit-hours provisioned for" in last
    assert "capacity from 10 to " in last
    assert any("\u2800" <= letter <= "\u28ff" for letter in done.stdout)
    assert "write units a second of 100 were consumed" in done.stdout


def test_files_in_place_of_the_chart(tmp_path: Path) -> None:
    picture, table = tmp_path / "load.png", tmp_path / "load.csv"
    done = run("--trace", TRACE, "--policy", POLICY, "--plot", picture, "--csv", table, "--no-burst")
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert not any("\u2800" <= letter <= "\u28ff" for letter in done.stdout)
    with table.open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3600
    assert rows[0] == {"second": "0", "asked for": "15", "served": "15", "throttled": "0", "capacity": "100"}
    assert any(float(row["throttled"]) for row in rows)


def test_a_dynamic_dynamodb_configuration(tmp_path: Path) -> None:
    configuration = tmp_path / "dynamic-dynamodb.conf"
    configuration.write_text(
        "[global]\ncheck-interval: 60\n[table: ^mus]\nwrites-upper-threshold: 90\nincrease-writes-with: 100\n"
        "min-provisioned-writes: 10\nmax-provisioned-writes: 1000\nlookback-window-start: 1\nlookback-period: 1\n"
    )
    chosen = ("--trace", TRACE, "--dynamic", configuration, "--quiet")
    done = run(*chosen, "--table", "music", "--capacity", "50")
    assert done.returncode == 0, done.stderr
    assert "policy dynamic-dynamodb: " in done.stdout
    assert run(*chosen, "--table", "other").stderr == f"stator: {configuration} has no section for a table other.\n"
    assert "Name one with --table" in run(*chosen).stderr


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"MinCapacity": None}, "MinCapacity must be a whole number"),
        ({"MaxCapacity": 5}, "MaxCapacity is less than MinCapacity"),
        ({"MaxCapacity": "many"}, "MaxCapacity must be a whole number"),
        ({"Capacity": 0}, "Capacity must be a whole number"),
        ({"Unit": "both"}, "Unit is read or write"),
        ({"Maximum": 5}, "Maximum is none of"),
        ({"TargetTrackingScalingPolicyConfiguration": None}, "it has no TargetTrackingScalingPolicyConfiguration"),
        ({"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 99}}, "between 20.0 and 90.0"),
        ({"TargetTrackingScalingPolicyConfiguration": {"TargetValue": "x"}}, "Double"),
        ({"TargetTrackingScalingPolicyConfiguration": {}}, "must not be null"),
        (
            {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50, "CustomizedMetricSpecification": {}}},
            "no metric but the load",
        ),
    ],
)
def test_policies_that_are_none(tmp_path: Path, changes: dict[str, Any], part: str) -> None:
    path = tmp_path / "policy.json"
    told = json.loads(POLICY.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in told.items() if value is not None}))
    done = run("--trace", TRACE, "--policy", path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"stator: {path}: ")
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_files_that_are_none(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("{")
    for arguments, part in (
        (("--trace", bad, "--policy", POLICY), "line 1 has no time and units"),
        (("--trace", tmp_path / "none", "--policy", POLICY), "cannot read"),
        (("--trace", TRACE, "--policy", bad), f"{bad}: "),
        (("--trace", TRACE, "--policy", tmp_path / "none"), "cannot read"),
        (("--trace", TRACE), "which policy?"),
        (("--trace", TRACE, "--policy", POLICY, "--csv", tmp_path / "no" / "x"), "cannot write"),
        (("--trace", TRACE, "--policy", POLICY, "--plot", tmp_path / "no" / "x.png"), "cannot write"),
        (("--trace", TRACE, "--policy", POLICY, "--plot", tmp_path / "x.nonsense"), "cannot write"),
    ):
        done = run(*arguments)
        assert done.returncode == 1
        assert part in done.stderr
        assert "Traceback" not in done.stderr
    assert run().returncode == 2
    assert run("--trace", TRACE, "--policy", POLICY, "--low-seconds", "0").returncode == 2


def test_a_chart_has_every_line_at_its_height() -> None:
    chart = draw([Line("low", [0.0] * 10, "red"), Line("high", [100.0] * 10, "green")], 10, width=30, height=4).plain
    rows = chart.splitlines()
    assert rows[0].split()[0] == "100"
    assert "⠉" in rows[0]
    assert "⣀" in rows[3]
    assert "⣀" not in rows[0]
    assert "10 s" in rows[4]
    assert rows[5].split()[1::2] == ["low", "high"]


def test_a_chart_of_nothing() -> None:
    outcome = simulate(Trace(START, [0.0]), Bounds(1, 2), [], 1)
    assert draw([Line("x", [frame.demand for frame in outcome.frames], "red")], 1).plain
