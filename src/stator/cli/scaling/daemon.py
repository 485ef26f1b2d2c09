"""A process of its own that goes on when the terminal is closed, found again by the file with its number."""

import errno
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stator.cli.complaint import Complaint

STOP_SECONDS = 30.0


class PidFile:
    """Held by a lock for as long as the process lives, so that one left behind by a crash means nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def hold(self) -> None:
        """Raises Complaint when another process holds it."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Complaint(f"cannot write {self.path}: {error.strerror}. See --pid-file-dir.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise Complaint(
                f"{self.path} says that it runs already. Stop it with --daemon stop, or name another --instance."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def owner(self) -> int | None:
        """The process that holds it."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Complaint(f"cannot read {self.path}: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                raise
            told = os.pread(handle, 32, 0).strip()
            return int(told) if told.isdigit() else None
        finally:
            os.close(handle)
        return None


def start(file: PidFile, work: Callable[[], int]) -> int:
    """Go on in the background. Returns in the process that asked once the other one holds the file."""
    reader, writer = os.pipe()
    sys.stdout.flush()  # or parent and child would both print it
    child = os.fork()
    if child:
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as told:
            fault = told.read().decode()
        if fault:
            raise Complaint(fault)
        print(f"started; it logs where the configuration says, and {file.path} has its process")
        return 0
    os.close(reader)
    os.setsid()
    if os.fork():
        os._exit(0)
    code = 1
    try:
        try:
            file.hold()
        except Complaint as error:
            os.write(writer, str(error).encode())
            os._exit(1)
        os.close(writer)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        code = work()
    finally:
        os._exit(code)


def stop(file: PidFile) -> int:
    """Ask it to stop and wait until it has."""
    process = file.owner()
    if process is None:
        print("it does not run")
        return 0
    os.kill(process, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while file.owner() == process:
        if time.monotonic() > until:
            raise Complaint(f"process {process} does not stop. Look at its log; kill -9 {process} ends it.")
        time.sleep(0.05)
    print("stopped")
    return 0
