"""`stator copy`: tables from one DynamoDB to another, Amazon's included."""

from argparse import Namespace
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from stator.cli.client import Client
from stator.cli.complaint import Complaint
from stator.cli.crew import Crew
from stator.cli.endpoint import find_endpoint
from stator.cli.moving.definition import Definition, described, read_definition, table_names
from stator.cli.moving.digest import Digest
from stator.cli.moving.logbook import Logbook
from stator.cli.moving.source import TableSource, segments_for
from stator.cli.moving.target import Target
from stator.cli.moving.transfer import read_digest
from stator.cli.progress import Progress

DONE = "done"


def copy(found: Namespace) -> int:
    """Copies or, with --verify-only, compares. Goes on where an earlier run was stopped. Raises Complaint."""
    crew = Crew()
    source = Client(find_endpoint(found.from_, found.from_region, found.from_profile, flag="--from"), stop=crew.stop)
    target = Client(find_endpoint(found.to, found.to_region, found.to_profile, flag="--to"), stop=crew.stop)
    tables = table_names(source) if found.all else list(dict.fromkeys(found.table))
    if not tables:
        raise Complaint(f"{source.endpoint.url} (region {source.endpoint.region}) has no tables.")
    names = _names(found, source, target, tables)
    if found.verify_only:
        return _compare(source, target, names, crew, found.segments)
    logbook = _logbook(found, source, target, names)
    for table, name in names.items():
        if logbook.has(name, DONE):
            print(f"{name}: copied before")
        else:
            _copy_table(source, table, Target(target, name, None, logbook), crew, found)
    logbook.discard()
    return 0


def _names(found: Namespace, source: Client, target: Client, tables: list[str]) -> dict[str, str]:
    """What each table is called at the target."""
    if found.rename is not None:
        if len(tables) != 1:
            raise Complaint("--as renames one table. Name it with --table.")
        names = {tables[0]: str(found.rename)}
    else:
        names = {table: table for table in tables}
    ends = [(client.endpoint.url, client.endpoint.region, client.endpoint.keys) for client in (source, target)]
    if ends[0] == ends[1] and any(table == name for table, name in names.items()):
        raise Complaint("--from and --to are the same. Name another region, account or address, or the copy with --as.")
    return names


def _logbook(found: Namespace, source: Client, target: Client, names: dict[str, str]) -> Logbook:
    ends: dict[str, Any] = {
        end: {"url": client.endpoint.url, "region": client.endpoint.region, "key": client.endpoint.keys.access_key}
        for end, client in (("from", source), ("to", target))
    }
    identity = ends | {"all": bool(found.all)} if found.all else ends | {"tables": names}
    mark = sha256(repr(identity).encode()).hexdigest()[:8]
    return Logbook(Path(found.state or f"stator-copy-{mark}.state"), identity)


def _copy_table(source: Client, table: str, target: Target, crew: Crew, found: Namespace) -> None:
    told = described(source, table)
    target = replace(target, definition=_portable(read_definition(source, told), source, target.client))
    target.prepare()
    if not target.was_empty() and not found.merge:
        raise Complaint(
            f"table {target.table} at {target.client.endpoint.url} has items already. Add --merge to write over those"
            " with the same key and keep the others, or name the copy with --as."
        )
    logbook = target.logbook
    segments = len(logbook.legs(target.table)) or segments_for(source, table, found.segments)
    with Progress(target.table, told.get("ItemCount") or None) as progress:
        moved = target.fill(TableSource(source, table, segments), crew, progress)
        summary = progress.summary()
    if target.was_empty():
        target.verify(moved, crew, found.segments)
    target.finish()
    logbook.note(target.table, [], **{DONE: True})
    logbook.save()
    print(f"{target.table}: {summary}{', verified' if target.was_empty() else ''}")


def _portable(definition: Definition, source: Client, target: Client) -> Definition:
    """Without the encryption key, which another endpoint does not have."""
    if source.endpoint == target.endpoint:
        return definition
    return replace(definition, create={n: each for n, each in definition.create.items() if n != "SSESpecification"})


def _compare(source: Client, target: Client, names: dict[str, str], crew: Crew, segments: int) -> int:
    """1 when a table differs."""
    differ = False
    for table, name in names.items():
        digests: list[Digest] = []
        for client, each in ((source, table), (target, name)):
            told = described(client, each)
            with Progress(f"reading {each}", told.get("ItemCount") or None) as progress:
                found = TableSource(client, each, segments_for(client, each, segments))
                digests.append(read_digest(found, crew, progress))
        here, there = digests
        differ |= here != there
        told_here, told_there = (f"{digest.items:,} items, checksum {digest.checksum}" for digest in digests)
        print(f"{name}: the same: {told_here}" if here == there else f"{name}: DIFFERENT: {told_here} and {told_there}")
    return 1 if differ else 0
