"""Who writes below a prefix of an archive: one process of one data directory, until another takes its place.

    <prefix>/writer.json     the id of who writes, made anew with each start, and how many there have been
    <prefix>/asked/<id>      who was refused, and waits for somebody to decide

A data directory can be copied, and a copy is like the original in everything. So a store remembers in its own row
which ids it has written under: what was written since by any other is not its own, and it neither adds to it nor
removes it. Whoever writes looks before and after whether it is still its turn. Where two were started of one state, the
second takes over from the first, which is told so when it looks; a person decides what is to become of that.
"""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from stator.archive import document
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location
from stator.storage.store import Change, Key, Put, Row, Store

FORMAT = 1
KIND = "writer"
NAME = "writer.json"
PARTITION = bytes(8) + b"writers"

_ASKED = "asked"


class Foreign(ArchiveError):
    """Another data directory writes there, or knows more than this one."""


class Displaced(ArchiveError):
    """Another process of the same store has taken over, as routers do from each other."""


class Writer(NamedTuple):
    """`writer.json`. `granted`: a person has decided for it, whatever there is."""

    id: str
    epoch: int
    granted: bool = False


class _Known(NamedTuple):
    """What the store remembers: under which id it wrote before, and under which it does so or would like to."""

    held: str
    current: str
    refused: bool


class Tenure:
    """Of the process `me` below one prefix. `claim` and then `take`, before anything is written. `appeal`: whether a
    person is to be asked where it is refused."""

    def __init__(self, store: Store, archive: Location, prefix: str, me: str, *, appeal: bool = True) -> None:
        self._store = store
        self._archive = archive
        self._prefix = prefix
        self._me = me
        self._appeal = appeal
        self.key = Key(0, PARTITION, prefix.encode())  # of the store's row; goes with what tells of the prefix

    async def claim(self) -> bool:
        """Whether a person has decided for this data directory. Raises Foreign when it is another's turn."""
        writer, known = await self._writer(), await self._known()
        if writer is None:
            return False
        if writer.id == self._me or _has(known, writer):
            return writer.granted
        raise await self.refuse("another data directory writes there")

    async def take(self) -> None:
        """Begin to write, after `claim`. Raises what `check` does when another was as fast."""
        writer = await self._writer()
        await self._remember(_Known("" if writer is None else writer.id, self._me, refused=False))
        mine = Writer(self._me, 1 if writer is None else writer.epoch + 1)
        await self._archive.put(f"{self._prefix}/{NAME}", _encode(mine))
        await self.check()

    async def check(self) -> None:
        """Raises Foreign or Displaced when another has taken over, Missing when what was here is gone."""
        writer = await self._writer()
        if writer is None:
            raise Missing(f"{self._archive.url}/{self._prefix}/{NAME} is not there")
        if writer.id != self._me:
            if _has(await self._known(), writer):  # a process beside this one, with the same store
                raise Displaced(f"{self._archive.url}/{self._prefix}: another process of this server has taken over")
            raise await self.refuse("another process has taken over")

    async def refuse(self, reason: str) -> Foreign:
        """The error for a person to read, who can decide for this data directory."""
        if not self._appeal:
            return Foreign(f"{self._archive.url}/{self._prefix}: {reason}")
        known = await self._known()
        # The id that is told is to stay good after a restart.
        asking = known.current if known is not None and known.refused else self._me
        await self._remember(_Known("" if known is None else known.held, asking, refused=True))
        await self._archive.put(f"{self._prefix}/{_ASKED}/{asking}", b"")
        return Foreign(
            f"{self._archive.url}/{self._prefix}: {reason}, so nothing is added. If that one is not needed any more, "
            f"run `stator archive take-over {asking}`; else give this server an archive of its own"
        )

    async def _writer(self) -> Writer | None:
        return await _read(self._archive, self._prefix)

    async def _known(self) -> _Known | None:
        (row,) = await self._store.get([self.key])
        return None if row is None else _decode_row(row.value)

    async def _remember(self, wanted: _Known) -> None:
        value = orjson.dumps({"format": FORMAT} | wanted._asdict())

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is not None and rows[0].value == value:
                return Change()
            return Change(puts=[Put(self.key, len(value), value)])

        await self._store.transact([self.key], decide)


async def grant(archive: Location, folder: str, asked: str) -> list[str]:
    """Decide for who asked under that id, wherever below a folder it was refused; returns those prefixes."""
    end = f"/{_ASKED}/{asked}"
    paths = [found.path for found in await archive.list(f"{folder}/") if found.path.endswith(end)]
    for path in paths:
        prefix = path.removesuffix(end)
        writer = await _read(archive, prefix)
        mine = Writer(asked, 1 if writer is None else writer.epoch + 1, granted=True)
        await archive.put(f"{prefix}/{NAME}", _encode(mine))
        await archive.delete(path)
    return [path.removesuffix(end) for path in paths]


def _encode(writer: Writer) -> bytes:
    return document.encode(KIND, FORMAT, writer._asdict())


async def _read(archive: Location, prefix: str) -> Writer | None:
    path = f"{prefix}/{NAME}"
    try:
        body = await archive.get(path)
    except Missing:
        return None
    return document.read(KIND, FORMAT, body, f"{archive.url}/{path}", lambda content: Writer(**content))


def _has(known: _Known | None, writer: Writer) -> bool:
    return known is not None and writer.id in (known.held, known.current)


def _decode_row(value: bytes) -> _Known:
    stored = orjson.loads(value)
    if stored.pop("format") != FORMAT:
        raise ValueError(f"a writer's row of a format that this version cannot read: {value!r}")
    return _Known(**stored)
