"""The rows of routers: what each says of itself, and which of them leads. docs/formats.md has the values."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from stator.storage.routers.fence import Mark
from stator.storage.store import Key, Put, Row, Store

FORMAT = 1
_PARTITION = bytes(8) + b"routers"
LEADER = Key(0, bytes(8) + b"routers", b"")  # among the routers, so that one read has all
BARRIER = Key(0, bytes(8) + b"barrier", b"")
"""The time, in milliseconds as text, before which no change is missing in any journal."""

_ROWS_MAX = 1000
_BYTES_MAX = 1024 * 1024


class Member(NamedTuple):
    """A router as its row has it. `about` is what it tells of itself, JSON."""

    id: str
    mark: Mark
    version: int
    about: Mapping[str, Any]


class Leader(NamedTuple):
    """Who leads, and how many leaders there have been: a router that leads again after another is another leader."""

    id: str
    term: int


NOBODY = Leader("", 0)


async def read_members(store: Store) -> tuple[Leader, dict[str, Member]]:
    """Who leads, and all routers by their ids."""
    page = await store.range(0, _PARTITION, None, None, reverse=False, rows_max=_ROWS_MAX, bytes_max=_BYTES_MAX)
    leader = NOBODY
    members: dict[str, Member] = {}
    for row in page.rows:
        if row.sort:
            member = _member(row)
            members[member.id] = member
        else:
            leader = leader_of(row)
    return leader, members


def member_key(id: str) -> Key:
    return Key(0, _PARTITION, id.encode() or b"-")  # nobody's, that of the leader is another


def put_member(id: str, mark: Mark, about: Mapping[str, Any]) -> Put:
    value = orjson.dumps({"format": FORMAT, "generation": mark.generation, "closed": mark.closed, "about": about})
    return Put(member_key(id), len(value), value)


def leader_of(row: Row | None) -> Leader:
    return NOBODY if row is None else Leader(*orjson.loads(row.value)[1:])


def put_leader(leader: Leader) -> Put:
    value = orjson.dumps([FORMAT, *leader])
    return Put(LEADER, len(value), value)


def time_of(row: Row | None) -> int:
    """What BARRIER says."""
    return 0 if row is None else int(row.value)


def _member(row: Row) -> Member:
    stored = orjson.loads(row.value)
    return Member(row.sort.decode(), Mark(stored["generation"], stored["closed"]), row.version, stored["about"])
