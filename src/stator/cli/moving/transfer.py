"""Items from a source into a table, segment beside segment, remembering how far each has come."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct, field

from stator.cli.crew import Crew
from stator.cli.moving.digest import Digest, digest_of
from stator.cli.moving.source import Position, Source
from stator.cli.moving.writer import BatchWriter
from stator.cli.progress import Progress


class Leg(Struct):
    """One segment's part of the way. `position` and `digest` belong together: these items are in the table."""

    position: Position = None
    done: bool = False
    digest: Digest = field(default_factory=Digest)

    def to_json(self) -> dict[str, Any]:
        return {
            "position": self.position,
            "done": self.done,
            "items": self.digest.items,
            "checksum": self.digest.checksum,
        }

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> "Leg":
        digest = Digest(int(members["items"]), int(members["checksum"], 16))
        return cls(members["position"], bool(members["done"]), digest)


class Transfer:
    """`legs` are those of an earlier run, one a segment; they are moved on here. `lock` is held while one is."""

    def __init__(self, source: Source, writer: BatchWriter, legs: list[Leg], progress: Progress) -> None:
        self._source = source
        self._writer = writer
        self._progress = progress
        self.legs = legs
        self.lock = threading.Lock()

    def run(self, crew: Crew, tick: Callable[[], None]) -> Digest:
        """Returns the digest of everything moved, in this run and before. Raises as `Crew.run`."""
        works = [partial(self._move, crew, segment) for segment, leg in enumerate(self.legs) if not leg.done]
        if works:
            crew.run(works, tick)
        return self.digest

    @property
    def digest(self) -> Digest:
        total = Digest()
        for leg in self.legs:
            total = total.plus(leg.digest)
        return total

    def to_json(self) -> list[dict[str, Any]]:
        with self.lock:
            return [leg.to_json() for leg in self.legs]

    def _move(self, crew: Crew, segment: int) -> None:
        leg = self.legs[segment]
        for page in self._source.pages(segment, leg.position):
            size = self._writer.put(page.items)
            digest = leg.digest.plus(digest_of(page.items))
            with self.lock:
                leg.position, leg.done, leg.digest = page.after, page.after is None, digest
            self._progress.advance(len(page.items), size)
            if crew.stop.is_set():
                return


def read_digest(source: Source, crew: Crew, progress: Progress) -> Digest:
    """The digest of everything in a source."""
    found: list[Digest] = []

    def read(segment: int) -> None:
        digest = Digest()
        for page in source.pages(segment, None):
            digest = digest.plus(digest_of(page.items))
            progress.advance(len(page.items))
        found.append(digest)

    crew.run([partial(read, segment) for segment in range(source.segments)])
    total = Digest()
    for digest in found:
        total = total.plus(digest)
    return total
