"""What the figures were taken on."""

import importlib.metadata
import os
import platform
import subprocess
import timeit
from pathlib import Path

import apsw


def describe() -> dict[str, str]:
    """Facts about the machine and the build, for a reader who wonders why the figures are what they are."""
    return {
        "cpu": _cpu(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load_before": f"{os.getloadavg()[0]:.2f}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "python_loop_ns": f"{_loop_ns():.1f}",
        "sqlite": apsw.sqlite_lib_version(),
        "uvloop": importlib.metadata.version("uvloop"),
        "stator": importlib.metadata.version("stator"),
        "commit": _commit(),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _loop_ns() -> float:
    """One turn of an empty loop: tells a slow interpreter or a busy machine from a slow server."""
    turns = 1_000_000
    return min(timeit.repeat("pass", number=turns, repeat=5)) / turns * 1e9


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    return found.stdout.strip() or "unknown"
