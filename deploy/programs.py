"""Programs of Debian's packages: where they are, and how they are run by somebody without privileges.

PostgreSQL refuses to run as root. When root asks, it runs as the account `postgres` that its package makes.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom
from typing import Any

ACCOUNT = "postgres"

_VERSIONS = Path("/usr/lib/postgresql")
# Below the ports that the system gives to connections: none of these can take the port of a program that is down.
_PORTS = range(20_000, 32_000)


class MissingProgram(Exception):
    """A program is not installed."""


def postgres_programs() -> Path:
    """The folder with `initdb`, `postgres` and `pg_ctl`: of the newest version there is. Raises MissingProgram."""
    folders = [path for path in _VERSIONS.glob("*/bin") if (path / "postgres").exists()]
    if folders:
        return max(folders, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)])
    found = shutil.which("postgres")
    if found is None:
        raise MissingProgram("postgres is not installed")
    return Path(found).resolve().parent


def program(name: str) -> Path:
    """Where a program is. Raises MissingProgram."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/sbin")
    if found is None:
        raise MissingProgram(f"{name} is not installed")
    return Path(found)


def own(path: Path) -> Path:
    """Make a folder that is private to whoever runs the programs. Raises PermissionError where that one cannot go."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        os.chown(path, account.pw_uid, account.pw_gid)
        if spawn(["test", "-x", path]).wait():
            raise PermissionError(f"{path} lies in a folder that the account {ACCOUNT} may not enter; choose another")
    return path


def spawn(command: Sequence[object], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, without privileges and with nothing of this environment in its own.

    `options` are those of Popen; `environment` adds variables."""
    variables: Mapping[str, str] = options.pop("environment", {})
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **variables}
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        environment.setdefault("HOME", account.pw_dir)
    else:
        environment.setdefault("HOME", os.environ.get("HOME", "/"))
    chosen: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True} | options
    return subprocess.Popen([str(word) for word in command], env=environment, **chosen)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on, each a different one."""
    random = SystemRandom()
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = random.choice(_PORTS)
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
        return ports
