"""A server that is killed while it delivers what a writer counts, and what of that arrived."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.counting import TABLE, Counting, skips
from tests.crash.server_process import ServerProcess
from tests.running import wait_until

KILLS = int(os.environ.get("STATOR_KILLS", "4"))
_SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))

CREATE_TABLE = {
    "TableName": TABLE,
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def deliver(
    folder: Path,
    flags: list[str],
    prepare: Callable[[int], None],
    records: Callable[[], list[Any]],
    pause_seconds: float | None = None,
) -> dict[str, list[int]]:
    """The values that arrived of each item, in their order: every one that was acknowledged is among them, and none
    was passed over. `prepare` makes the table, given the port; `records` are those that have arrived so far."""
    rng = random.Random(_SEED)
    acknowledged: dict[str, list[int]] = {}
    ends: dict[str, int] = {}
    first = 0

    def is_there() -> bool:
        found = _values(records())
        return all(end in found.get(name, ()) for name, end in ends.items())

    for number in range(KILLS + 1):
        server = ServerProcess(folder / "data", folder / "log", *flags)
        try:
            server.wait_until_ready()
            if number == 0:
                prepare(server.port)
            writer = random.Random(rng.random())
            counting = Counting(server.port, acknowledged, first, writer, pause_seconds=pause_seconds)
            time.sleep(rng.uniform(0.3, 1.2))
            if number == KILLS:
                ends |= {name: values[-1] for name, values in dict(acknowledged).items()}
                wait_until(is_there)
        finally:
            server.kill()
        counting.join()
        first = counting.next
    arrived = _values(records())
    for name, values in arrived.items():
        assert skips(values) == [], name
    for name, end in ends.items():
        missing = {value for value in acknowledged[name] if value <= end} - set(arrived[name])
        assert not missing, name
    assert "Traceback" not in (folder / "log").read_text()
    return arrived


def _values(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        image = record["dynamodb"]["NewImage"]
        found.setdefault(image["pk"]["S"], []).append(int(image["v"]["N"]))
    return found
