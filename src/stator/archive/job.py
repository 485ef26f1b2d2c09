"""A job: work that takes time, wished for by an operation and done by a service. What is written down of it. Pure.

Its row is in space 0, partition eight zero bytes and `jobs`, sort `<kind>/<account>/<region>/<id>`. `put` makes it, to
go with the commit of what wishes it. What a job holds keeps: the spaces it works on are not given back before it ends.
docs/formats.md has the value.
"""

from typing import Any

import orjson
from msgspec import Struct, field

from stator.storage.store import Key, Put

FORMAT = 1
PARTITION = bytes(8) + b"jobs"

RUNNING = "RUNNING"  # open: somebody works on it, or will
CANCELLING = "CANCELLING"  # open: whoever works on it is to stop
COMPLETED = "COMPLETED"
FAILED = "FAILED"
CANCELLED = "CANCELLED"
STATES = (RUNNING, CANCELLING, COMPLETED, FAILED, CANCELLED)


class Job(Struct, frozen=True):
    """`request` is what was asked for and never changes; `progress` is the runner's own, whatever it needs to go on
    where it stopped. Both hold JSON and nothing else. Times are seconds since the epoch."""

    kind: str  # backup, restore, export, import, bulk or instance
    id: str  # unique within its kind, account and region
    account: str
    region: str
    table: str = ""  # the name of the table it is about
    created: float = 0.0
    request: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    spaces: tuple[int, ...] = ()  # that it reads or fills, kept while it is open
    state: str = RUNNING
    updated: float = 0.0  # when its row was last written; once it is finished, when that was
    failure: tuple[str, str] | None = None  # code and message of one that FAILED
    owner: str | None = None  # the process that works on it
    until: float = 0.0  # when the owner's lease is over

    @property
    def finished(self) -> bool:
        return self.state not in (RUNNING, CANCELLING)

    @property
    def cancelling(self) -> bool:
        return self.state == CANCELLING

    @property
    def key(self) -> Key:
        return job_key(self.kind, self.account, self.region, self.id)

    @property
    def name(self) -> str:
        """For logs."""
        place = f" of {self.account}/{self.region}/{self.table}" if self.account else ""
        return f"{self.kind} {self.id}{place}"


def job_key(kind: str, account: str, region: str, id: str) -> Key:
    return Key(0, PARTITION, f"{kind}/{account}/{region}/{id}".encode())


def put(job: Job) -> Put:
    """The row of a job."""
    value = encode(job)
    return Put(job.key, len(value), value)


def encode(job: Job) -> bytes:
    return orjson.dumps(
        {
            "format": FORMAT,
            "kind": job.kind,
            "id": job.id,
            "account": job.account,
            "region": job.region,
            "table": job.table,
            "created": job.created,
            "request": job.request,
            "progress": job.progress,
            "spaces": job.spaces,
            "state": job.state,
            "updated": job.updated,
            "failure": job.failure,
            "lease": None if job.owner is None else [job.owner, job.until],
        }
    )


def decode(value: bytes) -> Job:
    """Raises ValueError for a job that this version cannot read."""
    stored: dict[str, Any] = orjson.loads(value)
    if stored["format"] != FORMAT:
        raise ValueError(f"job of format {stored['format']}; this version reads format {FORMAT}")
    owner, until = stored["lease"] or (None, 0.0)
    return Job(
        kind=stored["kind"],
        id=stored["id"],
        account=stored["account"],
        region=stored["region"],
        table=stored["table"],
        created=stored["created"],
        request=stored["request"],
        progress=stored["progress"],
        spaces=tuple(stored["spaces"]),
        state=stored["state"],
        updated=stored["updated"],
        failure=tuple(stored["failure"]) if stored["failure"] else None,
        owner=owner,
        until=until,
    )
