"""`stator export --incremental`: first all items, then what changed, each time into new files.

The order of writing makes it safe to kill: files first, then the checkpoint. What a killed run left is removed by the
next one, which reads the same changes again.
"""

import time
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from stator.cli.client import Client
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.crew import Crew
from stator.cli.moving.change_feed import GAP, RETENTION_SECONDS, ChangeFeed, stream_of
from stator.cli.moving.checkpoint import Checkpoint, load_checkpoint
from stator.cli.moving.columns import Columns
from stator.cli.moving.definition import keys_of, wait_until_active
from stator.cli.moving.formats import has_columns, writer_of
from stator.cli.moving.parts import PartFolder
from stator.cli.moving.rows import Row, Spool
from stator.cli.moving.snapshot import take_snapshot
from stator.cli.progress import Progress

SNAPSHOT = "SNAPSHOT"
CLOCK_SECONDS = 2.0  # what was written before the command began is to be in: servers tell the time in whole seconds


def export_changes(client: Client, told: dict[str, Any], crew: Crew, found: Namespace) -> int:
    """`told` is the table as DescribeTable tells it. Raises Complaint."""
    table: str = told["TableName"]
    folder = Path(found.to or table)
    path = Path(found.checkpoint) if found.checkpoint else folder / f"{table}.checkpoint.json"
    parts = PartFolder(folder, table, found.format)
    with parts.held():
        checkpoint = _checkpoint(client, told, path, parts, found)
        parts.remove_from(checkpoint.next_part)
        run = _Run(client, checkpoint, parts, crew, found)
        try:
            text = run.changes() if checkpoint.whole else run.snapshot(wait_until_active(client, table))
        except Interrupted:
            raise Interrupted(f"stopped; {folder} is as it was. The same command begins this run again.") from None
        finally:
            run.spool.close()
        run.checkpoint.save(path)
    print(f"{table}: {text}")
    return 0


def _checkpoint(client: Client, told: dict[str, Any], path: Path, parts: PartFolder, found: Namespace) -> Checkpoint:
    """The one of the last run, or a new one, saved so that the files of a run that is killed are known as such."""
    table: str = told["TableName"]
    known = None if found.anew and not _begun(path) else load_checkpoint(path)
    if known is None:
        stream = stream_of(client, told, enable=found.enable_stream)
        last = max(parts.numbers(), default=0)
        if last and not found.anew:
            raise Complaint(
                f"{parts.folder} has {parts.path(last).name}, but there is no checkpoint {path}. Name it with"
                " --checkpoint, name another folder with --to, or add --anew."
            )
        endpoint = client.endpoint
        order = _last_order(path)
        known = Checkpoint(table, endpoint.url, endpoint.region, stream, last + 1, found.format, order=order)
        known.save(path)
        return known
    enabled = (told.get("StreamSpecification") or {}).get("StreamEnabled")
    latest = told.get("LatestStreamArn") if enabled else None
    if not known.whole:
        known.stream = stream_of(client, told, enable=found.enable_stream)
    elif latest != known.stream and known.table == table:
        raise Complaint(GAP.format(f"table {table} has not the stream that it had at the last export"))
    if (known.table, known.url, known.region) != (table, client.endpoint.url, client.endpoint.region):
        raise Complaint(
            f"{path} is of table {known.table} at {known.url} ({known.region}). Name another folder with --to."
        )
    if known.whole and known.file_format not in ("", found.format):
        raise Complaint(
            f"the export in {parts.folder} is of --format {known.file_format}. Go on with that one, name another folder"
            f" with --to, or add --anew to write all items once more as {found.format}."
        )
    known.file_format = found.format
    return known


def _begun(path: Path) -> bool:
    """Whether a snapshot was begun and not finished: then --anew has been obeyed before."""
    try:
        known = load_checkpoint(path)
    except Complaint:
        return False
    return known is not None and not known.whole


def _last_order(path: Path) -> int:
    """Of an earlier export that is begun anew: later rows are to have higher numbers than its."""
    try:
        known = load_checkpoint(path)
    except Complaint:
        return 0
    return known.order if known else 0


class _Run:
    """`checkpoint` is the next one to save, once the files are written."""

    def __init__(self, client: Client, checkpoint: Checkpoint, parts: PartFolder, crew: Crew, found: Namespace) -> None:
        self._client = client
        self._parts = parts
        self._crew = crew
        self._found = found
        self.checkpoint = replace(checkpoint)
        self.spool = Spool(parts.folder)

    def snapshot(self, told: dict[str, Any]) -> str:
        now = self._now()
        feed = self._feed(not_before=0.0)
        feed.begin()
        columns = self._columns(told)
        order = self.checkpoint.order + 1

        def make_row(item: dict[str, Any]) -> Row:
            return Row(item, SNAPSHOT, now, order)

        take_snapshot(
            self._client,
            told,
            self.spool,
            columns if has_columns(self._found.format) else None,
            crew=self._crew,
            segments=self._found.segments,
            make_row=make_row,
        )
        feed.order = order
        self.checkpoint.whole = True
        self.checkpoint.not_before = now
        return self._write(feed, columns, now, "items")

    def changes(self) -> str:
        now = self._now()
        self._check_age(now)
        told = wait_until_active(self._client, self.checkpoint.table)
        feed = self._feed(not_before=self.checkpoint.not_before)
        columns = self._columns(told)
        with Progress(f"reading changes of {self.checkpoint.table}", None, unit="changes") as progress:

            def read() -> None:
                for rows in feed.pages(now + CLOCK_SECONDS):
                    size = self.spool.add(rows)
                    _see(columns, rows)
                    progress.advance(len(rows), size)

            self._crew.run([read])
        return self._write(feed, columns, now, "changes")

    def _write(self, feed: ChangeFeed, columns: Columns, now: float, unit: str) -> str:
        first = self.checkpoint.next_part
        make = writer_of(self._found.format, columns.types, events=True)
        bytes_max = self._found.part_megabytes * 1_000_000
        following = self._parts.write(self.spool, make, first=first, bytes_max=bytes_max)
        self.checkpoint.next_part = following
        self.checkpoint.places = feed.places
        self.checkpoint.order = feed.order
        self.checkpoint.columns = columns.to_json()
        self.checkpoint.through = now
        if following == first:
            return f"no {unit}"
        last = f" to {self._parts.path(following - 1).name}" if following > first + 1 else ""
        return f"{self.spool.rows:,} {unit} in {self._parts.path(first)}{last}"

    def _feed(self, not_before: float) -> ChangeFeed:
        known = self.checkpoint
        return ChangeFeed(
            self._client, known.stream, dict(known.places), order=known.order, not_before=not_before, crew=self._crew
        )

    def _columns(self, told: dict[str, Any]) -> Columns:
        return Columns(list(keys_of(told)), self.checkpoint.columns)

    def _now(self) -> float:
        """By the server's clock, which gives changes their times, too."""
        return self._client.server_time or time.time()

    def _check_age(self, now: float) -> None:
        if now - self.checkpoint.through > RETENTION_SECONDS:
            hours = (now - self.checkpoint.through) / 3600
            raise Complaint(
                f"the last export was {hours:,.0f} hours ago, and the stream keeps changes for 24 hours: some may be"
                " lost. Add --anew to write all items once more and go on from there, and export more often."
            )


def _see(columns: Columns, rows: Iterable[Row]) -> None:
    for row in rows:
        columns.see(row.item)
