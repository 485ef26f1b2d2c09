"""Other servers of the same protocol: installed into benchmarks/peers/ (not in git), started, or explained away.

Each is installed with the client of its own language, and only when asked: `make bench ARGS="--install-peers all"`.
One that is missing or does not start is said so, and the bench goes on without it. They run as their own pages tell to
run them, with data on disk where they can. That is not one promise: see docs/performance.md for who syncs a write.
"""

import shutil
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import LoadError
from benchmarks.process import Process, StartError
from benchmarks.signing import Key
from benchmarks.target import Target, free_port, load_over_http

HOME = Path(__file__).resolve().parent / "peers"
_KEY = Key("BENCHBENCHBENCHBENCH", "benchsecretbenchsecretbenchsecret")
_INSTALL_SECONDS = 3600
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId><version>3.1.0</version>
    </dependency>
    <dependency>
      <groupId>com.almworks.sqlite4java</groupId><artifactId>libsqlite4java-linux-amd64</artifactId>
      <version>1.0.392</version><type>so</type>
    </dependency>
  </dependencies>
</project>
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """How to get and start one. `install` takes its folder; `command` its folder, a port and an empty data folder."""

    name: str
    needs: tuple[str, ...]  # programs to install and run it
    installed: str  # a path in its folder that exists once it is installed
    install: Callable[[Path], None]
    command: Callable[[Path, int, Path], list[str]]
    warm_up: int  # requests of a kind before it is as fast as it gets


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=_INSTALL_SECONDS)


def _install_local(folder: Path) -> None:
    (folder / "pom.xml").write_text(_POM)
    _run(folder, "mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib")
    (folder / "native").mkdir(exist_ok=True)
    for library in (folder / "lib").glob("libsqlite4java-*.so"):
        shutil.copy(library, folder / "native" / library.name)
        shutil.copy(library, folder / "native" / "libsqlite4java-linux-amd64.so")


def _start_local(folder: Path, port: int, data: Path) -> list[str]:
    return [
        "java",
        f"-Djava.library.path={folder / 'native'}",
        "-cp",
        f"{folder / 'lib'}/*",
        "software.amazon.dynamodb.services.local.main.ServerRunner",
        *("-port", str(port), "-sharedDb", "-disableTelemetry", "-dbPath", str(data)),
    ]


def _install_dynalite(folder: Path) -> None:
    (folder / "package.json").write_text('{"private": true}')
    _run(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "dynalite")


def _start_dynalite(folder: Path, port: int, data: Path) -> list[str]:
    program = str(folder / "node_modules" / "dynalite" / "cli.js")
    return ["node", program, "--port", str(port), "--host", "127.0.0.1", "--path", str(data), "--createTableMs", "0"]


def _install_moto(folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    _run(folder, str(folder / "venv" / "bin" / "pip"), "install", "--quiet", "moto[server,dynamodb]")


def _start_moto(folder: Path, port: int, _data: Path) -> list[str]:
    return [str(folder / "venv" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]


def _install_dynoxide(folder: Path) -> None:
    _run(folder, "cargo", "install", "--quiet", "--root", str(folder), "dynoxide-rs")


def _start_dynoxide(folder: Path, port: int, data: Path) -> list[str]:
    return [str(folder / "bin" / "dynoxide"), "--port", str(port), "--db-path", str(data / "bench.db")]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("dynamodb-local", ("java", "mvn"), "lib", _install_local, _start_local, 3_000),
        Peer("dynalite", ("node", "npm"), "node_modules/dynalite", _install_dynalite, _start_dynalite, 1_000),
        Peer("moto", (sys.executable,), "venv/bin/moto_server", _install_moto, _start_moto, 100),
        Peer("dynoxide", ("cargo",), "bin/dynoxide", _install_dynoxide, _start_dynoxide, 200),
    )
}
NAMES = tuple(PEERS)
_SLOW_TO_INSTALL = ("dynoxide",)  # compiles for many minutes, so `all` leaves it out


def chosen(names: str) -> list[Peer]:
    """Raises KeyError for a name that is none."""
    if not names:
        return []
    if names == "all":
        return [peer for peer in PEERS.values() if peer.name not in _SLOW_TO_INSTALL or _is_installed(peer)]
    return [PEERS[name] for name in names.split(",")]


def install(wanted: list[Peer]) -> int:
    """Get what is not there yet. Returns an exit code: 0 when everything is."""
    failed = 0
    for peer in wanted:
        lacking = [program for program in peer.needs if shutil.which(program) is None]
        if _is_installed(peer):
            print(f"{peer.name}: installed already")
        elif lacking:
            print(f"{peer.name}: needs {', '.join(lacking)}, which this machine does not have")
            failed = 1
        else:
            print(f"{peer.name}: installing ...", flush=True)
            failed |= _install(peer)
    return failed


def _install(peer: Peer) -> int:
    folder = HOME / peer.name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        peer.install(folder)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{peer.name}: could not be installed: {error}")
        return 1
    print(f"{peer.name}: installed")
    return 0


def _is_installed(peer: Peer) -> bool:
    return (HOME / peer.name / peer.installed).exists()


async def start(names: str, scratch: Path, items: int, say: Callable[[str], None]) -> AsyncIterator[Target]:
    """Start and fill those that can be, and say why the others cannot."""
    for peer in chosen(names):
        if not _is_installed(peer):
            say(f'{peer.name}: not installed; make bench ARGS="--install-peers {peer.name}" does it')
            continue
        target = await _start(peer, scratch, items, say)
        if target is not None:
            yield target


async def _start(peer: Peer, scratch: Path, items: int, say: Callable[[str], None]) -> Target | None:
    folder = HOME / peer.name
    data = scratch / peer.name
    data.mkdir()
    port = free_port()
    try:
        process = await Process.start(peer.command(folder, port, data), port, scratch / f"{peer.name}.log", cwd=folder)
    except (StartError, OSError) as error:
        say(f"{peer.name}: {error}")
        return None
    target = Target(peer.name, process, _KEY, items, peer.warm_up)
    try:
        await load_over_http(target)
    except (LoadError, OSError) as error:
        say(f"{peer.name}: cannot be filled: {error}")
        await process.stop()
        return None
    except BaseException:  # interrupted: leave nothing running
        await process.stop()
        raise
    say(f"{peer.name}: ready, {process.used().resident_bytes / (1 << 20):.0f} MB")
    return target
