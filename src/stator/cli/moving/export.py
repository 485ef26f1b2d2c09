"""`stator export`: a table as Parquet, CSV or JSON lines, whole or what changed since the last time."""

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from stator.cli.client import Client
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.crew import Crew
from stator.cli.endpoint import find_endpoint
from stator.cli.moving.columns import Columns
from stator.cli.moving.definition import described, keys_of
from stator.cli.moving.formats import check_format, has_columns, writer_of
from stator.cli.moving.incremental import export_changes
from stator.cli.moving.rows import Spool
from stator.cli.moving.snapshot import take_snapshot
from stator.cli.part_file import PartFile
from stator.cli.progress import Progress, duration, megabytes


def export(found: Namespace) -> int:
    """Writes nothing that is not whole. Raises Complaint."""
    check_format(found.format)
    crew = Crew()
    client = Client(find_endpoint(found.url, found.region, found.profile), stop=crew.stop)
    told = described(client, found.table)
    if found.incremental:
        return export_changes(client, told, crew, found)
    for flag in ("checkpoint", "enable_stream", "anew"):
        if getattr(found, flag):
            raise Complaint(f"--{flag.replace('_', '-')} is for --incremental. Add that, or leave it out.")
    path = Path(found.to or f"{found.table}.{found.format}")
    if path.is_dir():
        path /= f"{found.table}.{found.format}"
    spool = Spool(path.parent)
    try:
        summary = _export_all(client, told, crew, found, (path, spool))
    except Interrupted:
        raise Interrupted(f"stopped; {path} is as it was before.") from None
    finally:
        spool.close()
    print(f"{path}: {summary}")
    return 0


def _export_all(client: Client, told: dict[str, Any], crew: Crew, found: Namespace, place: tuple[Path, Spool]) -> str:
    path, spool = place
    columns = Columns(list(keys_of(told)))
    shown = columns if has_columns(found.format) else None
    began = time.monotonic()
    take_snapshot(client, told, spool, shown, crew=crew, segments=found.segments)
    with PartFile(path) as part, Progress(f"writing {path}", spool.rows) as progress:
        writer = writer_of(found.format, columns.types, events=False)(part.file)
        for row, weight in spool.read():
            writer.write(row, weight)
            progress.advance(1)
        writer.close()
        size = part.file.tell()
    return f"{spool.rows:,} items, {megabytes(size)} in {duration(time.monotonic() - began)}"
