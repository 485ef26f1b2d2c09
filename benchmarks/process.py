"""A server started to be measured: until its ready line, what it has used, and to its end."""

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICK = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0


class StartError(Exception):
    """A server did not get ready. The text has what it said."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a process has used since its start."""

    cpu_seconds: float  # of all threads, in user and system mode
    resident_bytes: int


class Process:
    """A started server. `host` and `port` are where it listens."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, start_seconds: float, log: Path) -> None:
        self._process = process
        self.host = "127.0.0.1"
        self.port = port
        self.pid = process.pid
        self.start_seconds = start_seconds  # from the start of the process to its ready line
        self.log = log

    @classmethod
    async def start(
        cls,
        command: list[str],
        port: int,
        log: Path,
        *,
        ready: bytes = b"",
        cwd: Path | None = None,
    ) -> Self:
        """Run a command until it prints `ready`, or answers connections where that is empty. Raises StartError."""
        with log.open("wb") as stream:
            start = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                *command, stdout=stream, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL, cwd=cwd
            )
        while process.returncode is None and time.perf_counter() - start < _START_SECONDS:
            if ready and ready in _said(log):
                return cls(process, port, time.perf_counter() - start, log)
            if not ready and await _listens(port):
                return cls(process, port, time.perf_counter() - start, log)
            await asyncio.sleep(0.002)
        if process.returncode is None:
            process.kill()
        await process.wait()
        raise StartError(f"{command[0]} did not start:\n{_said(log)[-2000:].decode(errors='replace')}")

    def used(self) -> Used:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        resident = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return Used((int(fields[11]) + int(fields[12])) / _TICK, resident)

    async def stop(self) -> None:
        """SIGTERM, and after a while SIGKILL."""
        if self._process.returncode is not None:
            return
        # A wrapper such as strace may hold signals back from what it runs, or leave it running.
        for pid in [*children_of(self.pid), self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def until_stopped(ready: bytes) -> None:
    """In a server that is measured: say that it is ready, and wait for SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(ready.decode(), flush=True)
    await stop.wait()


def _said(log: Path) -> bytes:
    return log.read_bytes()


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
