"""The tables in the database, and their format number. docs/formats.md describes them.

Every space has a table of its own: a space that is dropped gives its room back at once, and vacuum, statistics and
indexes of one table are no bigger than that table. Everything is in one PostgreSQL schema.
"""

from typing import Any

from stator.storage.failure import FormatTooNew, NotADataDirectory
from stator.storage.postgres import citus
from stator.storage.postgres.fault import GONE, UNIQUE, SqlError
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Link, Statement
from stator.storage.postgres.pool import run
from stator.storage.postgres.sql import dropped_table, table

FORMAT = 1
DISTRIBUTED = 2  # the format of what `citus` lays out

_EXISTS = ("42P06", "42P07", UNIQUE)  # somebody else makes the same tables just now
_MISSING = (GONE, "3F000")

_SETTINGS = {
    # Keys are looked up by index, in the order given, whatever the statistics of a young table say.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # Whoever waited for a row sees it as it is then. Another level would have that be a conflict, each time.
    "default_transaction_isolation": "read committed",
}


# Citus chooses the node of a statement by its parameters.
_PLANS = (
    "CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('stator.s0') AND attname = 'bucket')"
    " THEN 'force_custom_plan' ELSE 'force_generic_plan' END"
)
_FORMAT = Statement(
    b"SELECT format, EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('stator.s0') AND attname = 'bucket')"
    b" FROM stator.format WHERE one = 1"
)
_COORDINATES = Statement(b"SELECT count(*) FROM pg_extension WHERE extname = 'citus'")


def session(**settings: str) -> list[Statement]:
    """What each connection begins with."""
    chosen = _SETTINGS | settings
    calls = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in chosen.items())
    return [Statement(f"SELECT {calls}, set_config('plan_cache_mode', {_PLANS}, false)".encode())]


async def prepare(link: Link, place: str, *, filling: bool = False) -> Layout:
    """Make the tables in an empty database, or check that they are of a format that is known. `filling` is for who
    moves a store in, which is at format 0 until all has arrived.

    Several servers may do so at once. Raises FormatTooNew, NotADataDirectory, SqlError or LinkLost.
    """
    found = await _format(link, place)
    if found is None:
        (extensions,) = await run(link, [_COORDINATES])
        distributed = bool(int.from_bytes(extensions.get_value(0, 0), "big"))
        texts = citus.CitusLayout().founding(DISTRIBUTED) if distributed else Layout().founding(FORMAT)
        try:
            await _do(link, *texts)
        except SqlError as error:
            if error.state not in _EXISTS:
                raise
        found = await _format(link, place)
    if found is None:
        raise NotADataDirectory(f"{place} has a schema named stator that Stator did not make")
    number, distributed = found
    known = DISTRIBUTED if distributed else FORMAT
    if number > known:
        raise FormatTooNew(place, number, known)
    if number == 0 and not filling:
        raise NotADataDirectory(
            f"{place} is being filled by `stator store reshard`: run that again until it has finished"
        )
    return citus.CitusLayout() if distributed else Layout()


async def _format(link: Link, place: str) -> tuple[int, bool] | None:
    try:
        (result,) = await run(link, [_FORMAT])
    except SqlError as error:
        if error.state in _MISSING:
            return None
        raise
    if result.ntuples != 1:
        raise NotADataDirectory(f"{place} has a table stator.format without a format")
    return int.from_bytes(result.get_value(0, 0), "big"), result.get_value(0, 1) == b"\x01"


def number(layout: Layout) -> int:
    return DISTRIBUTED if isinstance(layout, citus.CitusLayout) else FORMAT


async def create_space(link: Link, layout: Layout) -> int:
    """Numbers are of a sequence, so that none is used twice, also where a server was killed in between."""
    (result,) = await run(link, [Statement(b"SELECT nextval('stator.space')")])
    space = int.from_bytes(result.get_value(0, 0), "big")
    await make_space(link, layout, space)
    return space


async def make_space(link: Link, layout: Layout, space: int) -> None:
    made = layout.making(space)
    await _do(link, *made, b"INSERT INTO stator.spaces VALUES (%d)" % space)


async def drop_space(link: Link, space: int) -> None:
    """Take its table's name away; `sweep` takes the table. An open snapshot may still have to read it."""
    (result,) = await run(link, [Statement(b"SELECT space FROM stator.spaces WHERE space = %d" % space)], once=True)
    if not result.ntuples:
        return
    try:
        await _do(
            link,
            b"INSERT INTO stator.gone VALUES (%d)" % space,
            b"ALTER TABLE %b RENAME TO %b" % (table(space), dropped_table(space).rpartition(b".")[2]),
            b"DELETE FROM stator.spaces WHERE space = %d" % space,
            b"DELETE FROM stator.usage WHERE space = %d" % space,
        )
    except SqlError as error:
        if error.state not in (GONE, UNIQUE):  # another server was first
            raise


async def sweep(link: Link) -> bool:
    """Drop the tables of spaces that are gone, unless a snapshot is open. Whether some are left."""
    (result,) = await run(link, [Statement(b"SELECT space FROM stator.gone ORDER BY space LIMIT 100")])
    spaces: list[int] = [int.from_bytes(result.get_value(at, 0), "big") for at in range(result.ntuples)]
    for space in spaces:
        await _do(
            link,
            # Every snapshot holds a lock of this table that this one does not go with.
            b"LOCK TABLE stator.pins IN ACCESS EXCLUSIVE MODE NOWAIT",
            b"DROP TABLE IF EXISTS %b" % dropped_table(space),
            b"DELETE FROM stator.gone WHERE space = %d" % space,
        )
    return len(spaces) == 100


async def _do(link: Link, *texts: bytes) -> list[Any]:
    return await run(link, [Statement(text) for text in (b"BEGIN", *texts, b"COMMIT")], once=True)
