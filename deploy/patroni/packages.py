"""The Debian packages that the cluster is made of."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.programs import MissingProgram, postgres_programs, program

PACKAGES: dict[str, Callable[[], Path]] = {
    "postgresql": postgres_programs,
    "patroni": lambda: program("patroni"),
    "etcd-server": lambda: program("etcd"),
}


def missing() -> list[str]:
    """The packages that are not installed."""
    return [name for name, find in PACKAGES.items() if not _is_there(find)]


def install_command(packages: list[str]) -> str:
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}"


def install(packages: list[str]) -> None:
    """Raises PermissionError unless root asks, and CalledProcessError when apt fails."""
    if os.geteuid() != 0:
        raise PermissionError(f"only root can install packages; let root run: {install_command(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(install_command(packages).split(), check=True, env=environment)


def _is_there(find: Callable[[], Path]) -> bool:
    try:
        find()
    except MissingProgram:
        return False
    return True
