"""Directories and their entries, made durable: a commit is worth nothing in a directory that a crash takes away."""

import contextlib
import os
from pathlib import Path


def make_directory(directory: Path) -> None:
    """Make what is missing of the path, the last part for the owner alone. Raises OSError."""
    missing = []
    at = directory
    while not at.exists():
        missing.append(at)
        at = at.parent
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in missing:
        with contextlib.suppress(PermissionError):  # one may be allowed to make entries and not to list them
            sync_directory(made.parent)


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
