"""The engine's own check of a data directory, for `stator doctor`. Reads only; works while a server holds the lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from stator.storage.failure import FormatTooNew, NotADataDirectory
from stator.storage.sqlite import schema

FAULTS_MAX = 100  # of the file's structure

_ORPHAN_ROWS = """
SELECT space, count(*) FROM rows WHERE space NOT IN (SELECT space FROM spaces) GROUP BY space ORDER BY space
"""
_SUMS = """
SELECT s.space, s.rows, s.size, count(r.id), coalesce(sum(r.size), 0)
FROM spaces s LEFT JOIN rows r ON r.space = s.space
WHERE NOT s.dropped GROUP BY s.space ORDER BY s.space
"""
_SHARDS = """
SELECT r.journal, r.shard, count(*), min(r.sequence), max(r.sequence), coalesce(s.last, 0)
FROM records r LEFT JOIN shards s ON s.journal = r.journal AND s.shard = r.shard
GROUP BY r.journal, r.shard ORDER BY r.journal, r.shard
"""


def check(directory: Path) -> list[str]:
    """What is wrong with the file in `directory`, a line each; nothing when it is sound. Reads all of it."""
    path = directory / schema.FILE_NAME
    if not path.is_file():
        return [(f"{path} does not exist")]
    try:
        with _connected(path) as connection:
            return _examine(connection)
    except (FormatTooNew, NotADataDirectory) as error:
        return [str(error)]
    except apsw.Error as error:
        return [f"{path}: {error}"]


@contextmanager
def _connected(path: Path) -> Iterator[apsw.Connection]:
    """A read-only connection inside a transaction."""
    connection = schema.connect(str(path), cache_kib=schema.READER_CACHE_KIB, flags=apsw.SQLITE_OPEN_READONLY)
    try:
        schema.check_format(connection, path)
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def _examine(connection: apsw.Connection) -> list[str]:
    if schema.pragma(connection, "user_version") == 0:
        return ["the file is empty"]
    told = [text for (text,) in connection.execute(f"PRAGMA integrity_check({FAULTS_MAX})")]
    findings = [str(text) for text in told if text != "ok"]
    if findings:  # sums over a damaged file say nothing more
        return findings
    for space, count in connection.execute(_ORPHAN_ROWS):
        findings.append(f"{count} rows belong to space {space}, which does not exist")
    for space, count, size, counted, summed in connection.execute(_SUMS):
        if (count, size) != (counted, summed):
            findings.append(f"space {space} claims {count} rows of {size} bytes and has {counted} of {summed}")
    for journal, shard, count, first, last, head in connection.execute(_SHARDS):
        if count != last - first + 1 or last > head:
            findings.append(
                f"shard {shard} of journal {journal} has {count} records from {first} to {last} and ends at {head}"
            )
    return findings + _check_counters(connection)


def _check_counters(connection: apsw.Connection) -> list[str]:
    findings: list[str] = []
    highest = {
        "version": "SELECT coalesce(max(version), 0) FROM rows",
        "space": "SELECT coalesce(max(space), 0) FROM spaces",
    }
    counters: list[Any] = connection.execute("SELECT name, next FROM counters").fetchall()
    following = dict(counters)
    for name, query in highest.items():
        used = connection.execute(query).get
        if following.get(name, 0) <= used:
            findings.append(f"{name} {used} is in use and would be given out again")
    return findings
