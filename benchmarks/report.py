"""The results: a JSON file for each run, and the table of docs/performance.md made from one."""

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.figure import Figure, Place

HOME = Path(__file__).resolve().parent.parent
RESULTS = HOME / "benchmarks" / "results"
PAGE = HOME / "docs" / "performance.md"
BEGIN = "<!-- begin: written by `make bench ARGS=--write-docs` -->"
END = "<!-- end -->"

_HEAD = "| | connections | items | requests/s | p50 µs | p99 µs | CPU µs | CPU / echo |"
_RULE = "|---|--:|--:|--:|--:|--:|--:|--:|"


def rows_of(figures: dict[Place, Figure]) -> list[dict[str, Any]]:
    """Plain rows for the JSON file, each beside the echo of the same run over as many connections."""
    rows = []
    for place, figure in figures.items():
        row = {
            "target": place.target,
            "workload": place.workload,
            "connections": place.connections,
            "items": place.items,
            "requests_per_second": figure.requests_per_second,
            "p50_us": figure.p50_us,
            "p99_us": figure.p99_us,
            "cpu_us": figure.cpu_us,
            "resident_mb": figure.resident_mb,
        }
        echo = figures.get(Place("echo", "Echo", place.connections, 0))
        if echo is not None and place.target != "echo":
            row["cpu_to_echo"] = round(figure.cpu_us / echo.cpu_us, 2)
            row["speed_to_echo"] = round(figure.requests_per_second / echo.requests_per_second, 2)
        rows.append(row)
    return rows


def save(results: dict[str, Any]) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y-%m-%d', time.gmtime())}-{results['machine']['commit']}.json"
    path.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    return path


def write_page(results: dict[str, Any]) -> None:
    """Put the table between the marks of the page; what stands around them is written by people."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{render(results)}\n{END}{after}")


def render(results: dict[str, Any]) -> str:
    machine = results["machine"]
    told = (
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, Python {machine['python']},"
        f" commit {machine['commit']}; load of the machine before the run {machine['load_before']}, one turn of an"
        f" empty Python loop {machine['python_loop_ns']} ns."
    )
    lines = [
        told,
        "",
        f"Start to the ready line {results['start_seconds']:.2f} s, resident memory idle {results['idle_mb']:.0f} MB.",
        "",
        *_syncs(results["syncs_per_put"]),
        _HEAD,
        _RULE,
        *map(_row, _ordered(results["figures"])),
        "",
        *_missing(results["missing"]),
        *_stages(results["stages_us"]),
    ]
    return "\n".join(lines)


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = list(dict.fromkeys(row["workload"] for row in rows))
    return sorted(rows, key=lambda row: (order.index(row["workload"]), row["items"], row["connections"]))


def _row(row: dict[str, Any]) -> str:
    ratio = row.get("cpu_to_echo")
    return (
        f"| {row['workload']}, {row['target']} | {row['connections']} | {row['items']:,} |"
        f" {row['requests_per_second']:,.0f} | {row['p50_us']:,.0f} | {row['p99_us']:,.0f} | {row['cpu_us']:,.0f} |"
        f" {'' if ratio is None else ratio} |"
    ).replace("| 0 |", "| |")


def _syncs(found: dict[str, float]) -> Iterable[str]:
    if found:
        told = ", ".join(f"{syncs} over {count}" for count, syncs in found.items())
        yield f"Syncs for each PutItem, by connections: {told}."
        yield ""


def _missing(missing: list[str]) -> Iterable[str]:
    if missing:
        yield "Not measured: " + "; ".join(missing) + "."
        yield ""


def _stages(stages: dict[str, dict[str, float]]) -> Iterable[str]:
    """CPU of each stage in one process without sockets, a column for each workload."""
    if not stages:
        return
    yield "CPU microseconds of each stage of one request, in one process without sockets (best round):"
    yield ""
    yield "| stage | " + " | ".join(stages) + " |"
    yield "|---|" + "--:|" * len(stages)
    for name in dict.fromkeys(name for found in stages.values() for name in found):
        cells = [f"{found[name]:.1f}" if name in found else "" for found in stages.values()]
        yield f"| {name.strip()} | " + " | ".join(cells) + " |"
    yield ""


def committed() -> bool:
    """Whether the tree is as committed; results of other trees cannot be had again."""
    found = subprocess.run(["git", "status", "--porcelain", "src"], capture_output=True, check=False, cwd=HOME)
    return not found.stdout
