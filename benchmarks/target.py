"""Servers under load: ours, the echo, and whoever else speaks the protocol."""

import asyncio
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare, echo, house, workload
from benchmarks.load import LoadError, ask, put_on
from benchmarks.process import Process
from benchmarks.signing import Key, Signer
from benchmarks.workload import Workload
from stator.storage.keyfile import KeyFile

_HOME = Path(__file__).resolve().parent.parent
_LOAD_SECONDS = 60.0
STATOR = [str(Path(sys.executable).with_name("stator"))]


@dataclass(frozen=True, slots=True)
class Target:
    """A running server. `warm_up` is how many requests of a kind it needs before it is as fast as it gets."""

    name: str
    process: Process
    key: Key
    items: int
    warm_up: int = 200

    def signer(self) -> Signer:
        return Signer(self.key, self.process.host, self.process.port)

    async def ask(self, operation: str, body: bytes) -> tuple[int, bytes]:
        request = self.signer().sign(operation, body)
        return await ask(self.process.host, self.process.port, request)

    async def knows(self, asked: Workload) -> bool:
        """Whether the server has the operation. Raises LoadError when it fails in another way."""
        status, text = await self.ask(asked.operation, asked.body(0, max(self.items, 1)))
        if status == 200:
            return True
        if b"UnknownOperation" in text or status in (404, 501):
            return False
        raise LoadError(f"{self.name}, {asked.name}: {status} {text[:500].decode('latin-1')}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def make_key(directory: Path) -> Key:
    """An access key for a data directory, by the command that people use."""
    printed = subprocess.run(
        [*STATOR, "keys", "create", "--data-dir", str(directory)], capture_output=True, text=True, check=True
    ).stdout
    made = dict(line.split("=", 1) for line in printed.splitlines())
    access_key = made["AWS_ACCESS_KEY_ID"]
    account = next(key.account for key in KeyFile(directory).load() if key.access_key_id == access_key)
    return Key(access_key, made["AWS_SECRET_ACCESS_KEY"], account)


async def start_stator(scratch: Path, items: int, trace: Path | None = None, package: Path | None = None) -> Target:
    """Our server over a data set made beforehand. With `trace`, its syncs are written to that file by strace; with
    `package`, it runs what is in that folder instead of what this process does."""
    directory = scratch / f"stator-{items}{'-traced' if trace else ''}"
    key = make_key(directory)
    await asyncio.to_thread(house.load_directory, directory, key, items)
    port = free_port()
    command = [*STATOR, "serve", "--port", str(port), "--data-dir", str(directory)]
    if trace is not None:
        calls = "trace=fsync,fdatasync,sync_file_range"
        command = ["strace", "-f", "--seccomp-bpf", "-q", "-o", str(trace), "-e", calls, *command]
    if package is not None:
        command = ["env", f"PYTHONPATH={package}", *command]
    process = await Process.start(command, port, directory.with_suffix(".log"), ready=b"stator listening")
    return Target("stator", process, key, items)


async def start_echo(scratch: Path) -> Target:
    directory = scratch / "echo"
    key = make_key(directory)
    process = await _start_module("echo", scratch, echo.READY, "--data-dir", str(directory))
    return Target("echo", process, key, 0)


async def start_bare(scratch: Path, like: Target) -> Target:
    """A bare protocol, asked the same as `like`."""
    return Target("bare", await _start_module("bare", scratch, bare.READY), like.key, like.items)


async def _start_module(name: str, scratch: Path, ready: bytes, *arguments: str) -> Process:
    port = free_port()
    command = [sys.executable, "-m", f"benchmarks.{name}", "--port", str(port), *arguments]
    return await Process.start(command, port, scratch / f"{name}.log", ready=ready, cwd=_HOME)


async def load_over_http(target: Target) -> None:
    """Make the table and fill it as a client would, for servers whose files we do not know."""
    status, text = await target.ask("CreateTable", workload.CREATE_TABLE)
    if status != 200:
        raise LoadError(f"{target.name}: CreateTable: {status} {text[:500].decode('latin-1')}")
    for _ in range(100):
        _, text = await target.ask("DescribeTable", b'{"TableName":"%b"}' % workload.TABLE.encode())
        if b'"ACTIVE"' in text:
            break
        await asyncio.sleep(0.1)
    signer = target.signer()
    batches = [
        signer.sign("BatchWriteItem", workload.batch_write_item(number, target.items))
        for number in range(-(-target.items // workload.BATCH_ITEMS))
    ]
    await put_on(target.process.host, target.process.port, batches, 4, _LOAD_SECONDS)
