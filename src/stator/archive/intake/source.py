"""What imports and bulk puts read: the objects of a bucket that begin with a prefix, record by record.

Below the folder of an export (`AWSDynamoDB/<export id>/`, with its two manifests) the data are the files that the
manifest names, and nothing else. Every other object is data.

Reading is done in a thread, a piece at a time, and can go on after any record.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from msgspec import Struct

from stator.archive import ion
from stator.archive.intake.inflate import INFLATERS, Broken
from stator.archive.intake.splitter import BYTE_ORDER_MARK, Lines, Place, Raw, Rows, Splitter, Structs
from stator.archive.places.failure import Missing
from stator.archive.places.found import Found
from stator.archive.places.location import Location
from stator.errors import WireError

SLICE_BYTES = 64 * 1024  # of an object as it is stored, at a time
BATCH_BYTES_MAX = 256 * 1024  # of plain bytes
BATCH_RECORDS_MAX = 500

_SUMMARY, _FILES = "manifest-summary.json", "manifest-files.json"

T = TypeVar("T")


class Format(Struct, frozen=True):
    """How the records of an object are written. `types`: those of the columns of CSV that are no strings."""

    kind: str  # DYNAMODB_JSON, ION or CSV
    compression: str = "NONE"
    delimiter: str = ","
    header: tuple[str, ...] | None = None
    types: Mapping[str, str] | None = None


class Object(NamedTuple):
    path: str
    size: int
    compression: str


class Entry(NamedTuple, Generic[T]):
    """A record: what `prepare` made of it, or what is wrong with it, and where the next one begins."""

    number: int
    end: int
    content: T | None
    fault: str | None


class Batch(NamedTuple, Generic[T]):
    """Entries in order, and how many bytes of the object, as it is stored, were read for them and those before."""

    entries: list[Entry[T]]
    stored: int


class NoManifest(ValueError):
    """The manifest of an export is there and cannot be followed."""


async def find_objects(bucket: Location, prefix: str, format: Format) -> list[Object]:
    """The objects to read, by path. Raises NoManifest, and what the location raises."""
    for manifest in (_SUMMARY, _FILES):  # whoever names a manifest means its export
        if f"/{prefix}".endswith(f"/{manifest}"):
            prefix = prefix.removesuffix(manifest)
    listed = await bucket.list(prefix)
    found, exports, objects = await asyncio.to_thread(_sort_out, listed, format)
    for folder in exports:
        try:
            summary, files = await bucket.get(folder + _SUMMARY), await bucket.get(folder + _FILES)
        except Missing:
            raise NoManifest(f"The manifest in {folder} went away") from None
        objects += await asyncio.to_thread(_exported, folder, (summary, files), found, format)
    return await asyncio.to_thread(sorted, objects)


def _sort_out(listed: Sequence[Found], format: Format) -> tuple[dict[str, int], list[str], list[Object]]:
    """The sizes of all objects, the folders of exports among them, and the objects in none of those."""
    found = {one.path: one.size for one in listed}
    summaries = [path.removesuffix(_SUMMARY) for path in found if f"/{path}".endswith(f"/{_SUMMARY}")]
    exports = [folder for folder in summaries if folder + _FILES in found]
    inside = tuple(exports)
    rest = [Object(path, size, format.compression) for path, size in found.items() if not path.startswith(inside)]
    return found, exports, rest


def _exported(
    folder: str, manifests: tuple[bytes, bytes], found: Mapping[str, int], format: Format
) -> Sequence[Object]:
    """The data files of an export. It may have been copied elsewhere since: then they are where the manifest is."""
    try:
        summary = orjson.loads(manifests[0])
        named = [str(orjson.loads(line)["dataFileS3Key"]) for line in manifests[1].splitlines() if line.strip()]
        incremental = summary.get("exportType") == "INCREMENTAL_EXPORT" or bool(summary.get("outputView"))
        kind = summary.get("outputFormat", format.kind)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoManifest(f"The manifest in {folder} cannot be read") from None
    if incremental:
        raise NoManifest(f"The export in {folder} is an incremental one: only full exports can be imported")
    if kind != format.kind:
        raise NoManifest(f"The export in {folder} is in the format {kind}, not in {format.kind}")
    objects = []
    for path in named:
        places = (path, f"{folder}data/{path.rpartition('/')[2]}", folder + path)
        there = next((place for place in places if place in found), None)
        if there is None:
            raise NoManifest(f"The manifest in {folder} names {path}, which is not there")
        objects.append(Object(there, found[there], "GZIP" if there.endswith(".gz") else "NONE"))
    return objects


Prepare = Callable[[dict[str, Any]], T]
"""The members of a record, `Item` among them, to what is wanted of it. Raises WireError for what cannot be."""


class Decoder(Generic[T]):
    """From the bytes of one object to its entries. Runs in a thread."""

    def __init__(self, one: Object, format: Format, prepare: Prepare[T], place: Place) -> None:
        self.start = 0  # where in the object its bytes are wanted from
        self._inflater = INFLATERS[one.compression]()
        self._place = place
        self._dropping = 0  # plain bytes that were done before
        if format.kind == "CSV":
            self._splitter: Splitter = Rows(format.delimiter, format.header, place)
        else:
            self._splitter = Structs(place) if format.kind == "ION" else Lines(place)
            if one.compression == "NONE":
                self.start = place.offset
            else:
                self._dropping = place.offset
        self._format = format
        self._prepare = prepare
        self._offset = self.start
        self._next = place.number
        self.ended = False

    def feed(self, data: bytes | None) -> Iterator[list[Entry[T]]]:
        """The entries that these bytes complete, None for the end of the object, in batches. The bytes of an object
        that is damaged end where the damage is, with an entry that says so."""
        batch: list[Entry[T]] = []
        begun = self._offset
        for raw in self._raws(data):
            entry = self._entry(raw)
            if entry is None:
                continue
            batch.append(entry)
            if len(batch) >= BATCH_RECORDS_MAX or entry.end - begun >= BATCH_BYTES_MAX:
                yield batch
                batch, begun = [], entry.end
            if raw.last:
                self.ended = True
                break
        self.ended = self.ended or data is None
        if batch:
            yield batch

    def _raws(self, data: bytes | None) -> Iterator[Raw]:
        try:
            if data is None:
                self._inflater.end()
                yield from self._splitter.end()
                return
            for piece in self._inflater.feed(data):
                yield from self._splitter.feed(self._new(piece))
        except Broken as broken:
            # What is left in the splitter is half a record.
            yield Raw(self._next, self._offset, None, str(broken), last=True)

    def _new(self, piece: bytes) -> bytes:
        self._offset += len(piece)
        if self._dropping:
            dropped = min(self._dropping, len(piece))
            self._dropping -= dropped
            return piece[dropped:]
        return piece

    def _entry(self, raw: Raw) -> Entry[T] | None:
        self._next = raw.number + 1
        if raw.fault is not None or raw.content is None:
            return Entry(raw.number, raw.end, None, raw.fault)
        try:
            members = self._members(raw.content)
            if members is None:
                return None
            return Entry(raw.number, raw.end, self._prepare(members), None)
        except WireError as error:
            return Entry(raw.number, raw.end, None, error.message)
        except ValueError as error:
            return Entry(raw.number, raw.end, None, str(error))

    def _members(self, content: bytes | dict[str, str]) -> dict[str, Any] | None:
        if isinstance(content, dict):
            types = self._format.types or {}
            return {"Item": {name: {types.get(name, "S"): text} for name, text in content.items()}}
        if self._format.kind == "ION":
            return _ion_members(content)
        return _json_members(content.removeprefix(BYTE_ORDER_MARK))


async def read(
    bucket: Location, one: Object, format: Format, prepare: Prepare[T], place: Place
) -> AsyncGenerator[Batch[T], None]:
    """The entries of an object from `place` on, in batches. An object that has gone is told as one that is damaged.

    Raises what the location raises.
    """
    decoder = Decoder(one, format, prepare, place)
    stored = decoder.start
    async with aclosing(_slices(bucket, one.path, decoder.start)) as slices:
        try:
            async for data in slices:
                stored += len(data)
                batches = decoder.feed(data)
                while (entries := await asyncio.to_thread(next, batches, None)) is not None:
                    yield Batch(entries, stored)
                if decoder.ended:
                    return
        except Missing:
            yield Batch([Entry(place.number, place.offset, None, "The object is not there any more")], stored)
            return
    batches = decoder.feed(None)
    while (entries := await asyncio.to_thread(next, batches, None)) is not None:
        yield Batch(entries, stored)


async def _slices(bucket: Location, path: str, start: int) -> AsyncGenerator[bytes, None]:
    async for data in bucket.stream(path, start):
        view = memoryview(data)
        for at in range(0, len(view), SLICE_BYTES):
            yield bytes(view[at : at + SLICE_BYTES])


def _json_members(line: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(line)
    except ValueError as error:
        raise ValueError(f"The line is no JSON: {error}") from None
    if not isinstance(members, dict):
        raise ValueError("The line is no JSON object")  # noqa: TRY004  it is the text that is wrong, not a type
    if members.get("Item") is None:
        raise ValueError("The line has no Item")
    return members


def _ion_members(text: bytes) -> dict[str, Any] | None:
    """The members of a struct as JSON has them: what is no item and no values is plain."""
    try:
        members = ion.parse_line(text)
    except ion.NotIon as error:
        raise ValueError(f"The record is no Ion that could be an item: {error}") from None
    if members is None:
        return None
    if "M" not in members.get("Item", ()):
        raise ValueError("The record has no struct Item")
    plain: dict[str, Any] = {}
    for name, value in members.items():
        ((kind, content),) = value.items()
        if kind == "M" and name == "ExpressionAttributeNames":
            content = {key: next(iter(each.values())) for key, each in content.items()}
        if kind != "NULL":
            plain[name] = content
    return plain
