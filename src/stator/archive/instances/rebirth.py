"""Which tables an instance had at a time, and what they become in the data directory that is made of them. Pure."""

import uuid
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from stator.archive.instances.instance import InstanceBackup
from stator.model.table import Index, Status, Table, TimeToLive
from stator.tables import recovery
from stator.tables.create import build_stream
from stator.tables.history import Edition
from stator.tables.lifecycle import settle


class Past(NamedTuple):
    """The tables of a time, as data operations saw them then, and those that cannot be had."""

    tables: list[Table]
    left_out: list[Table]  # being restored or imported at that time: nobody could use them yet


def tables_at(backup: InstanceBackup, editions: Iterable[Edition], at: float) -> Past:
    """The tables of `backup`, changed by the `editions` that are newer than it and no later than `at`."""
    known = {_place(each.table): each.table for each in backup.tables}
    for edition in editions:
        if edition.sequence > backup.sequence and edition.time <= at:
            known[_place(edition.table)] = edition.table
    past = Past([], [])
    for _, stored in sorted(known.items()):
        table = settle(stored, at)
        if table is None or table.status is Status.DELETING:
            continue
        waits = table.status is Status.CREATING and table.settles_at is None
        (past.left_out if waits else past.tables).append(table.becomes or table)
    return past


def count_spaces(table: Table) -> int:
    """How many spaces the table needs anew."""
    return 1 + len(table.indexes)


def reborn(table: Table, spaces: Iterable[int]) -> Table:
    """The table as it is made: empty, with every index complete, and nobody who reads its changes.

    Its id is new, as after any restore: an archive that both directories use must not take one's journal for the
    other's. Kinesis destinations go with the deliveries that they were of.
    """
    free: Iterator[int] = iter(spaces)
    return replace(
        table,
        id=str(uuid.uuid4()),
        space=next(free),
        indexes=tuple(_complete(index, next(free)) for index in table.indexes),
        time_to_live=_not_begun(table.time_to_live),
        stream=None,
        latest_stream_label=None,
        journal_readers=(),
        destinations=(),
        recovery=None,
        status=Status.ACTIVE,
        settles_at=None,
        becomes=None,
    )


def watched(table: Table, past: Table, now: float) -> Table:
    """The table once it has its items: with a stream, and with recovery to a point in time, if it had them. Both begin
    now: what came before is in neither."""
    if past.stream is not None:
        stream = build_stream({"StreamEnabled": True, "StreamViewType": past.stream.view_type}, now)
        table = replace(table, stream=stream, latest_stream_label=stream.label if stream else None)
    if past.recovery is not None:
        table = recovery.enable(recovery.prepare(table), past.recovery.period_days, now)
    return table


def _place(table: Table) -> tuple[str, str, str]:
    return table.account, table.region, table.name


def _complete(index: Index, space: int) -> Index:
    return replace(index, space=space, build=None)


def _not_begun(setting: TimeToLive | None) -> TimeToLive | None:
    """The setting as if it had just been made: the server that serves the table finds out when its items expire."""
    return None if setting is None else replace(setting, space=None, filled=False, allotted=False)
