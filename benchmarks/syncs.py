"""Syncs counted: how many times the server asks the disk for durability, by request.

The kernel's own counters do not tell syncs, so the server runs once more under strace for this alone; its speed is then
not looked at. A group commit shows here: with many connections one sync serves many writes.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.load import put_on
from benchmarks.target import start_stator
from benchmarks.workload import PUT_ITEM

_REQUESTS = 2_000
_SECONDS = 20.0


async def count(scratch: Path, connections: Sequence[int], say: Callable[[str], None]) -> dict[str, float]:
    """Syncs for each PutItem, by the number of connections. Empty without strace."""
    if shutil.which("strace") is None:
        say("syncs are not counted: there is no strace")
        return {}
    trace = scratch / "syncs.trace"
    target = await start_stator(scratch, 1_000, trace)
    found = {}
    try:
        signer = target.signer()
        number = 0
        for count in connections:
            bodies = [PUT_ITEM.body(number + offset, target.items) for offset in range(_REQUESTS)]
            number += _REQUESTS
            requests = [signer.sign("PutItem", body) for body in bodies]
            before = _lines(trace)
            answered = await put_on(target.process.host, target.process.port, requests, count, _SECONDS)
            found[str(count)] = round((_lines(trace) - before) / answered.requests, 3)
            say(f"PutItem over {count} connections: {found[str(count)]} syncs a request")
    finally:
        await target.process.stop()
    return found


def _lines(trace: Path) -> int:
    return trace.read_bytes().count(b"sync(")
