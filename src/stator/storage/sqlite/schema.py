"""The database file: its tables, its settings and its format number. docs/formats.md describes them.

One table holds the rows of every space: with a table per space each CREATE TABLE would make every connection read the
whole schema again, and a database with 50,000 indexes would take seconds to open. It is a rowid table with a unique
index rather than WITHOUT ROWID, which keeps at most a quarter of a page of a row in place: with rows of 1 to 3 KB that
cost up to 2.4 times the file, 2.8 times the processor for a put and 4.7 times the loading. Small rows pay for it in
ranges: 50 rows of 300 bytes take 1.5 times as long. docs/formats.md has the figures.
"""

from pathlib import Path

import apsw

from stator.storage.failure import FormatTooNew, NotADataDirectory, StoreFailure

FILE_NAME = "stator.db"
FORMAT = 1
APPLICATION_ID = 0x53544154  # "STAT"

# Measured at 300, 1,000 and 3,000 bytes a row: 8 and 16 KB pages save 2 to 14% of the file and cost two and four times
# the bytes in the log for each write.
PAGE_BYTES = 4096
WRITER_CACHE_KIB = 65536
READER_CACHE_KIB = 65536
STATEMENTS_MAX = 256

CREATE = """
CREATE TABLE rows (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL,
    partition BLOB NOT NULL,
    sort BLOB NOT NULL,
    version INTEGER NOT NULL,
    size INTEGER NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (space, partition, sort)
) STRICT;
CREATE TABLE spaces (
    space INTEGER PRIMARY KEY,
    rows INTEGER NOT NULL,
    size INTEGER NOT NULL,
    dropped INTEGER NOT NULL
) STRICT;
CREATE TABLE shards (
    journal INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (journal, shard)
) STRICT, WITHOUT ROWID;
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    journal INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    record BLOB NOT NULL,
    UNIQUE (journal, shard, sequence)
) STRICT;
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES ('space', 1), ('version', 1);
INSERT INTO spaces VALUES (0, 0, 0, 0);
"""


def connect(path: str, *, cache_kib: int, flags: int | None = None) -> apsw.Connection:
    """A connection set up for this store. It waits for no lock: there is one writer and it is this process."""
    if flags is None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(path, flags=flags, statementcachesize=STATEMENTS_MAX)
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    # The package is built with secure_delete on, which rewrites every page it frees.
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.wal_autocheckpoint(0)  # the store decides when
    return connection


def prepare(connection: apsw.Connection, path: Path | str) -> None:
    """Create the tables in a new file, or check that an old one can be used."""
    check_format(connection, path)
    if pragma(connection, "user_version") == 0:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _write_ahead(connection, path)
        with connection:
            connection.execute(CREATE)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
    else:
        _write_ahead(connection, path)


def _write_ahead(connection: apsw.Connection, path: Path | str) -> None:
    """Commits append to a log. A file keeps that mode, but other programs can change it, and then a standing reader
    would stop every commit; some network file systems cannot do it at all.
    """
    mode = connection.execute("PRAGMA journal_mode = WAL").get
    if mode not in ("wal", "memory"):
        raise StoreFailure(f"{path} cannot have a write-ahead log here (its mode is {mode}): use a local disk")


def check_format(connection: apsw.Connection, path: Path | str) -> None:
    """Raise unless the file is new or one of ours, of a format this program knows."""
    application, found = pragma(connection, "application_id"), pragma(connection, "user_version")
    if found == 0 and application == 0 and pragma(connection, "schema_version") == 0:
        return
    if application != APPLICATION_ID:
        raise NotADataDirectory(f"{path} is a database that Stator did not make")
    if found > FORMAT:
        raise FormatTooNew(path, found, FORMAT)


def pragma(connection: apsw.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").get)
