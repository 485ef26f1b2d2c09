"""The `stator` command as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

STATOR = Path(sys.executable).with_name("stator")
READY = "stator listening on "

Start = Callable[..., "subprocess.Popen[str]"]


def clean_environment(**variables: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("STATOR_")} | variables


def run(*arguments: str | Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run to the end; at most 30 seconds."""
    return subprocess.run(
        [STATOR, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=clean_environment(**variables),
    )


def url_of(process: "subprocess.Popen[str]") -> str:
    """The address in the line that says that the server is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY), line + (process.stderr.read() if process.stderr else "")
    return line.removeprefix(READY).strip()
