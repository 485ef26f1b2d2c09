"""Who needs a table's change journal, besides its stream. It is written while anybody does.

A reader has a name of its own on the table, such as `kinesis` or `trigger/<id>`. To begin reading, change the table
through `Catalog.change` with an Edit of `require(table, reader)`; the changes committed after that are in the journal.
"""

from msgspec.structs import replace

from stator.model.table import Table
from stator.tables.lifecycle import amend

ARCHIVE = "archive"
"""The reader that seals changes into the archive, for recovery to a point in time and for instance backups alike."""


def require(table: Table, reader: str) -> Table:
    """The table with its journal on for `reader`, both images kept. Asking twice changes nothing."""

    def add(each: Table) -> Table:
        if reader in each.journal_readers:
            return each
        return replace(each, journal_readers=(*each.journal_readers, reader))

    return amend(table, add)


def release(table: Table, reader: str) -> Table:
    """The table without that reader. What is in the journal stays there for its time."""
    return amend(
        table,
        lambda each: replace(each, journal_readers=tuple(other for other in each.journal_readers if other != reader)),
    )
