"""How the tables of a database are laid out, and what of the SQL depends on it: here a plain database, in `citus` one
whose tables are distributed."""

from collections.abc import Sequence

from stator.storage.postgres.binary import bytea_array, int8, int8_array
from stator.storage.postgres.link import Statement
from stator.storage.postgres.page import RangeQuery, ScanQuery, Source
from stator.storage.postgres.sql import APPEND, COUNT, RECORDS, SHARD, SPACE, TABLES, Sql, sql, table
from stator.storage.store import Append, Bound, Key, Position, Record


class Layout:
    """A plain database: one table for each space."""

    slots = 256  # that the sums of a space are spread over
    opening: tuple[Statement, ...] = (Statement(b"BEGIN"),)  # of a transaction that writes
    verifies = False  # reads of several statements are not of one moment, and nothing is written that was not read
    gives_versions = False  # an update is given its version

    def sql(self, key: Key) -> Sql:
        return sql(key[0])

    def grouped(self, keys: Sequence[Key]) -> list[tuple[Sql, list[Key]]]:
        """Keys by the texts that are for them, both in order, each once."""
        spaces: dict[int, list[Key]] = {}
        for key in sorted(set(keys)):
            spaces.setdefault(key[0], []).append(key)
        return [(sql(space), some) for space, some in spaces.items()]

    def spans(self, keys: Sequence[Key]) -> bool:
        """Whether it takes several statements to read them."""
        return len(keys) > 1 and any(key[0] != keys[0][0] for key in keys)

    def range(
        self,
        space: int,
        partition: bytes,
        bounds: tuple[Bound | None, Bound | None],
        *,
        reverse: bool,
        limits: tuple[int, int],
    ) -> RangeQuery:
        return RangeQuery(self.source(space, partition), partition, bounds, reverse=reverse, limits=limits)

    def scan(
        self, space: int, after: Position | None, bounds: tuple[bytes, bytes | None], *, limits: tuple[int, int]
    ) -> ScanQuery:
        return ScanQuery(Source(space), after, bounds, limits=limits)

    def source(self, space: int, partition: bytes) -> Source:
        """Where the rows of a partition are."""
        return Source(space)

    def journal(self, text: bytes, journal: int, shard: int, *more: int) -> Statement:
        """One of the statements on a shard of a journal."""
        return Statement(text % {b"at": b""}, [int8(number) for number in (journal, shard, *more)])

    def founding(self, format: int) -> list[bytes]:
        """Make all tables in an empty database, that of space 0 among them."""
        texts = TABLES % {b"format": format, b"column": b"", b"key": b"", b"end": b""}
        return [*texts.split(b";"), *self.making(0)]

    def making(self, space: int) -> list[bytes]:
        """Make the table of a space."""
        return [SPACE % {b"name": table(space), b"column": b"", b"key": b""}]

    def counting(self, sums: Sequence[tuple[int, ...]], slot: bytes) -> list[Statement]:
        """Add to sums of spaces: place, rows and size of each, in order."""
        return [Statement(COUNT, [*[int8_array(column) for column in zip(*sums, strict=True)], slot])]

    def filling(self, journal: int, shard: int, records: Sequence[Record]) -> list[Statement]:
        """Records that come from elsewhere, with their numbers."""
        sequences, contents = int8_array([each[2] for each in records]), bytea_array([each[3] for each in records])
        return [Statement(RECORDS, [int8(journal), int8(shard), sequences, contents])]

    def starting(self, journal: int, shard: int, last: int) -> list[Statement]:
        """The counter of a shard, unless there is one."""
        return [Statement(SHARD, [int8(journal), int8(shard), int8(last)])]

    def appending(self, appends: Sequence[Append]) -> list[Statement]:
        counts, backs, latest = numbered(appends)
        shards = sorted(counts)
        parameters = [
            int8_array([journal for journal, _ in shards]),
            int8_array([shard for _, shard in shards]),
            int8_array([counts[shard] for shard in shards]),
            int8(latest),
            int8_array([append.journal for append in appends]),
            int8_array([append.shard for append in appends]),
            int8_array(backs),
            bytea_array([append.record for append in appends]),
        ]
        return [Statement(APPEND, parameters)]


def numbered(appends: Sequence[Append]) -> tuple[dict[tuple[int, int], int], list[int], int]:
    """How many records there are for each shard; for each record how far it is before the new end of its shard, and at
    the end 1, below 0 for records with a time; and the latest of these times."""
    counts: dict[tuple[int, int], int] = {}
    for append in appends:
        place = append.journal, append.shard
        counts[place] = counts.get(place, 0) + 1
    left = dict(counts)
    backs = []
    latest = 0
    for append in appends:
        place = append.journal, append.shard
        back = left[place]
        left[place] = back - 1
        stamp = append.record[5:18]
        if len(stamp) == 13 and stamp.isdigit():
            latest = max(latest, int(stamp))
            back = -back
        backs.append(back)
    return counts, backs, latest
