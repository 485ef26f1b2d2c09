"""A database that is moved elsewhere: what it holds beside its rows, and that no server writes to it meanwhile."""

from typing import Self

import psycopg

from stator.storage.failure import StoreFailure
from stator.storage.postgres import schema
from stator.storage.postgres.binary import unsigned
from stator.storage.postgres.fault import LinkLost, SqlError, failure
from stator.storage.postgres.link import Link, Result, Statement
from stator.storage.postgres.location import Location
from stator.storage.postgres.pool import Pool, plain, run
from stator.storage.resharding import Inventory, Shard

_SHARDS = Statement(b"SELECT journal, shard, last FROM stator.shards ORDER BY journal, shard")
_SPACES = Statement(b"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM stator.space")
_SERVERS = Statement(
    b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    b" AND (application_name = 'stator' OR application_name LIKE 'stator %')"  # see `location.application_name`
)
_HOLD = (
    Statement(b"BEGIN"),
    # A server that starts looks at the format first, and waits for this in vain.
    Statement(b"LOCK TABLE stator.format IN ACCESS EXCLUSIVE MODE NOWAIT"),
)


class Outlet:
    """Made by `open`; the database is held until `close`. Whoever reads from it meanwhile says that it is no server,
    by the application name of `location`."""

    def __init__(self, link: Link, location: Location) -> None:
        self._link = link
        self.location = location

    @classmethod
    async def open(cls, location: Location) -> Self:
        """Raises StoreFailure, also while servers use it."""
        quiet = Location(location.parameters | {"application_name": "stator-reshard"})
        outlet = cls(await connect(quiet), quiet)
        try:
            await outlet.check()
        except StoreFailure:
            outlet.close()
            raise
        return outlet

    async def check(self) -> None:
        """Raises StoreFailure while servers use it. One that had looked at the format before it was held may come late,
        so this is asked again at the end."""
        (servers,) = await self._run(_SERVERS)
        if unsigned(servers.get_value(0, 0), "big"):
            raise StoreFailure(f"servers use {self.location.text}: stop them first")

    async def hold(self) -> Inventory:
        """Keep servers from starting, and say what there is."""
        _, _, shards, spaces = await self._run(*_HOLD, _SHARDS, _SPACES)
        places = [
            [unsigned(shards.get_value(at, column), "big") for column in range(3)] for at in range(shards.ntuples)
        ]
        made = unsigned(spaces.get_value(0, 0), "big")
        return Inventory(f"postgresql:{self.location.text}", made, [Shard(*place) for place in places])

    def close(self) -> None:
        self._link.close()

    async def _run(self, *statements: Statement) -> list[Result]:
        try:
            return await run(self._link, statements)
        except (SqlError, LinkLost) as error:
            raise failure(error) from error


async def connect(location: Location) -> Link:
    """A connection of the caller's own, without limits of time. Raises StoreFailure."""
    pool = Pool(location, 0, schema.session(statement_timeout="0"), lambda: None)
    try:
        return await pool.open_link()
    except (psycopg.Error, SqlError, LinkLost, OSError) as error:
        raise StoreFailure(f"{location.text}: {plain(error)}") from error
