"""Recovery to a point in time as a setting of a table: turned on and off. Pure.

It is turned on in two changes. After the first the table has its journal; the second comes after every write that was
decided without it, and its time is the earliest that can be recovered.
"""

import math

from msgspec.structs import replace

from stator.errors import ContinuousBackupsUnavailableException, TableNotFoundException
from stator.model.table import Recovery, Status, Table
from stator.tables.journaling import ARCHIVE, release, require
from stator.tables.lifecycle import amend

PERIOD_DAYS_MAX = 35


def check(table: Table | None, name: str) -> Table:
    """The table, if it can have the setting. Raises TableNotFoundException or ContinuousBackupsUnavailableException."""
    if table is None or table.status is Status.DELETING or is_being_restored(table):
        raise not_found(name)
    if is_being_imported(table):
        raise unavailable(name)
    return table


def is_being_restored(table: Table) -> bool:
    return table.status is Status.CREATING and table.settles_at is None and table.restore is not None


def is_being_imported(table: Table) -> bool:
    """CREATING until a job has filled it, with what does not come from a table."""
    return table.status is Status.CREATING and table.settles_at is None and table.restore is None


def unavailable(name: str) -> ContinuousBackupsUnavailableException:
    return ContinuousBackupsUnavailableException(f"Backups are being enabled for the table: {name}. Please retry later")


def not_found(name: str) -> TableNotFoundException:
    return TableNotFoundException(f"Table not found: {name}")


def prepare(table: Table) -> Table:
    """The first change to turn it on."""
    return require(table, ARCHIVE)


def enable(table: Table, period_days: int | None, now: float) -> Table:
    """The second. Where it is on already only the period changes, when one is given."""
    old = table.recovery
    if old is None:
        # A whole millisecond, as the journal has them, and none that has passed in part.
        new = Recovery(math.ceil(now * 1000) / 1000, period_days or PERIOD_DAYS_MAX)
    else:
        # What has left the period is gone, and a longer period does not bring it back.
        new = Recovery(old.earliest(now), period_days or old.period_days)
    return amend(table, lambda each: replace(each, recovery=new))


def disable(table: Table) -> Table:
    """What has been kept is forgotten: turned on again, it begins anew."""
    if table.recovery is None:
        return table
    return release(amend(table, lambda each: replace(each, recovery=None)), ARCHIVE)
