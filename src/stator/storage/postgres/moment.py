"""One moment of a store on Citus.

No statement reads two nodes at one moment. So writers, who all hold a lock of one table for as long as they write, are
stopped for as long as it takes to begin a transaction on every node; each node then keeps its own snapshot of what is
the same moment, for there are no writes between them. One connection holds all that, and reads go through it in turn.
"""

import asyncio

from stator.storage.failure import StoreFailure
from stator.storage.postgres.binary import unsigned
from stator.storage.postgres.fault import LinkLost, SqlError, failure
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Link, Result, Statement
from stator.storage.postgres.pool import run
from stator.storage.postgres.reading import BEGIN
from stator.storage.postgres.snapshot import held
from stator.storage.postgres.sql import LAST, SPACES, table
from stator.storage.store import Page, Position

SETTLE_SECONDS = 0.05  # between two looks whether commits have reached all nodes
SETTLE_TRIES = 40

_STOP = (
    Statement(b"BEGIN"),
    Statement(b"LOCK TABLE stator.writers IN EXCLUSIVE MODE"),
)
# What was committed in two phases by a coordinator that died meanwhile may be seen on one node and not yet on another.
_UNSETTLED = Statement(
    b"SELECT count(*) FROM run_command_on_workers("
    b"'SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()') WHERE NOT success OR result <> '0'"
)
_OPENING = (
    # One connection to each node, for each has a snapshot of its own.
    Statement(b"SET citus.max_adaptive_executor_pool_size = 1"),
    BEGIN,
    # A space that is swept before this is gone from the moment, too.
    Statement(b"LOCK TABLE stator.pins IN ACCESS SHARE MODE"),
    Statement(SPACES),
    # Every node has a part of this table.
    Statement(b"SELECT count(*) FROM stator.shards"),
)
_MARK = Statement(b"SAVEPOINT reading")
_BACK = Statement(b"ROLLBACK TO SAVEPOINT reading")  # lets go of the lock of the table, so that it can be dropped


class CitusSnapshot:
    """Vacuum cannot remove old rows while it is open."""

    def __init__(self, link: Link, layout: Layout, spaces: frozenset[int]) -> None:
        self._link: Link | None = link
        self._layout = layout
        self._spaces = spaces
        self._turn = asyncio.Lock()

    @classmethod
    async def pin(cls, gate: Link, link: Link, layout: Layout) -> "CitusSnapshot":
        """Takes over both links. Raises StoreFailure."""
        try:
            await run(gate, _STOP)
            await _settle(gate)
            _, _, _, found, _ = await run(link, _OPENING)
        except (LinkLost, SqlError, StoreFailure) as error:
            link.close()
            raise failure(error) from error
        finally:
            gate.close()
        return cls(link, layout, frozenset(unsigned(found.get_value(at, 0), "big") for at in range(found.ntuples)))

    async def scan(self, space: int, after: Position | None, rows_max: int, bytes_max: int) -> Page:
        if space not in self._spaces:
            held(self._link)
            return Page([], False)
        # Names are looked up anew only where a table is locked anew, which that of `gone` is.
        name = Statement(b"SELECT count(to_regclass('%b')) FROM (SELECT count(*) FROM stator.gone) g" % table(space))
        query = self._layout.scan(space, after, (b"", None), limits=(rows_max, bytes_max))
        page = None
        async with self._turn:
            while page is None:
                there = await self._run(_MARK, name)
                # One that was dropped meanwhile is there under another name until the snapshot is closed.
                query.source = query.source.named(dropped=not unsigned(there[1].get_value(0, 0), "big"))
                found = await self._run(query.statement(), _BACK)
                page = query.take(found[0])
        return page

    async def last(self, journal: int, shard: int) -> int:
        async with self._turn:
            (result,) = await self._run(self._layout.journal(LAST, journal, shard))
        return unsigned(result.get_value(0, 0), "big") if result.ntuples else 0

    async def close(self) -> None:
        async with self._turn:
            link, self._link = self._link, None
            if link is not None:
                link.close()

    async def _run(self, *statements: Statement) -> list[Result]:
        link = held(self._link)
        try:
            return await asyncio.shield(run(link, statements))
        except asyncio.CancelledError:
            link.close()  # nobody waits for what it is doing
            raise
        except (LinkLost, SqlError) as error:
            link.close()  # the transaction is over, and the moment with it
            raise failure(error) from error


async def _settle(gate: Link) -> None:
    for _ in range(SETTLE_TRIES):
        (unsettled,) = await run(gate, [_UNSETTLED])
        if not unsigned(unsettled.get_value(0, 0), "big"):
            return
        await asyncio.sleep(SETTLE_SECONDS)
    raise StoreFailure("a node of Citus has commits that have not reached it yet: try again in a minute")
