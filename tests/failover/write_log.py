"""Clients that write one new item after another, and a log of what they were told."""

import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.crash.server_process import Client, Lost

TABLE = "writes"
CREATE_TABLE: dict[str, Any] = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
}

RETRYABLE = frozenset(("InternalServerError", "ServiceUnavailable", "ThrottlingException"))
"""What SDKs ask again after by themselves, of what a server that cannot reach its store may say."""

Write = tuple[str, int]
"""Whose, and the how manieth."""


@dataclass(slots=True)
class WriteLog:
    """What became of each write. Times are of the monotonic clock."""

    attempted: set[Write] = field(default_factory=set)
    acknowledged: dict[Write, float] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)  # acknowledgement of each writer
    errors: Counter[str] = field(default_factory=Counter)  # that may be tried again
    complaints: list[str] = field(default_factory=list)  # of replies that should not have been, and of none

    def all_since(self, writers: int, moment: float) -> bool:
        """Has each of so many writers had an acknowledgement since then?"""
        latest = self.latest.copy()
        return len(latest) == writers and min(latest.values()) > moment

    def gap(self, since: float) -> float:
        """The longest time without an acknowledgement to anybody, of those that ended after a moment, in seconds."""
        times = sorted(self.acknowledged.copy().values())
        return max((after - before for before, after in itertools.pairwise(times) if after > since), default=0.0)

    def settle(self, found: set[Write]) -> list[str]:
        """Compare with what is there; a line for each fault."""
        lost = sorted(self.acknowledged.keys() - found)
        strange = sorted(found - self.attempted)
        return [f"{write} was acknowledged but lost" for write in lost] + [f"nobody wrote {write}" for write in strange]


class Writer(threading.Thread):
    """Writes 0, 1, 2, ... until it is stopped; each only once, so that no later write hides that one was lost."""

    def __init__(self, log: WriteLog, name: str, client: Client) -> None:
        super().__init__(name=name)
        self._log = log
        self._client = client
        self._stopping = threading.Event()

    def run(self) -> None:
        try:
            for number in itertools.count():
                if self._stopping.is_set():
                    break
                self._write((self.name, number))
        except Exception as error:  # noqa: BLE001  a thread's exceptions are seen by nobody
            self._log.complaints.append(f"{self.name}: {error!r}")
        self._client.close()

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def _write(self, write: Write) -> None:
        log = self._log
        log.attempted.add(write)
        try:
            reply = self._client.call("PutItem", {"TableName": TABLE, "Item": _item(write)})
        except Lost as lost:
            log.complaints.append(f"no answer to {write}: {lost.__cause__!r}")
            self._client.close()  # the next request goes over a new connection
            return
        if reply.status == 200:
            log.latest[self.name] = log.acknowledged[write] = time.monotonic()
        elif reply.error in RETRYABLE:
            log.errors[reply.error] += 1
            time.sleep(0.02)
        else:
            log.complaints.append(f"{write} got {reply}")


def contents(client: Client) -> set[Write]:
    """Every write that is there."""
    found: set[Write] = set()
    more: dict[str, Any] = {}
    while True:
        reply = client.call(
            "Scan", {"TableName": TABLE, "ConsistentRead": True, "ProjectionExpression": "pk, sk"} | more
        )
        assert reply.status == 200, reply
        found |= {(item["pk"]["S"], int(item["sk"]["N"])) for item in reply.body["Items"]}
        if "LastEvaluatedKey" not in reply.body:
            return found
        more = {"ExclusiveStartKey": reply.body["LastEvaluatedKey"]}


def _item(write: Write) -> dict[str, Any]:
    return {"pk": {"S": write[0]}, "sk": {"N": str(write[1])}, "fill": {"S": "x" * 200}}
