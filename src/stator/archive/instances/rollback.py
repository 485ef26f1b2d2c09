"""How to get back to what an instance had at a time: a backup from before, and every change until then.

The catalog's own journal says which tables there were and what they were like.
"""

import math

from msgspec import Struct

from stator.archive.chains import catalog_journal
from stator.archive.instances import instance
from stator.archive.instances.instance import InstanceBackup, NotCovered
from stator.archive.instances.rebirth import tables_at
from stator.archive.places.failure import ArchiveError
from stator.archive.places.location import Location
from stator.model.table import Table
from stator.tables.history import Edition


class Plan(Struct, frozen=True):
    at: float  # a whole millisecond
    exact: bool  # it is the moment of the backup itself: no change is needed
    backup: InstanceBackup
    tables: list[Table]  # as they were
    left_out: list[Table]  # being restored or imported at that time


async def plan(archive: Location, to: float | str, now: float, owner: str | None = None) -> Plan:
    """How to get back to a time, or to the moment of the backup of that id. `owner` is an instance, or None for the
    only one that reaches there. Raises NotCovered, which says what to do; else ArchiveError."""
    if not isinstance(to, str):
        to = math.floor(to * 1000 + 0.001) / 1000  # journals tell milliseconds; what floats add is none of one
    backups = await instance.read_all(archive, owner)
    backup = _choose(backups, to, now, archive, owner)
    exact = isinstance(to, str) or backup.moment == to
    at = backup.moment if isinstance(to, str) else to
    editions: list[Edition] = []
    if not exact:
        after = min((each for each in backups if each.moment >= at and each.instance == backup.instance), key=_moment)
        editions = await catalog_journal.editions(
            archive, backup.instance, after=backup.sequence, until=after.sequence, at=at
        )
    past = tables_at(backup, editions, at)
    return Plan(at, exact, backup, past.tables, past.left_out)


def _choose(
    backups: list[InstanceBackup], to: float | str, now: float, archive: Location, owner: str | None
) -> InstanceBackup:
    if isinstance(to, str):
        for backup in backups:
            if backup.id == to:
                return backup
        raise NotCovered(f"there is no backup {to} in {archive.url}: see `stator backup list`")
    owners = {backup.instance for backup in backups}
    if not owners and owner is not None:
        raise NotCovered(f"there is no backup of instance {owner} in {archive.url}: see `stator backup list`")
    if not owners:
        raise NotCovered(f"there is no backup of an instance in {archive.url}; {instance.MAKE_ONE}")
    found: list[InstanceBackup] = []
    refusals: list[str] = []
    for each_owner in sorted(owners):
        try:
            found.append(instance.cover([each for each in backups if each.instance == each_owner], to, now))
        except NotCovered as error:
            refusals.append(str(error) if len(owners) == 1 else f"instance {each_owner}: {error}")
    if len(found) > 1:
        names = " or ".join(backup.instance for backup in found)
        raise ArchiveError(f"{archive.url} has several instances that reach there: choose one with --instance {names}")
    if not found:
        raise NotCovered("\n".join(refusals))
    return found[0]


def _moment(backup: InstanceBackup) -> float:
    return backup.moment
