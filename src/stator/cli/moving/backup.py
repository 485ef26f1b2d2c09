"""`stator table backup`: a table as a file, one item a line."""

import time
from argparse import Namespace
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Lock

import orjson

from stator.cli.client import Client
from stator.cli.complaint import Interrupted
from stator.cli.crew import Crew
from stator.cli.endpoint import find_endpoint
from stator.cli.moving.backup_file import Schema, schema_path
from stator.cli.moving.definition import described, read_definition
from stator.cli.moving.digest import Digest, digest_of
from stator.cli.moving.source import TableSource, segments_for
from stator.cli.part_file import PartFile, save
from stator.cli.progress import Progress


def backup(found: Namespace) -> int:
    """Writes TABLE.json and TABLE.schema.json; each is there whole or not at all. Raises Complaint."""
    crew = Crew()
    client = Client(find_endpoint(found.url, found.region, found.profile), stop=crew.stop)
    table: str = found.table
    told = described(client, table)
    definition = read_definition(client, told)
    path = Path(found.to) / f"{table}.json"
    source = TableSource(client, table, segments_for(client, table, found.segments))
    taken = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    hashed = sha256()
    lock = Lock()
    total = Digest()

    with Progress(table, told.get("ItemCount") or None) as progress:
        with PartFile(path) as part:

            def copy(segment: int) -> None:
                nonlocal total
                for page in source.pages(segment, None):
                    text = b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in page.items)
                    digest = digest_of(page.items)
                    with lock:
                        part.file.write(text)
                        hashed.update(text)
                        total = total.plus(digest)
                    progress.advance(len(page.items), len(text))

            try:
                crew.run([partial(copy, segment) for segment in range(source.segments)])
            except Interrupted:
                raise Interrupted(f"stopped; {path} is as it was before.") from None
        # Killed between the two, the old description and the new items do not agree, and `restore` says so.
        where = f"{client.endpoint.url} {client.endpoint.region}"
        schema = Schema(table, where, taken, total.items, total.checksum, hashed.hexdigest(), definition)
        save(schema_path(path), schema.encode())
    print(f"{path}: {progress.summary()}")
    return 0
