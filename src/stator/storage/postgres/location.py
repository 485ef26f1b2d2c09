"""Where a PostgreSQL database is: a URL, completed with what a server needs, and never shown with its password."""

from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

SCHEMES = ("postgresql://", "postgres://")

# A host that has vanished says nothing: without these a write would wait for a quarter of an hour.
_DEFAULTS = {
    "application_name": "stator",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


def application_name(router: str) -> str:
    return f"stator {router}".strip()


class BadLocation(Exception):
    """The URL cannot be used. The text says why and holds no password."""


class Location:
    """`parameters` are libpq's; `text` is for people."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters

    @classmethod
    def parse(cls, url: str, *, read_write: bool) -> Self:
        """`read_write` asks for the primary among several hosts. Raises BadLocation."""
        if not url.startswith(SCHEMES):
            raise BadLocation("must be a URL such as postgresql://user@host/database")
        given: dict[str, Any]
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its text may quote the password
            given = {}
        ports = str(given.get("port", "5432")).split(",")
        if not given or "@" in str(given.get("host")) or not all(port.isdigit() for port in ports if port):
            raise BadLocation("is no URL that PostgreSQL understands; is a : / or @ in the password not %-coded?")
        target = "read-write" if read_write else "any"
        return cls(_DEFAULTS | {"target_session_attrs": target} | given)

    def named(self, router: str) -> Self:
        """The same for the router of that name: its connections are told apart by it."""
        return type(self)(self.parameters | {"application_name": application_name(router)})

    @property
    def text(self) -> str:
        given = self.parameters
        hosts = str(given.get("host") or given.get("hostaddr") or "localhost").split(",")
        ports = str(given.get("port", "5432")).split(",")
        ports = ports * len(hosts) if len(ports) == 1 else ports
        places = ",".join(f"{host}:{port or 5432}" for host, port in zip(hosts, ports, strict=False))
        return f"{places}/{given.get('dbname') or given.get('user') or ''}"

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """Raises psycopg.Error."""
        return await psycopg.AsyncConnection.connect(autocommit=True, **self.parameters)
