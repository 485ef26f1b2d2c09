"""All items of a table as rows in a spool, and what columns they have."""

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

from stator.cli.client import Client
from stator.cli.crew import Crew
from stator.cli.moving.columns import Columns
from stator.cli.moving.rows import Row, Spool
from stator.cli.moving.source import TableSource, segments_for
from stator.cli.progress import Progress
from stator.values.attribute import Item

MakeRow = Callable[[Item], Row]


def take_snapshot(
    client: Client,
    told: dict[str, Any],
    spool: Spool,
    columns: Columns | None,
    *,
    crew: Crew,
    segments: int,
    make_row: MakeRow = Row,
) -> None:
    """`told` is the table as DescribeTable tells it; `columns` is None where nobody wants them."""
    table = told["TableName"]
    source = TableSource(client, table, segments_for(client, table, segments))
    lock = Lock()
    with Progress(f"reading {table}", told.get("ItemCount") or None) as progress:

        def read(segment: int) -> None:
            for page in source.pages(segment, None):
                with lock:
                    size = spool.add(map(make_row, page.items))
                    if columns is not None:
                        for item in page.items:
                            columns.see(item)
                progress.advance(len(page.items), size)

        crew.run([partial(read, segment) for segment in range(source.segments)])
