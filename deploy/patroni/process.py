"""A program that goes on after whoever started it has ended, found again by the number in a file."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.programs import spawn

PAUSE_SECONDS = 0.05


class Process:
    """One program with its folder: `pid` holds its number and `log` what it says."""

    def __init__(self, folder: Path) -> None:
        self._pid_file = folder / "pid"
        self.log = folder / "log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its number; None when it does not run."""
        try:
            pid, begun = (int(number) for number in self._pid_file.read_text().split())
        except (FileNotFoundError, ValueError):
            return None
        if started(pid) == begun:
            return pid
        if self._child is not None:  # without this a dead child stays as a zombie
            self._child.wait()
            self._child = None
        return None

    def start(self, command: Sequence[object], environment: Mapping[str, str] | None = None) -> None:
        """Does nothing while it runs."""
        if self.pid is not None:
            return
        with self.log.open("ab") as log:
            self._child = spawn(command, stdout=log, stderr=subprocess.STDOUT, environment=environment or {})
        self._pid_file.write_text(f"{self._child.pid} {started(self._child.pid)}\n")

    def stop(self, number: signal.Signals, seconds: float) -> bool:
        """Send it a signal and wait until it has ended; False when it has not."""
        pid = self.pid
        if pid is None:
            return True
        os.kill(pid, number)
        end = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > end:
                return False
            time.sleep(PAUSE_SECONDS)
        return True


def started(pid: int) -> int:
    """When a process was started, in ticks since the system was: two with one number differ in it. 0: it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] in {"Z", "X"} else int(fields[19])


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
