"""The table that items are moved into: made if it is missing, and compared with what was moved once they are in."""

import sys
from typing import Any

from msgspec import Struct

from stator.cli.client import Client
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.crew import Crew
from stator.cli.moving.definition import Definition, create_table, describe, finish, keys_of, wait_until_active
from stator.cli.moving.digest import Digest
from stator.cli.moving.logbook import Logbook
from stator.cli.moving.source import Source, TableSource, segments_for
from stator.cli.moving.transfer import Leg, Transfer, read_digest
from stator.cli.moving.writer import BatchWriter
from stator.cli.progress import Progress

MADE = "made"  # by this move, so its settings are the move's to set
EMPTY = "empty"  # when the move began, so that it will hold what was moved and nothing else


class Target(Struct, frozen=True):
    """`definition` is what a missing table is made from; None where nobody knows."""

    client: Client
    table: str
    definition: Definition | None
    logbook: Logbook

    def prepare(self) -> dict[str, str]:
        """Make the table if it is missing. Returns its key attributes with their types. Raises Complaint."""
        table, logbook = self.table, self.logbook
        told = describe(self.client, table)
        if told is None:
            if self.definition is None:
                raise Complaint(f"there is no table {table} at {self.client.endpoint.url}. Create it first.")
            logbook.tables.pop(table, None)  # of a table that was deleted since
            logbook.note(table, [], **{MADE: True, EMPTY: True})
            logbook.save()
            try:
                create_table(self.client, table, self.definition)
            except Interrupted:
                raise
            except Complaint:
                logbook.forget(table)
                raise
            return self.definition.keys
        keys = keys_of(wait_until_active(self.client, table))
        if self.definition and keys != self.definition.keys:
            raise Complaint(
                f"table {table} at {self.client.endpoint.url} has the key {_words(keys)}, but the items have"
                f" {_words(self.definition.keys)}. Move them into another table."
            )
        if table not in logbook.tables:
            page = self.client.call("Scan", {"TableName": table, "Limit": 1, "ConsistentRead": True})
            logbook.note(table, [], **{MADE: False, EMPTY: not page["Items"]})
        return keys

    def was_empty(self) -> bool:
        return self.logbook.has(self.table, EMPTY)

    def fill(self, source: Source, crew: Crew, progress: Progress) -> Digest:
        """Move what is not there yet. However it ends, the logbook knows how far it came."""
        table, logbook = self.table, self.logbook
        legs = logbook.legs(table) or [Leg() for _ in range(source.segments)]
        progress.resume(sum(leg.digest.items for leg in legs))
        transfer = Transfer(source, BatchWriter(self.client, table, list(self._keys())), legs, progress)
        logbook.note(table, transfer.to_json())
        logbook.save()  # before the first item: a table with items that nobody remembers would be refused
        try:
            return transfer.run(crew, logbook.saver(table, transfer.to_json))
        except Interrupted:
            raise Interrupted(
                f"stopped; {progress.count:,} items of {table} are moved. The same command goes on from there"
                f" ({logbook.path} remembers)."
            ) from None
        finally:
            logbook.note(table, transfer.to_json())
            logbook.save()

    def verify(self, moved: Digest, crew: Crew, segments: int) -> None:
        """Raises Complaint unless the table holds just what was moved."""
        source = TableSource(self.client, self.table, segments_for(self.client, self.table, segments))
        with Progress(f"verifying {self.table}", moved.items) as progress:
            try:
                there = read_digest(source, crew, progress)
            except Interrupted:
                raise Interrupted(f"stopped; {self.table} is moved, and the same command verifies it.") from None
        if there != moved:
            raise Complaint(
                f"table {self.table} does not hold what was moved: {moved.items:,} items (checksum {moved.checksum})"
                f" were written, and {there.items:,} (checksum {there.checksum}) are there. Was it written to, or did"
                " items expire meanwhile? Delete it and move again."
            )

    def finish(self) -> None:
        """Stream and time to live, if the table is this move's own. What cannot be set is said."""
        if self.definition and self.logbook.has(self.table, MADE):
            for line in finish(self.client, self.table, self.definition):
                print(f"stator: {line}", file=sys.stderr)

    def _keys(self) -> dict[str, str]:
        told = describe(self.client, self.table)
        return keys_of(told) if told else {}


def _words(members: dict[str, Any]) -> str:
    return " and ".join(f"{name} ({kind})" for name, kind in members.items())
