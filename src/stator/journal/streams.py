"""The streams of a store: finding, listing, rolling and forgetting them."""

from collections.abc import Sequence

from msgspec.structs import replace

from stator.clock import Clock
from stator.journal import lineage
from stator.journal.journal import RETENTION_SECONDS, Journal
from stator.journal.lineage import Name, Shard, StreamRecord
from stator.journal.record import Boundary
from stator.storage.rows import below, rows_between
from stator.storage.store import Bound, Change, Put, Row, Store
from stator.tables.catalog import CATALOG_SPACE

_PAGE_BYTES = 8 * 1024 * 1024


class Streams:
    """Keeps nothing in memory: what it says is what the store says at that moment.

    `clock` must never fall; it is the one that gives the journal's records their times.
    """

    __slots__ = ("_clock", "_store", "journal")

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.journal = Journal(store)

    async def find(self, name: Name) -> StreamRecord | None:
        """The stream of that name, enabled or not, until it is RETENTION_SECONDS past its end."""
        found, ended = await self._store.get([lineage.stream_key(name), lineage.ended_key(name)])
        if found is None:
            return None
        stream = await self._settled(found, ended)
        return None if self._is_over(stream) else stream

    async def names(
        self, account: str, region: str, *, table: str | None, after: Name | None, count_max: int
    ) -> tuple[list[Name], bool]:
        """Streams in order of table name and label, past `after`, and whether there are more."""
        lower: Bound | None
        lower, upper = below(table) if table else (None, None)
        if after is not None:
            place = Bound(f"{after.table}/{after.label}".encode(), inclusive=False)
            lower = place if lower is None or place.sort >= lower.sort else lower
        names: list[Name] = []
        more = True
        while more:
            page = await self._store.range(
                CATALOG_SPACE,
                lineage.streams_of(account, region),
                lower,
                upper,
                reverse=False,
                rows_max=count_max + 1,
                bytes_max=_PAGE_BYTES,
            )
            for row in page.rows:
                stream = await self._current(row)
                if not self._is_over(stream):
                    if len(names) == count_max:
                        return names, True
                    names.append(stream.name)
                lower = Bound(row.sort, inclusive=False)
            more = page.more and bool(page.rows)
        return names, False

    async def all(self) -> list[StreamRecord]:
        """Every stream of every account, also those that are over."""
        end = lineage.STREAMS[:-1] + b"0"  # "0" follows "/"
        return [
            await self._current(row) for row in await rows_between(self._store, CATALOG_SPACE, lineage.STREAMS, end)
        ]

    async def roll(self, name: Name, older_than: float) -> bool:
        """End the open shards of a stream and begin their children, if they began before `older_than`."""
        keys = [lineage.stream_key(name), lineage.ended_key(name)]

        def decide(rows: Sequence[Row | None]) -> Change:
            found, ended = rows
            if found is None:
                return Change(result=False)
            stream = lineage.decode(found.value)
            if _end_of(stream, ended) is not None:
                return Change(result=False)
            begun = max(lane[-1].begun for lane in stream.shards)
            if stream.pending or stream.disabled is not None or begun > older_than:
                return Change(result=False)
            rolled, appends = lineage.roll(stream, self._clock())
            return Change(puts=[_put(rolled)], appends=appends, result=True)

        await self.find(name)  # looks up what is pending
        done: bool = await self._store.transact(keys, decide)
        if done:
            await self.find(name)
        return done

    async def forget(self, stream: StreamRecord) -> StreamRecord | None:
        """Drop the shards whose time is over, and the stream itself when it is. What is left of it."""
        over = self._is_over(stream)
        left = lineage.without_trimmed(stream, self._clock() - RETENTION_SECONDS)
        if over or left != stream:
            key = lineage.stream_key(stream.name)

            def decide(rows: Sequence[Row | None]) -> Change:
                if rows[0] is None or lineage.decode(rows[0].value) != stream:
                    return Change()  # changed meanwhile: the next run sees to it
                return Change(deletes=[key]) if over else Change(puts=[_put(left)])

            await self._store.transact([key], decide)
        return None if over else left

    def _is_over(self, stream: StreamRecord) -> bool:
        return stream.disabled is not None and stream.disabled + RETENTION_SECONDS <= self._clock()

    async def _current(self, found: Row) -> StreamRecord:
        (ended,) = await self._store.get([lineage.ended_key(lineage.decode(found.value).name)])
        return await self._settled(found, ended)

    async def _settled(self, found: Row, ended: Row | None) -> StreamRecord:
        """The stream with its end taken in and its boundaries looked up, as it is then also stored."""
        stream = lineage.decode(found.value)
        end = _end_of(stream, ended)
        if end is None and not stream.pending:
            return stream
        if end is not None and stream.disabled is None:
            stream = lineage.end(stream, end)
        stream = replace(stream, shards=tuple([await self._located(stream, lane) for lane in stream.shards]))
        keys = [lineage.stream_key(stream.name), lineage.ended_key(stream.name)]

        def decide(rows: Sequence[Row | None]) -> Change:
            now, now_ended = rows
            if now is None or now.version != found.version or (now_ended is None) != (ended is None):
                return Change()  # changed meanwhile: whoever did that, or the next reader, looks it up
            return Change(puts=[_put(stream)], deletes=keys[1:] if ended is not None else [])

        await self._store.transact(keys, decide)
        return stream

    async def _located(self, stream: StreamRecord, lane: tuple[Shard, ...]) -> tuple[Shard, ...]:
        """A lane's shards with the places of the boundaries that were not known yet."""
        shards = list(lane)
        for place, shard in enumerate(shards):
            if shard.start is None:
                start = await self._place(stream, shard.lane, shard.begun, shard.generation)
                shards[place] = replace(shard, start=start)
                if place:
                    shards[place - 1] = replace(shards[place - 1], end=start - 1)
        last = shards[-1]
        if last.ended is not None and last.end is None:
            shards[-1] = replace(last, end=await self._place(stream, last.lane, last.ended, None) - 1)
        return tuple(shards)

    async def _place(self, stream: StreamRecord, lane: int, time: float, generation: int | None) -> int:
        """The sequence of the boundary that was written at `time` or a little later.

        A clock that was set back while no server ran can have led astray who looks by time; then all is looked at.
        """
        oldest = await self.journal.first(stream.journal, lane) - 1
        for cursor in (await self.journal.before(stream.journal, lane, time), oldest):
            found = await self._next_boundary(stream, lane, cursor)
            while found is not None:
                if (found.label, found.generation) == (stream.name.label, generation):
                    return found.sequence
                found = await self._next_boundary(stream, lane, found.sequence)
        raise LookupError(f"lane {lane} of {stream.name.arn} lacks the boundary of shard {generation}")

    async def _next_boundary(self, stream: StreamRecord, lane: int, cursor: int) -> Boundary | None:
        while True:
            found = await self.journal.read(
                stream.journal, lane, cursor, stop_at_boundary=True, records_max=250, bytes_max=_PAGE_BYTES
            )
            if found.boundary is not None or not found.more:
                return found.boundary
            cursor = found.cursor


def _end_of(stream: StreamRecord, row: Row | None) -> float | None:
    return lineage.end_of(stream, None if row is None else row.value)


def _put(stream: StreamRecord) -> Put:
    value = lineage.encode(stream)
    return Put(lineage.stream_key(stream.name), len(value), value)
