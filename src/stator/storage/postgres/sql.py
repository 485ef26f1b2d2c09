"""The SQL of one space: its table, and every statement on it. docs/formats.md describes the columns.

`was` is the size that the row had before its last blind write, or -1 where there was none: PostgreSQL does not tell
what an upsert replaced, and the sums of a space are exact.
"""

from collections.abc import Sequence
from functools import lru_cache

from stator.storage.postgres.binary import bytea_array, int4_array
from stator.storage.postgres.link import Statement
from stator.storage.postgres.place import columns, is_long, rest
from stator.storage.store import Put

SPACES_MAX = 4_000  # spaces whose texts are kept

_KEYS = b"unnest($1::bytea[], $2::bytea[], $3::bytea[])"
_JOIN = b"t.partition = k.partition AND t.sort = k.sort AND t.digest = k.digest"
_VERSION = b"nextval('stator.version')"

# The whole partition and sort of a row.
PARTITION = b"(t.partition || coalesce(t.prest, ''::bytea))"
SORT = b"(t.sort || coalesce(t.srest, ''::bytea))"


def table(space: int) -> bytes:
    return b"stator.s%d" % space


def dropped_table(space: int) -> bytes:
    return b"stator.gone%d" % space


# Numbers before bytes: so they need no padding. Up to 4 KB a row stays as it is; longer ones are compressed or, if that
# does not help, cut up and stored beside the table. A layout may have a column and a part of the key of its own.
SPACE = (
    b"CREATE TABLE %(name)b (%(column)bversion bigint NOT NULL, size int NOT NULL, was int NOT NULL,"
    b" partition bytea NOT NULL, sort bytea NOT NULL, digest bytea NOT NULL, value bytea NOT NULL,"
    b" prest bytea, srest bytea, PRIMARY KEY (%(key)bpartition, sort, digest))"
    b" WITH (fillfactor = 90, toast_tuple_target = 4080)"
)

# All others, for a format. The sums of a space are spread over rows, one for each connection that writes, which would
# else wait for each other. There and in `shards` every commit writes the same rows again: room in their pages saves the
# index from that.
TABLES = b"""
CREATE SCHEMA stator;
CREATE TABLE stator.format (one int PRIMARY KEY, format int NOT NULL);
INSERT INTO stator.format VALUES (1, %(format)d);
CREATE SEQUENCE stator.version INCREMENT BY 1024 START WITH 1024;
CREATE SEQUENCE stator.space;
CREATE TABLE stator.spaces (space bigint PRIMARY KEY);
CREATE TABLE stator.gone (space bigint PRIMARY KEY);
CREATE TABLE stator.pins (one int PRIMARY KEY);
CREATE TABLE stator.usage (%(column)bspace bigint, slot int, rows bigint NOT NULL, size bigint NOT NULL,
    PRIMARY KEY (space, %(key)bslot)) WITH (fillfactor = 50);
CREATE TABLE stator.shards (%(column)bjournal bigint, shard bigint, last bigint NOT NULL, time bigint NOT NULL,
    PRIMARY KEY (journal, shard%(end)b)) WITH (fillfactor = 50);
CREATE TABLE stator.records (%(column)bjournal bigint, shard bigint, sequence bigint, record bytea NOT NULL,
    PRIMARY KEY (journal, shard, sequence%(end)b));
INSERT INTO stator.spaces VALUES (0)
"""


class Sql:
    """Texts for one space, each made once, so that the same object names the same prepared statement."""

    __slots__ = (
        "check",
        "delete",
        "delete_blind",
        "get",
        "get_many",
        "insert",
        "insert_long",
        "lock",
        "place",
        "remove_ghosts",
        "space",
        "table",
        "update",
        "upsert",
        "upsert_long",
    )

    def __init__(self, space: int, only: bytes = b"", version: bytes = _VERSION) -> None:
        """`only` narrows the table, and `version` is the expression that an update takes its version from."""
        self.space = space
        self.place: tuple[int, ...] = (space,)  # what its sums are kept by
        self.table = name = table(space)
        join = only + _JOIN
        self.get = b"SELECT version, size, value FROM %b t WHERE %bpartition = $1 AND sort = $2 AND digest = $3" % (
            name,
            only,
        )
        self.get_many = (
            b"SELECT k.n, t.version, t.size, t.value FROM %b WITH ORDINALITY AS k(partition, sort, digest, n)"
            b" JOIN %b t ON %b"
        ) % (_KEYS, name, join)
        # The order of the locks is that of the keys.
        self.lock = (
            b"SELECT 1 FROM %b AS k(partition, sort, digest) JOIN %b t ON %b"
            b" ORDER BY t.partition, t.sort, t.digest FOR UPDATE OF t"
        ) % (_KEYS, name, join)
        self._write_texts(name, join, version)
        self._blind_texts(space, name)

    def inserting(self, puts: Sequence[Put]) -> list[Statement]:
        """Rows that are new."""
        return [putting(self.insert, self.insert_long, puts)]

    def _write_texts(self, name: bytes, join: bytes, version: bytes) -> None:
        """Writes of keys that were read: each fails where the row is not as it was then."""
        self.update = (
            b"WITH u AS (UPDATE %b t SET version = %b, size = k.size, value = k.value FROM"
            b" unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int8[], $5::int4[], $6::bytea[])"
            b" AS k(partition, sort, digest, old, size, value) WHERE %b AND t.version = k.old RETURNING 1)"
            b" SELECT 1 / (count(*) = $7::int8)::int FROM u"
        ) % (name, version, join)
        self.delete = (
            b"WITH u AS (DELETE FROM %b t USING unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int8[])"
            b" AS k(partition, sort, digest, old) WHERE %b AND t.version = k.old RETURNING 1)"
            b" SELECT 1 / (count(*) = $5::int8)::int FROM u"
        ) % (name, join)
        self.insert = (
            b"INSERT INTO %b (partition, sort, digest, version, size, was, value) SELECT k.partition, k.sort, k.digest,"
            b" %b, k.size, -1, k.value FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int4[], $5::bytea[])"
            b" AS k(partition, sort, digest, size, value)"
        ) % (name, _VERSION)
        self.insert_long = (
            b"INSERT INTO %b (partition, sort, digest, version, size, was, value, prest, srest) SELECT k.partition,"
            b" k.sort, k.digest, %b, k.size, -1, k.value, k.prest, k.srest FROM"
            b" unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int4[], $5::bytea[], $6::bytea[], $7::bytea[])"
            b" AS k(partition, sort, digest, size, value, prest, srest)"
        ) % (name, _VERSION)
        self.check = (
            b"SELECT 1 / (count(*) = $5::int8)::int FROM (SELECT 1 FROM"
            b" unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int8[]) AS k(partition, sort, digest, old)"
            b" JOIN %b t ON %b AND t.version = k.old ORDER BY t.partition, t.sort, t.digest FOR SHARE OF t) c"
        ) % (name, join)
        self.remove_ghosts = b"DELETE FROM %b t USING %b AS k(partition, sort, digest) WHERE %b" % (name, _KEYS, join)

    def _blind_texts(self, space: int, name: bytes) -> None:
        """Writes of keys that nobody read, with what they change in the sums of the space."""
        count = (
            b" INSERT INTO stator.usage AS s (space, slot, rows, size) SELECT %d, %%b FROM u"
            b" ON CONFLICT (space, slot) DO UPDATE SET rows = s.rows + excluded.rows, size = s.size + excluded.size"
        ) % space
        upsert = (
            b"WITH u AS (INSERT INTO %b AS t (partition, sort, digest, version, size, was, value%b)"
            b" SELECT k.partition, k.sort, k.digest, %b, k.size, -1, k.value%b FROM"
            b" unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int4[], $5::bytea[]%b)"
            b" AS k(partition, sort, digest, size, value%b)"
            b" ON CONFLICT (partition, sort, digest) DO UPDATE SET"
            b" version = %b, size = excluded.size, was = t.size, value = excluded.value RETURNING size, was)"
        )
        sums = b"$%d::int4, count(*) FILTER (WHERE u.was < 0), sum(u.size::int8 - greatest(u.was, 0))"
        self.upsert = upsert % (name, b"", _VERSION, b"", b"", b"", _VERSION) + count % (sums % 6)
        self.upsert_long = upsert % (
            name,
            b", prest, srest",
            _VERSION,
            b", k.prest, k.srest",
            b", $6::bytea[], $7::bytea[]",
            b", prest, srest",
            _VERSION,
        ) + count % (sums % 8)
        # One that finds no row holds no lock, so it counts as a conflict: next time the key is read first.
        self.delete_blind = (
            b"WITH u AS (DELETE FROM %b t USING %b AS k(partition, sort, digest) WHERE %b RETURNING t.size)"
        ) % (name, _KEYS, _JOIN) + count % b"$4::int4, -count(*) / (count(*) = $5::int8)::int, -sum(u.size::int8)"


@lru_cache(maxsize=SPACES_MAX)
def sql(space: int) -> Sql:
    return Sql(space)


def putting(text: bytes, long_text: bytes, puts: Sequence[Put], more: Sequence[bytes] = ()) -> Statement:
    keys = [put.key for put in puts]
    parameters = columns(keys)
    parameters.append(int4_array([put.size for put in puts]))
    parameters.append(bytea_array([put.value for put in puts]))
    if any(map(is_long, keys)):
        text = long_text
        parameters.append(bytea_array([rest(key[1]) for key in keys]))
        parameters.append(bytea_array([rest(key[2]) for key in keys]))
    return Statement(text, [*parameters, *more])


# Of one shard: a layout says `at` which place its rows are.
CHANGES = (
    b"SELECT sequence, record FROM stator.records WHERE %(at)bjournal = $1::int8 AND shard = $2::int8"
    b" AND sequence > $3::int8"
    b" ORDER BY sequence LIMIT $4::int8"
)
LAST = b"SELECT last FROM stator.shards WHERE %(at)bjournal = $1::int8 AND shard = $2::int8"
TRIM = (
    b"DELETE FROM stator.records WHERE %(at)bjournal = $1::int8 AND shard = $2::int8 AND sequence < least($3::int8,"
    b" (SELECT min(sequence) FROM stator.records WHERE %(at)bjournal = $1::int8 AND shard = $2::int8) + $4::int8)"
)
# The counter of a shard is taken under its row's lock, which lasts until the commit: no number is ever skipped, and
# none can be seen before a smaller one. With it goes the time that the shard has come to: $4 is the latest time in the
# records, and all of those with a time get the latest there is, so that times never fall. A shard that somebody else
# makes just now is a conflict.
APPEND = (
    b"WITH k AS (SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS k(journal, shard, records)),"
    b" l AS MATERIALIZED (SELECT s.journal, s.shard, s.time FROM k JOIN stator.shards s"
    b" ON s.journal = k.journal AND s.shard = k.shard ORDER BY s.journal, s.shard FOR UPDATE OF s),"
    b" m AS MATERIALIZED (SELECT greatest(coalesce(max(time), 0), $4::int8) AS time FROM l),"
    b" u AS (UPDATE stator.shards s SET last = s.last + k.records, time = m.time FROM k, m"
    b" WHERE s.journal = k.journal AND s.shard = k.shard RETURNING s.journal, s.shard, s.last),"
    b" i AS (INSERT INTO stator.shards (journal, shard, last, time)"
    b" SELECT k.journal, k.shard, k.records, m.time FROM k, m WHERE NOT EXISTS"
    b" (SELECT 1 FROM l WHERE l.journal = k.journal AND l.shard = k.shard) RETURNING journal, shard, last)"
    b" INSERT INTO stator.records (journal, shard, sequence, record)"
    b" SELECT r.journal, r.shard, c.last - abs(r.back) + 1, CASE WHEN r.back > 0 THEN r.record"
    b" ELSE overlay(r.record PLACING convert_to(lpad(m.time::text, 13, '0'), 'SQL_ASCII') FROM 6 FOR 13) END"
    b" FROM unnest($5::int8[], $6::int8[], $7::int8[], $8::bytea[]) AS r(journal, shard, back, record)"
    b" CROSS JOIN m JOIN (SELECT * FROM u UNION ALL SELECT * FROM i) c ON c.journal = r.journal AND c.shard = r.shard"
)
RECORDS = (
    b"INSERT INTO stator.records (journal, shard, sequence, record) SELECT $1::int8, $2::int8, k.sequence, k.record"
    b" FROM unnest($3::int8[], $4::bytea[]) AS k(sequence, record)"
)
SHARD = (
    b"INSERT INTO stator.shards (journal, shard, last, time) VALUES ($1::int8, $2::int8, $3::int8, 0)"
    b" ON CONFLICT (journal, shard) DO NOTHING"
)
COUNT = (
    b"INSERT INTO stator.usage AS s (space, slot, rows, size) SELECT k.space, $4::int4, k.rows, k.size"
    b" FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS k(space, rows, size)"
    b" ON CONFLICT (space, slot) DO UPDATE SET rows = s.rows + excluded.rows, size = s.size + excluded.size"
)
USAGE = b"SELECT coalesce(sum(rows), 0)::int8, coalesce(sum(size), 0)::int8 FROM stator.usage WHERE space = $1::int8"
VERSION = b"SELECT nextval('stator.version')"
EXISTING = b"SELECT space FROM stator.spaces WHERE space = ANY($1::int8[])"
SPACES = b"SELECT space FROM stator.spaces ORDER BY space"
CUT_OFF = (
    b"SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND application_name = $1::text AND pid = ANY($2::int4[])"
)
NAMED = b"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1::text"
