"""Databases on the Citus cluster whose coordinator STATOR_TEST_CITUS names, as `postgresql://user@host:port/postgres`.

Its nodes are those of `pg_dist_node` in that database; each gets every new database, and the extension in it.
"""

import atexit
import itertools
import os
from urllib.parse import urlsplit, urlunsplit

import psycopg

COORDINATOR = os.environ.get("STATOR_TEST_CITUS", "")

_numbers = itertools.count(1)
_free: list[str] = []
_TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name LIKE 'stator%'"
)
_WORKERS = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid"


def new_database() -> str:
    """The URL of an empty one. To make one takes seconds, so those that were given back are used again."""
    return _free.pop() if _free else _make()


def _make() -> str:
    name = f"stator_test_{os.getpid()}_{next(_numbers)}"
    workers = _workers()
    for url in (COORDINATOR, *workers):
        _execute(url, f"CREATE DATABASE {name}")
        _execute(_at(url, name), "CREATE EXTENSION citus")
    made = _at(COORDINATOR, name)
    own = urlsplit(COORDINATOR)
    _execute(made, f"SELECT citus_set_coordinator_host('{own.hostname}', {own.port or 5432})")
    for worker in workers:
        parts = urlsplit(worker)
        _execute(made, f"SELECT citus_add_node('{parts.hostname}', {parts.port})")
    return made


def give_back(url: str) -> None:
    """It is not needed any more."""
    _execute(url, _TERMINATE)
    _execute(url, "DROP SCHEMA IF EXISTS stator CASCADE")
    _free.append(url)


@atexit.register
def _drop_all() -> None:
    while _free:
        _drop(_free.pop())


def _drop(url: str) -> None:
    name = urlsplit(url).path[1:]
    for node in (COORDINATOR, *_workers()):
        _execute(node, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _workers() -> list[str]:
    with psycopg.connect(COORDINATOR, autocommit=True) as connection:
        found = connection.execute(_WORKERS).fetchall()
    parts = urlsplit(COORDINATOR)
    user = f"{parts.username}@" if parts.username else ""
    return [urlunsplit(parts._replace(netloc=f"{user}{host}:{port}")) for host, port in found]


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _execute(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text)
