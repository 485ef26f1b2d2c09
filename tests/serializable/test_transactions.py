"""Transactions and single operations of many clients on a server that is killed and started again are serializable.

STATOR_SERIALIZABLE_SECONDS says how long (12 without it), STATOR_SERIALIZABLE_SEED what the clients do.
"""

import contextlib
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.server_process import PlainClient, ServerProcess
from tests.serializable.checker import unbalanced, violations
from tests.serializable.clients import ACCOUNTS, MONEY, TABLES, Client, Field, contents, create, tags
from tests.serializable.history import Fate

_SECONDS = float(os.environ.get("STATOR_SERIALIZABLE_SECONDS", "12"))
_SECONDS_MORE = 120.0  # for a machine on which that is not enough
_TRANSACTIONS = ("transfer", "swap", "create")
_SEED = int(os.environ.get("STATOR_SERIALIZABLE_SEED", "1"))
_CLIENTS = 8


@pytest.mark.slow
def test_a_history_over_http_is_strictly_serializable(tmp_path: Path) -> None:
    field = Field()
    rng = random.Random(_SEED)

    def start() -> ServerProcess:
        server = ServerProcess(tmp_path / "data", tmp_path / "log").wait_until_ready()
        field.ports = [server.port]
        return server

    server = start()
    try:
        with contextlib.closing(PlainClient(server.port)) as client:
            field.history += create(client)
        clients = [Client(field, number, _SEED * 1000 + number) for number in range(_CLIENTS)]
        for one in clients:
            one.start()
        kills = 0
        end = time.monotonic() + _SECONDS
        limit = end + _SECONDS_MORE
        while not field.stop.is_set() and (now := time.monotonic()) < limit:
            if now >= end and kills >= 2 and not _missing(field):
                break
            time.sleep(rng.uniform(0.3, 2.5))
            server.kill()
            kills += 1
            server = start()
        time.sleep(1)
        field.stop.set()
        for one in clients:
            one.join()
        assert not field.faults, field.faults
        server.kill()  # what the clients saw last has to be there, too
        server = start()
        with contextlib.closing(PlainClient(server.port)) as client:
            items = contents(client)
    finally:
        field.stop.set()
        server.kill()

    logs = {place: tags(item) for place, item in items.items()}
    assert violations(field.history, logs) == []
    assert unbalanced(field.history, frozenset(ACCOUNTS), MONEY * len(ACCOUNTS)) == []
    assert sum(int(items[place]["money"]["N"]) for place in ACCOUNTS) == MONEY * len(ACCOUNTS)
    races = Counter(key for _, key in items if key.startswith("race"))
    assert max(races.values()) == 1, "both sides of a race won"
    _check_busy(field, kills, races)


def _check_busy(field: Field, kills: int, races: Counter[str]) -> None:
    """The clients did enough of everything for the rest to mean something."""
    counts = _counts(field)
    print(f"\n{len(field.history)} operations, {kills} kills, {len(races)} races", dict(counts))  # noqa: T201
    assert kills >= 2
    assert _missing(field) == []
    assert len({table for table in TABLES for one in field.history if any(p[0] == table for p in one.writes)}) == 2


def _missing(field: Field) -> list[tuple[str, Fate]]:
    """Of what there is to be more."""
    counts = _counts(field)
    wanted = {(name, Fate.DONE): 20 for name in (*_TRANSACTIONS, "read", "get", "UpdateItem", "PutItem")}
    wanted |= {(name, Fate.REFUSED): 5 for name in _TRANSACTIONS}
    return [kind for kind, least in wanted.items() if counts[kind] <= least]


def _counts(field: Field) -> Counter[tuple[str, Fate]]:
    history = list(field.history)  # clients go on adding to it
    return Counter((one.name.partition(": ")[2].partition(" ")[0], one.fate) for one in history)
