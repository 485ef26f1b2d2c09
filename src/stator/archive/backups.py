"""Which backups there are. The archive is the truth; the store keeps a copy of what its manifests say.

A backup is there once its manifest is in the archive, and gone once that is gone, whoever put or removed it: a fresh
server pointed at an archive finds what is in it. `sync` compares; `look`, each minute, does where that may bring news:
whoever makes or removes a backup changes one small object, and what people do by hand is found a while later. Until the
first comparison nobody is told of backups, unless the archive cannot be reached and the store still knows some.

Rows: space 0, partition eight zero bytes and `backups`, sort the path in the archive; value the archive's URL, `size`
and `modified` of the manifest, and the backup. Those of another archive than this server has now are forgotten.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson

from stator.archive import backup as backups
from stator.archive import full_copy, mark
from stator.archive.backup import Backup
from stator.archive.places.failure import ArchiveError, Damaged, Missing, Unreachable
from stator.archive.places.location import Found, Location
from stator.clock import Clock
from stator.limits import DAY_SECONDS
from stator.storage.rows import rows_of
from stator.storage.store import Change, Key, Put, Store

_log = logging.getLogger(__name__)

_SPACE = 0
PARTITION = bytes(8) + b"backups"
CHANGED = "backups-changed"
"""The object that is another one after each change: an id that nobody else writes."""

COMPARE_SECONDS = 900.0
"""At most between two comparisons."""

_READS = 8  # manifests read at a time
GARBAGE_SECONDS = DAY_SECONDS
"""How old the objects of a backup without a manifest are before they are removed: another server may be writing it."""


class Known(NamedTuple):
    size: int  # of the manifest
    modified: float
    backup: Backup


class Backups:
    """The backups that are made. `location` is the archive."""

    def __init__(self, store: Store, location: Location, clock: Clock) -> None:
        self._store = store
        self.location = location
        self._clock = clock
        self._known: dict[str, Known] = {}  # by path
        self._unreadable: set[tuple[str, float]] = set()  # manifests that were complained of already
        self._used: dict[str, int] = {}  # by path: how many are about to restore from it
        self._guards: list[Callable[[Backup], bool]] = []
        self._removed: set[str] = set()  # since the last comparison began
        self._syncing = asyncio.Lock()
        self._loaded = False
        self._synced = False
        self._seen: tuple[bytes, float] = b"", 0.0  # what CHANGED held at the last comparison, and when

    async def ready(self) -> None:
        """Return once it is known what there is. Raises ArchiveError when the archive cannot be reached and nothing
        is known of it."""
        if not self._synced:
            async with self._syncing:
                await self._sync_first()

    async def sync(self) -> int:
        """Compare with the archive, and remove what is over; returns how many backups came or went."""
        async with self._syncing:
            return await self._sync()

    async def look(self) -> int:
        """The same where something may have changed."""
        async with self._syncing:
            changed = await self._changed()
            seen, time = self._seen
            if self._synced and changed == seen and abs(self._clock() - time) < COMPARE_SECONDS:
                return await self._expire()
            done = await self._sync()
            self._seen = changed, self._clock()
            return done

    def find(self, account: str, region: str, table: str, id: str) -> Backup | None:
        known = self._known.get(f"{backups.FOLDER}/{account}/{region}/{table}/{id}")
        return None if known is None else known.backup

    def of(self, account: str, region: str) -> list[Backup]:
        """Every one of an account and region, in no order."""
        start = f"{backups.FOLDER}/{account}/{region}/"
        return [known.backup for path, known in self._known.items() if path.startswith(start)]

    async def add(self, backup: Backup) -> None:
        """Take up a backup whose manifest has just been written."""
        await self._note(backup.path, Known(0, 0.0, backup))
        await self._tell()

    async def remove(self, backup: Backup) -> None:
        """Remove a backup from the archive. It is gone at once; its objects follow."""
        known = self._known.pop(backup.path, None)
        try:
            await self.location.delete(f"{backup.path}/{full_copy.MANIFEST}")
        except BaseException:
            if known is not None:
                self._known[backup.path] = known
            raise
        self._removed.add(backup.path)
        await self._forget([backup.path])
        await self._tell()
        await full_copy.remove(self.location, backup.path)

    async def take_up(self, store: Store, keys: Sequence[Key] | None) -> None:
        """Follow what other routers wrote down of these rows; None: of any. Reads from `store`."""
        if keys is None:
            self._loaded = self._synced = False  # compared anew when somebody asks
            return
        wanted = [key for key in keys if key.partition == PARTITION]
        for key, row in zip(wanted, await store.get(wanted) if wanted else (), strict=True):
            path = key.sort.decode()
            if row is None:
                self._known.pop(path, None)
            else:
                url, known = _decode(row.value)
                if url == self.location.url:
                    self._known[path] = known

    @contextmanager
    def using(self, backup: Backup) -> Iterator[None]:
        """While a restore from it begins, `is_used` says so."""
        self._used[backup.path] = self._used.get(backup.path, 0) + 1
        try:
            yield
        finally:
            self._used[backup.path] -= 1
            if not self._used[backup.path]:
                del self._used[backup.path]

    def guard(self, used: Callable[[Backup], bool]) -> None:
        """Have `used` asked, too, whether a backup must stay."""
        self._guards.append(used)

    def is_used(self, backup: Backup) -> bool:
        """Whether a table is being restored from it."""
        return backup.path in self._used or any(used(backup) for used in self._guards)

    async def _changed(self) -> bytes:
        try:
            return await self.location.get(CHANGED)
        except Missing:
            return b""

    async def _tell(self) -> None:
        """Have others compare. What was done is done, also where that fails: then they find it later."""
        try:
            await self.location.put(CHANGED, secrets.token_hex(16).encode())
        except ArchiveError as error:
            _log.warning("%s: other servers notice a change of backups later: %s", self.location.url, error)

    async def _sync_first(self) -> None:
        if self._synced:  # somebody else did it meanwhile
            return
        try:
            await self._sync()
        except ArchiveError as error:
            if not self._known:
                raise
            _log.warning("telling of the backups that the archive had before: %s", error)

    async def _sync(self) -> int:
        self._removed.clear()
        if not self._loaded:
            await self._load()
        before = dict(self._known)  # what is added while the archive is read is not in the listing
        listing = await self.location.list(f"{backups.FOLDER}/")
        if before and not listing and not await mark.check(self.location):
            raise Unreachable(f"{self.location.url} was an archive and is none now; is it mounted?")
        folders: dict[str, list[Found]] = {}
        for found in listing:
            folders.setdefault(found.path.rpartition("/")[0], []).append(found)
        manifests = {
            path: found
            for path, objects in folders.items()
            for found in objects
            if found.path == f"{path}/{full_copy.MANIFEST}"
        }
        gone = [path for path in before if path not in manifests]
        await self._forget(gone)
        new = [path for path, found in manifests.items() if _differs(before.get(path), found)]
        limit = asyncio.Semaphore(_READS)
        taken = await asyncio.gather(*(self._take_up(path, manifests[path], limit) for path in new))
        self._synced = True
        await self._sweep([objects for path, objects in folders.items() if path not in manifests])
        return len(gone) + sum(taken) + await self._expire()

    async def _take_up(self, path: str, found: Found, limit: asyncio.Semaphore) -> bool:
        async with limit:
            try:
                copy = await full_copy.read(self.location, path)
                backup = backups.of_copy(copy)
                if backup.path != path:
                    raise ValueError(f"it is of {backup.path}")
            except Missing:
                return False
            except (Damaged, ValueError) as error:
                if (path, found.modified) not in self._unreadable:
                    self._unreadable.add((path, found.modified))
                    _log.error("%s/%s is not listed: %s", self.location.url, path, error)
                return False
        if path in self._removed:
            return False
        await self._note(path, Known(found.size, found.modified, backup))
        return True

    async def _sweep(self, leavings: list[list[Found]]) -> None:
        """Remove what is left of backups that came to nothing."""
        old = self._clock() - GARBAGE_SECONDS
        for objects in leavings:
            if all(found.modified < old for found in objects):
                _log.info("removing %d objects of a backup without a manifest: %s", len(objects), objects[0].path)
                for found in objects:
                    await self.location.delete(found.path)

    async def _expire(self) -> int:
        now = self._clock()
        over = [known.backup for known in self._known.values() if (known.backup.expires or now + 1) <= now]
        over = [backup for backup in over if not self.is_used(backup)]
        for backup in over:
            await self.remove(backup)
        return len(over)

    async def _load(self) -> None:
        others: list[str] = []
        for row in await rows_of(self._store, _SPACE, PARTITION):
            path, (url, known) = row.sort.decode(), _decode(row.value)
            if url == self.location.url:
                self._known.setdefault(path, known)
            else:
                others.append(path)
        await self._forget([path for path in others if path not in self._known])
        self._loaded = True

    async def _note(self, path: str, known: Known) -> None:
        text = _encode(self.location.url, known)
        put = Put(_key(path), len(text), text)
        await self._store.transact([_key(path)], lambda rows: Change(puts=[put]))
        self._known[path] = known

    async def _forget(self, paths: list[str]) -> None:
        if not paths:
            return
        keys = [_key(path) for path in paths]
        await self._store.transact(keys, lambda rows: Change(deletes=keys))
        for path in paths:
            self._known.pop(path, None)


def _differs(known: Known | None, found: Found) -> bool:
    return known is None or (known.size, known.modified) != (found.size, found.modified)


def _key(path: str) -> Key:
    return Key(_SPACE, PARTITION, path.encode())


def _encode(url: str, known: Known) -> bytes:
    content: dict[str, Any] = {"archive": url, "size": known.size, "modified": known.modified}
    return orjson.dumps(content | {"backup": orjson.Fragment(backups.encode(known.backup))})


def _decode(data: bytes) -> tuple[str, Known]:
    stored = orjson.loads(data)
    backup = backups.decode(orjson.dumps(stored["backup"]))
    return stored["archive"], Known(stored["size"], stored["modified"], backup)
