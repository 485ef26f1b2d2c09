"""`stator table restore`: a file of items into a table, new or there already."""

import os
from argparse import Namespace
from pathlib import Path

from stator.cli.client import Client
from stator.cli.complaint import Complaint
from stator.cli.crew import Crew
from stator.cli.endpoint import find_endpoint
from stator.cli.moving.backup_file import FileSource, Schema, hash_of, read_schema, schema_path
from stator.cli.moving.digest import Digest
from stator.cli.moving.logbook import Logbook
from stator.cli.moving.target import Target
from stator.cli.progress import Progress


def restore(found: Namespace) -> int:
    """Goes on where an earlier run was stopped. Raises Complaint."""
    crew = Crew()
    client = Client(find_endpoint(found.url, found.region, found.profile), stop=crew.stop)
    path, table = Path(found.file), str(found.table)
    schema = read_schema(path)
    checksum = _check(path, schema, edited=found.edited)
    identity = {"file": checksum, "url": client.endpoint.url, "region": client.endpoint.region, "table": table}
    folder = path.parent if os.access(path.parent, os.W_OK) else Path()
    logbook = Logbook(folder / f"{path.name}.{table}.state", identity)
    target = Target(client, table, schema.definition if schema else None, logbook)
    try:
        keys = target.prepare()
    except Complaint as error:
        if schema is None:
            raise Complaint(f"{error} (There is no {schema_path(path)}, which would say how.)") from error
        raise
    known = schema if not found.edited else None
    with Progress(table, known.items if known else None) as progress:
        source = FileSource(path, len(logbook.legs(table)) or found.segments, keys)
        moved = target.fill(source, crew, progress)
        summary = progress.summary()
    if known and moved != Digest(known.items, int(known.checksum, 16)):
        raise Complaint(f"the items of {path} are not those that were backed up. Restore another backup.")
    verified = known is not None and target.was_empty()  # an edited file may name a key twice
    if verified:
        target.verify(moved, crew, found.segments)
    target.finish()
    logbook.discard()
    print(f"{table}: {summary}{', verified' if verified else ''}")
    return 0


def _check(path: Path, schema: Schema | None, *, edited: bool) -> str:
    """The SHA-256 of the file, which must be what the backup wrote. Raises Complaint."""
    try:
        with Progress(f"checking {path}", path.stat().st_size, unit="bytes") as progress:
            checksum = hash_of(path, progress.advance)
    except OSError as error:
        raise Complaint(f"cannot read {path}: {error.strerror}. `stator table backup` writes such files.") from error
    if schema and not edited and checksum != schema.sha256:
        raise Complaint(
            f"{path} is not what the backup of {schema.taken} wrote: it is damaged or was edited."
            " Add --edited to restore what it holds now."
        )
    return checksum
