"""Programs of Debian's packages: where they are, and how they are run by somebody without privileges.

PostgreSQL refuses to run as root. When root asks, it runs as the account `postgres` of its package, or `nobody`.
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
    config = shutil.which("pg_config")
    if config is not None:
        told = Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
        if (told / "postgres").exists():
            return told
    return program("postgres").parent


def program(name: str) -> Path:
    """Where a program is. Raises MissingProgram."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/sbin")
    if found is None:
        raise MissingProgram(f"{name} is not installed")
    return Path(found)


def account() -> pwd.struct_passwd | None:
    """Whom programs run as that refuse to run as root; None for whoever asks. Raises MissingProgram."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise MissingProgram("PostgreSQL does not run as root, and there is neither an account postgres nor nobody")


def identity() -> dict[str, Any]:
    """The options of Popen that make a program run as that account."""
    one = account()
    return {} if one is None else {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}


def own(path: Path) -> Path:
    """Make a folder that is private to whoever runs the programs. Raises PermissionError where that one cannot go."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    one = account()
    if one is not None:
        os.chown(path, one.pw_uid, one.pw_gid)
        if spawn(["test", "-x", path]).wait():
            path.rmdir()
            raise PermissionError(f"{path} lies in a folder that the account {one.pw_name} may not enter")
    return path


def spawn(command: Sequence[object], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, without privileges and with nothing of this environment in its own.

    `options` are those of Popen; `environment` adds variables."""
    variables: Mapping[str, str] = options.pop("environment", {})
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **variables}
    one = account()
    environment.setdefault("HOME", os.environ.get("HOME", "/") if one is None else one.pw_dir)
    chosen: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True} | identity() | options
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
