"""`stator keys`: who may sign requests to the servers of a data directory or of a PostgreSQL database. Those that run
take changes up within a second."""

import asyncio
import base64
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec.structs import replace

from stator.cli.complaint import Complaint
from stator.config import Settings
from stator.engines import open_store
from stator.storage.directory import make_directory
from stator.storage.failure import StoreError
from stator.storage.keyfile import AccessKey, KeyFile
from stator.storage.keyring import KeyRing

T = TypeVar("T")

PREFIX = "STTR"  # not Amazon's AKIA, which would set off the alarms of those who look for leaked keys


class Keys(Protocol):
    """The keys of one place, which `place` names."""

    place: str

    def load(self) -> Sequence[AccessKey]: ...

    def put(self, key: AccessKey) -> None:
        """Add a key, or replace that of the same id."""


def create(settings: Settings) -> int:
    """Prints the key as two lines for a shell or an env file; the rest goes to the error stream."""
    with _opened(settings, make=True) as keys:
        key = AccessKey(
            access_key_id=PREFIX + base64.b32encode(secrets.token_bytes(10)).decode(),
            secret_access_key=secrets.token_urlsafe(30),
            account=settings.account,
            created=time.time(),
        )
        keys.put(key)
    print(f"AWS_ACCESS_KEY_ID={key.access_key_id}")
    print(f"AWS_SECRET_ACCESS_KEY={key.secret_access_key}")
    print(f"A key of account {key.account}. The secret is not shown again.", file=sys.stderr)
    return 0


def show(settings: Settings) -> int:
    """Prints one line for each key, oldest first."""
    with _opened(settings) as opened:
        keys = opened.load()
    if not keys:
        print("no keys; `stator keys create` makes one", file=sys.stderr)
    for key in sorted(keys, key=lambda key: key.created):
        state = "in force" if key.revoked is None else f"revoked {_day(key.revoked)}"
        print(f"{key.access_key_id}  account {key.account}  created {_day(key.created)}  {state}")
    return 0


def revoke(settings: Settings, access_key_id: str) -> int:
    """The key stays in the list, so that one can see what it was."""
    with _opened(settings) as keys:
        found = next((key for key in keys.load() if key.access_key_id == access_key_id), None)
        if found is None:
            raise Complaint(f"{keys.place} has no key {access_key_id}. `stator keys list` shows them.")
        if found.revoked is not None:
            raise Complaint(f"{access_key_id} was revoked {_day(found.revoked)} already.")
        keys.put(replace(found, revoked=time.time()))
        last = all(key.revoked is not None for key in keys.load())
    if last:
        print(
            "That was the last key in force: nobody is let in until you make another with `stator keys create`.",
            file=sys.stderr,
        )
    return 0


class _FileKeys:
    def __init__(self, directory: Path) -> None:
        self.place = str(directory)
        self._file = KeyFile(directory)

    def load(self) -> Sequence[AccessKey]:
        return self._file.load()

    def put(self, key: AccessKey) -> None:
        keys = list(self._file.load())
        ids = [each.access_key_id for each in keys]
        if key.access_key_id in ids:
            keys[ids.index(key.access_key_id)] = key
        else:
            keys.append(key)
        self._file.replace(keys)


class _StoreKeys:
    """Each call connects anew: there are one or two."""

    place = "the database"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def load(self) -> Sequence[AccessKey]:
        async def read(ring: KeyRing) -> Sequence[AccessKey]:
            await ring.refresh()
            return ring.keys

        return asyncio.run(self._with_ring(read))

    def put(self, key: AccessKey) -> None:
        asyncio.run(self._with_ring(lambda ring: ring.put(key)))

    async def _with_ring(self, work: Callable[[KeyRing], Awaitable[T]]) -> T:
        store = await open_store(self._settings)
        try:
            return await work(KeyRing(store))
        finally:
            await store.close()


@contextmanager
def _opened(settings: Settings, *, make: bool = False) -> Iterator[Keys]:
    if not settings.store:
        with _held(settings.data_dir, make=make) as directory:
            yield _FileKeys(directory)
        return
    try:
        yield _StoreKeys(settings)
    except StoreError as error:
        raise Complaint(f"cannot use the database: {error}") from error


@contextmanager
def _held(directory: Path, *, make: bool) -> Iterator[Path]:
    """The directory, held against other `stator keys` while it is read and written."""
    try:
        if make:
            make_directory(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Complaint(f"cannot open {directory}: {error.strerror}. Name another with --data-dir.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield directory
    except StoreError as error:
        raise Complaint(str(error)) from error
    finally:
        os.close(descriptor)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
