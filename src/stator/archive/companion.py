"""What else belongs in the commit of a change of a table's definition: streams begin and end with it, and so do the
chains of the archive."""

from stator.archive.chains import kept
from stator.clock import Clock
from stator.journal import lineage
from stator.model.table import Table
from stator.storage.store import Append, Put
from stator.tables.catalog import Companion


def companion(steady: Clock) -> Companion:
    """For `Catalog.accompany`. `steady` is the clock of the journals."""

    def accompany(before: Table | None, after: Table) -> tuple[list[Put], list[Append]]:
        now = steady()
        puts, appends = lineage.accompany(before, after, now)
        return [*puts, *kept.accompany(before, after, now)], appends

    return accompany
