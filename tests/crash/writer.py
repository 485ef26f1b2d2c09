"""Writes through a store until it is killed, and tells on standard output what was acknowledged: `number count` a line.

Writer `number` counts up its own row, with a journal record in each commit. Beside them a space is made, filled and
dropped again and again, and the journal of another shard is filled and trimmed.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Append, Change, Key, Put, Row

WRITERS = 8
JOURNAL = 1
TRIMMED = WRITERS  # the shard after the writers' own


def counter(number: int) -> Key:
    return Key(0, b"counter", b"%d" % number)


async def _count(store: SqliteStore, number: int) -> None:
    key = counter(number)

    def decide(rows: Sequence[Row | None]) -> Change:
        value = int(rows[0].value) + 1 if rows[0] else 1
        # A size that changes, so that sums kept apart from rows would be found out.
        put = Put(key, value % 97, b"%d" % value)
        return Change(puts=[put], appends=[Append(JOURNAL, number, b"%d" % value)], result=value)

    while True:
        value = await store.transact([key], decide)
        os.write(1, b"%d %d\n" % (number, value))


async def _drop(store: SqliteStore) -> None:
    while True:
        space = await store.create_space()
        puts = [Put(Key(space, b"%d" % number, b""), 5, b"x" * 200) for number in range(700)]
        await store.transact([], lambda _, puts=puts: Change(puts=puts))  # type: ignore[misc]
        await store.drop_space(space)


async def _trim(store: SqliteStore) -> None:
    for turn in count():
        appends = [Append(JOURNAL, TRIMMED, b"%d" % turn)] * 50
        await store.transact([], lambda _, appends=appends: Change(appends=appends))  # type: ignore[misc]
        last = await store.changes(JOURNAL, TRIMMED, 0, 1_000)
        await store.trim(JOURNAL, TRIMMED, last[-1].sequence)


async def main(directory: Path) -> None:
    store = SqliteStore.open(directory)
    await asyncio.gather(*(_count(store, number) for number in range(WRITERS)), _drop(store), _trim(store))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
