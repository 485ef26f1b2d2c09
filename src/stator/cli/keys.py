"""`stator keys`: who may sign requests to a data directory. A running server takes changes up within a second."""

import base64
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stator.cli.complaint import Complaint
from stator.config import Settings
from stator.storage.directory import make_directory
from stator.storage.failure import StoreError
from stator.storage.keyfile import AccessKey, KeyFile

PREFIX = "STTR"  # not Amazon's AKIA, which would set off the alarms of those who look for leaked keys


def create(settings: Settings) -> int:
    """Prints the key as two lines for a shell or an env file; the rest goes to the error stream."""
    with _opened(settings.data_dir, make=True) as keyfile:
        key = AccessKey(
            access_key_id=PREFIX + base64.b32encode(secrets.token_bytes(10)).decode(),
            secret_access_key=secrets.token_urlsafe(30),
            account=settings.account,
            created=time.time(),
        )
        keyfile.replace([*keyfile.load(), key])
    print(f"AWS_ACCESS_KEY_ID={key.access_key_id}")
    print(f"AWS_SECRET_ACCESS_KEY={key.secret_access_key}")
    print(f"A key of account {key.account}. The secret is not shown again.", file=sys.stderr)
    return 0


def show(settings: Settings) -> int:
    """Prints one line for each key, oldest first."""
    with _opened(settings.data_dir) as keyfile:
        keys = keyfile.load()
    if not keys:
        print("no keys; `stator keys create` makes one", file=sys.stderr)
    for key in sorted(keys, key=lambda key: key.created):
        state = "in force" if key.revoked is None else f"revoked {_day(key.revoked)}"
        print(f"{key.access_key_id}  account {key.account}  created {_day(key.created)}  {state}")
    return 0


def revoke(settings: Settings, access_key_id: str) -> int:
    """The key stays in the list, so that one can see what it was."""
    with _opened(settings.data_dir) as keyfile:
        keys = keyfile.load()
        found = next((key for key in keys if key.access_key_id == access_key_id), None)
        if found is None:
            raise Complaint(f"{settings.data_dir} has no key {access_key_id}. `stator keys list` shows them.")
        if found.revoked is not None:
            raise Complaint(f"{access_key_id} was revoked {_day(found.revoked)} already.")
        revoked = replace(found, revoked=time.time())
        keyfile.replace([revoked if key is found else key for key in keys])
        last = all(key.revoked is not None for key in keyfile.load())
    if last:
        print(
            "That was the last key in force: nobody is let in until you make another with `stator keys create`.",
            file=sys.stderr,
        )
    return 0


@contextmanager
def _opened(directory: Path, *, make: bool = False) -> Iterator[KeyFile]:
    """The key file, held against other `stator keys` while it is read and written."""
    try:
        if make:
            make_directory(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Complaint(f"cannot open {directory}: {error.strerror}. Name another with --data-dir.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield KeyFile(directory)
    except StoreError as error:
        raise Complaint(str(error)) from error
    finally:
        os.close(descriptor)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
