"""Points that clients bring, as PutMetricData has them: kept by the minute, at once and for all routers.

They lie beside the points that routers gather, as if one more router had seen them, in rows of their own: reading,
listing and pruning are the same.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from zlib import crc32

from stator.clock import Clock
from stator.metrics.block import Block
from stator.metrics.series import Point, Series
from stator.metrics.series_store import (
    MINUTE,
    MINUTES,
    Scope,
    decode_names,
    names_key,
    points_key,
    put_names,
    scope_of,
)
from stator.storage.store import Change, Key, Put, Row, Store

SERIES_MAX: Final = 1000
"""Of an account in a region; those of tables apart, as many for each."""

_PARTS = 16  # rows for an hour, so that a point does not rewrite those of all series
_SEEN_SECONDS = 600.0  # how exactly it is kept when a series was last seen


class TooManySeriesError(Exception):
    """There would be more than SERIES_MAX."""


class Given(NamedTuple):
    series: Series
    point: Point


class Custom:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def keep(self, account: str, region: str, given: Sequence[Given]) -> None:
        """All or none. Raises TooManySeriesError."""
        hours: dict[Key, list[Given]] = {}
        names: dict[Scope, dict[Series, float]] = {}
        for series, point in given:
            scope = scope_of(account, region, series)
            minute = Given(series, point._replace(time=point.time // MINUTE * MINUTE))
            hours.setdefault(points_key(MINUTES, scope, point.time, _part(series)), []).append(minute)
            seen = names.setdefault(scope, {})
            seen[series] = max(seen.get(series, 0.0), point.time)
        blocks, scopes = list(hours), list(names)

        def decide(rows: Sequence[Row | None]) -> Change:
            puts = [_added(key, row, hours[key]) for key, row in zip(blocks, rows, strict=False)]
            for scope, row in zip(scopes, rows[len(blocks) :], strict=True):
                known = {} if row is None else decode_names(row)
                due = {
                    series: seen
                    for series, seen in names[scope].items()
                    if seen >= known.get(series, -_SEEN_SECONDS) + _SEEN_SECONDS
                }
                if len(known | due) > max(SERIES_MAX, len(known)):
                    raise TooManySeriesError
                if due:
                    puts.append(put_names(scope, known | due))
            return Change(puts)

        await self._store.transact([*blocks, *(names_key(scope) for scope in scopes)], decide)


def _part(series: Series) -> bytes:
    """Stands where others have their router."""
    return b"given" + bytes([crc32(repr(series).encode()) % _PARTS])


def _added(key: Key, row: Row | None, given: Sequence[Given]) -> Put:
    """The row of an hour with more points, which may be older than those it has."""
    points: dict[Series, list[Point]] = {}
    if row is not None:
        before = Block.decode(row.value, b"")
        points = {series: list(before.points(series)) for series in before.series}
    for series, point in given:
        points.setdefault(series, []).append(point)
    start = int(given[0].point.time // MINUTES.span * MINUTES.span)
    block = Block(start, MINUTES.unit, b"")
    for series, several in points.items():
        for point in sorted(several, key=lambda each: each.time):
            block.add(series, point)
    value = block.encode()
    return Put(key, len(value), value)
