"""What RestoreTableToPointInTime asks of the archive: the source of a table's state at a time.

A table that is there comes back as it is described now, with the items of that time. One that only the archive knows,
since its data directory is lost, comes back as the archive knew it last.
"""

from datetime import UTC, datetime

from stator.archive.chains import chain as chains
from stator.archive.chains.chain import Chain
from stator.archive.chains.reach import Reach, Window
from stator.archive.places.failure import Missing
from stator.archive.places.location import Location
from stator.archive.restores.restores import Source
from stator.errors import InvalidRestoreTimeException, PointInTimeRecoveryUnavailableException
from stator.model.table import Table

FROM = "chain"
"""Of the job's request: what its items come from."""


def from_table(table: Table, wanted: float | None, reach: Reach, now: float) -> Source:
    """`wanted` is a time, None for the latest. Raises PointInTimeRecoveryUnavailableException or
    InvalidRestoreTimeException."""
    table = table.becomes or table
    window = reach.window(table, now)
    if window is None:
        raise unavailable(table.name)
    if wanted is not None:
        return _source(table, chains.prefix_of(table), _checked(wanted, window))
    source = _source(table, chains.prefix_of(table), max(now, window.latest))
    return source._replace(request=source.request | {"latest": True})


async def from_archive(archive: Location, place: tuple[str, str, str], wanted: float | None) -> Source | None:
    """The same for account, region and name of a table that the archive may know: None where it does not."""
    found: list[Chain] = []
    for prefix in await chains.find(archive, *place):
        try:
            chain = await chains.read(archive, prefix)
        except Missing:  # forgotten meanwhile
            continue
        if chain.record.ended is None and chain.record.table.recovery is not None:
            found.append(chain)
    if not found:
        return None
    chain = max(found, key=lambda each: each.head.through if each.head else 0)
    if chain.latest is None:
        raise unavailable(place[2])
    recovery = chain.record.table.recovery
    since = chain.earliest
    if recovery is not None:  # what had left the period when the archive last heard of it is pruned
        since = max(since, round(recovery.earliest(chain.latest / 1000) * 1000))
    window = Window(since / 1000, max(since, chain.latest) / 1000)
    time = window.latest if wanted is None else _checked(wanted, window)
    return _source(chain.record.table, chain.prefix, time)


def unavailable(name: str) -> PointInTimeRecoveryUnavailableException:
    return PointInTimeRecoveryUnavailableException(f"Point in time recovery is not enabled for table '{name}'")


def _checked(wanted: float, window: Window) -> float:
    # Clients tell whole seconds: the second in which the window begins counts as covered.
    if not int(window.earliest) <= wanted <= window.latest:
        raise InvalidRestoreTimeException(
            f"RestoreDateTime '{_told(wanted)}' must be within EarliestRestorableDateTime '{_told(window.earliest)}' "
            f"and LatestRestorableDateTime '{_told(window.latest)}'"
        )
    return max(wanted, window.earliest)


def _told(time: float) -> str:
    try:
        return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):  # not in the years 1 to 9999
        return f"{time:.3f}"


def _source(table: Table, prefix: str, time: float) -> Source:
    request = {"from": FROM, "prefix": prefix, "table_id": table.id, "time": round(time * 1000)}
    return Source(table, None, time, request)
