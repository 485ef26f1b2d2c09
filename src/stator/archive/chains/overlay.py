"""Rows in the order of their places, with what a scratch table knows better laid over them."""

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable

from stator.storage.scratch import Entry, Scratch
from stator.storage.store import Position, Row

ENTRIES_MAX = 1_000
BYTES_MAX = 1 << 20

Image = Callable[[Entry], Row | None]
"""The row at an entry's place, None where there is none."""


def before(entry: Entry) -> Row | None:
    """What was there before all that the scratch table was told."""
    return None if entry.old is None else Row(entry.partition, entry.sort, 0, entry.old_size, entry.old)


def after(entry: Entry) -> Row | None:
    """What was there after it."""
    return None if entry.new is None else Row(entry.partition, entry.sort, 0, entry.new_size, entry.new)


async def merged(
    base: AsyncIterator[list[Row]], scratch: Scratch, start: Position | None, image: Image
) -> AsyncIterator[list[Row]]:
    """Pages of rows past `start`, none of them empty. `base` has pages of rows past `start` as well."""
    entries, more = await scratch.page(start, ENTRIES_MAX, BYTES_MAX)
    async for page in base:
        rows = page
        while rows:
            # As far as both are known: to the end of the page or, where the entries end sooner, to the last of them.
            limit = min(_place(rows[-1]), _place(entries[-1])) if more else _place(rows[-1])
            cut = bisect_right(rows, limit, key=_place)
            known = bisect_right(entries, limit, key=_place)
            made = _laid_over(rows[:cut], entries[:known], image)
            if made:
                yield made
            rows = rows[cut:]
            if known == len(entries) and more:
                entries, more = await scratch.page(_place(entries[-1]), ENTRIES_MAX, BYTES_MAX)
            else:
                entries = entries[known:]
    while entries:
        made = _laid_over([], entries, image)
        if made:
            yield made
        last = _place(entries[-1])
        entries, more = await scratch.page(last, ENTRIES_MAX, BYTES_MAX) if more else ([], False)


def _laid_over(rows: list[Row], entries: list[Entry], image: Image) -> list[Row]:
    if not entries:
        return rows
    known = {_place(row): row for row in rows}
    for entry in entries:
        row = image(entry)
        if row is None:
            known.pop(_place(entry), None)
        else:
            known[_place(entry)] = row
    return [known[place] for place in sorted(known)]


def _place(row: Row | Entry) -> Position:
    return Position(row.partition, row.sort)
