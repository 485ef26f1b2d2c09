"""The nodes of a PostgreSQL: those that the URL names, the standbys that a primary tells of, and Citus' workers.

Each node is asked by itself, on a connection that is made for that. A role that is a member of `pg_monitor` sees all of
it; without that membership a standby's kind, its lag in seconds and volumes stay unseen.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from msgspec import Struct, field
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from stator.storage.node import (
    ASYNC_STANDBY,
    COORDINATOR,
    PRIMARY,
    STANDBY,
    SYNC_STANDBY,
    UNKNOWN,
    UNREACHABLE,
    WORKER,
    Node,
    Shard,
    machine_load,
    volume,
)
from stator.storage.postgres.location import Location
from stator.storage.postgres.pool import plain

CONNECT_SECONDS = 3
ANSWER_SECONDS = 10.0

_LOCAL = ("127.0.0.1", "::1", "localhost")

# What a role may not see is NULL.
_SELF: LiteralString = """
SELECT pg_is_in_recovery() AS follows, current_setting('server_version') AS version,
    extract(epoch FROM pg_postmaster_start_time())::float8 AS since,
    pg_database_size(current_database())::int8 AS size,
    current_setting('max_connections')::int AS connections_max,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS connections,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'
        AND pid <> pg_backend_pid())::int AS active,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0' AS place,
    CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS directory,
    (SELECT conninfo FROM pg_stat_wal_receiver) AS follows_by,
    to_regclass('pg_dist_node') IS NOT NULL AS citus,
    d.xact_commit AS commits, d.xact_rollback AS rollbacks, d.tup_fetched AS rows_read, d.tup_inserted AS rows_inserted,
    d.tup_updated AS rows_updated, d.tup_deleted AS rows_deleted
FROM pg_stat_database d WHERE d.datname = current_database()
"""
_FOLLOWERS: LiteralString = """
SELECT application_name AS name, coalesce(host(client_addr), 'local') AS host, state, sync_state,
    coalesce(extract(epoch FROM replay_lag), 0)::float8 AS seconds,
    (pg_current_wal_lsn() - replay_lsn)::int8 AS bytes
FROM pg_stat_replication
"""
_GROUPS: LiteralString = """
SELECT groupid AS number, nodename AS host, nodeport AS port, noderole::text AS role FROM pg_dist_node
WHERE isactive ORDER BY groupid, noderole, nodename, nodeport
"""
_KINDS = ("commits", "rollbacks", "rows_read", "rows_inserted", "rows_updated", "rows_deleted")


class _Seen(Struct, frozen=True):
    """A node and what it told that others need."""

    node: Node
    address: tuple[str, str]
    place: int | None = None  # of its log
    follows_by: str | None = None  # the name that its primary knows it by
    followers: Sequence[Mapping[str, Any]] = ()
    groups: Sequence[Mapping[str, Any]] = field(default=())


class PostgresNodes:
    engine = "PostgreSQL"

    def __init__(self, location: Location, standby: Location | None = None) -> None:
        """The locations of the store, and of where it reads what may be a little behind."""
        self._location = location
        self._places = dict.fromkeys(addresses(location))
        if standby is not None:
            self._places |= dict.fromkeys(addresses(standby))

    async def shards(self) -> list[Shard]:
        seen = await self._look_all(self._places)
        groups = next((each.groups for each in seen if each.groups), ())
        if not groups:
            return [Shard("0", _related(seen))]
        return await self._citus(seen, groups)

    async def _citus(self, named: Sequence[_Seen], groups: Sequence[Mapping[str, Any]]) -> list[Shard]:
        """A group of Citus is a primary with some of the data, and what follows it. Group 0 is the coordinator's."""
        known = {each.address: each for each in named}
        number_of = {(str(row["host"]), str(row["port"])): int(row["number"]) for row in groups}
        others = await self._look_all(address for address in number_of if address not in known)
        shards: dict[int, list[_Seen]] = {}
        for each in (*named, *others):
            shards.setdefault(number_of.get(each.address, 0), []).append(each)
        return [
            Shard(str(number), _related(nodes, COORDINATOR if number == 0 else WORKER))
            for number, nodes in sorted(shards.items())
        ]

    async def _look_all(self, places: Iterable[tuple[str, str]]) -> list[_Seen]:
        return list(await asyncio.gather(*(self._look(place) for place in places)))

    async def _look(self, address: tuple[str, str]) -> _Seen:
        name = ":".join(address)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask(address, name)
        except (psycopg.Error, OSError, TimeoutError) as error:
            detail = "no answer" if isinstance(error, TimeoutError) else plain(error)
            return _Seen(Node(name=name, role=UNKNOWN, state=UNREACHABLE, detail=detail), address)

    async def _ask(self, address: tuple[str, str], name: str) -> _Seen:
        parameters = {key: value for key, value in self._location.parameters.items() if key != "hostaddr"}
        host, port = address
        parameters |= {"host": host, "port": port, "target_session_attrs": "any"}
        parameters |= {"connect_timeout": str(CONNECT_SECONDS)}
        connection = await psycopg.AsyncConnection.connect(autocommit=True, row_factory=dict_row, **parameters)
        async with connection:
            found: dict[str, Any] | None = await (await connection.execute(_SELF)).fetchone()
            assert found is not None  # the database that it is connected to has a row
            followers, groups = [], []
            if not found["follows"]:
                followers = await (await connection.execute(_FOLLOWERS)).fetchall()
                if found["citus"]:
                    groups = await (await connection.execute(_GROUPS)).fetchall()
        node = _node(name, host, found)
        place = None if found["place"] is None else int(found["place"])
        return _Seen(node, address, place, _known_by(found["follows_by"]), followers, groups)


def addresses(location: Location) -> list[tuple[str, str]]:
    """Host and port of each node that a location names."""
    given = location.parameters
    hosts = str(given.get("host") or given.get("hostaddr") or "localhost").split(",")
    ports = str(given.get("port") or "5432").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    return [(host, port or "5432") for host, port in zip(hosts, ports, strict=False)]


def _node(name: str, host: str, found: Mapping[str, Any]) -> Node:
    is_local = host in _LOCAL or host.startswith("/")
    disk = volume(Path(found["directory"])) if is_local and found["directory"] else None
    return Node(
        name=name,
        role=STANDBY if found["follows"] else PRIMARY,
        version=str(found["version"]).partition(" ")[0],
        since=found["since"],
        used_bytes=found["size"],
        total_bytes=None if disk is None else disk[0],
        free_bytes=None if disk is None else disk[1],
        connections=found["connections"],
        connections_max=found["connections_max"],
        active=found["active"],
        # Paths of this machine are what tells that it really is this one, not a port that leads elsewhere.
        load=None if disk is None else machine_load(),
        requests={kind: int(found[kind] or 0) for kind in _KINDS},
    )


def _known_by(conninfo: str | None) -> str | None:
    if not conninfo:
        return None
    try:
        return str(conninfo_to_dict(conninfo).get("application_name") or "walreceiver")
    except psycopg.Error:
        return None


def _related(seen: Sequence[_Seen], primary_role: str = PRIMARY) -> list[Node]:
    """The nodes of one shard, primary first, each with its role and lag as its primary tells them."""
    primary = next((each for each in seen if each.node.role == PRIMARY), None)
    if primary is None:
        return [each.node for each in seen]
    followers = list(primary.followers)
    nodes = [replace(primary.node, role=primary_role)]
    for each in seen:
        if each is not primary:
            row = next((row for row in followers if row["name"] == each.follows_by), None)
            if row is not None:
                followers.remove(row)
            nodes.append(_follower(each, primary, row))
    nodes += [_unnamed(row) for row in followers]
    return nodes


def _follower(each: _Seen, primary: _Seen, row: Mapping[str, Any] | None) -> Node:
    if each.node.role != STANDBY or each.place is None or primary.place is None:
        return each.node  # unreachable, or a second primary: to be shown as what it is
    if row is None:
        return replace(each.node, lag_bytes=max(0, primary.place - each.place))
    return replace(
        each.node, role=_kind(row), lag_bytes=max(0, int(row["bytes"] or 0)), lag_seconds=float(row["seconds"])
    )


def _unnamed(row: Mapping[str, Any]) -> Node:
    """A standby of which only its primary tells."""
    return Node(
        name=f"{row['name']} ({row['host']})",
        role=_kind(row),
        state=str(row["state"] or UNKNOWN),
        lag_bytes=max(0, int(row["bytes"] or 0)),
        lag_seconds=float(row["seconds"]),
    )


def _kind(row: Mapping[str, Any]) -> str:
    if row["sync_state"] is None:
        return STANDBY
    return SYNC_STANDBY if row["sync_state"] in {"sync", "quorum"} else ASYNC_STANDBY
