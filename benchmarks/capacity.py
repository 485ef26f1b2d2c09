"""`python -m benchmarks.capacity`: what accounting for capacity costs GetItem and PutItem, in one run.

The operations run in this process, without a socket and without commits, against the same table in three ways: without
any accounting, counted only (throttling off), and held to limits that are never reached (throttling on: buckets and hot
keys). The ways take turns for many short rounds and each tells its best one, in microseconds of CPU for one request.
"""

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import uvloop
from msgspec.structs import replace

from benchmarks import workload
from benchmarks.corridor import IN_FLIGHT, KEY
from benchmarks.house import HOST, House, load, open_house
from stator.api.call import Call, Parts
from stator.items.charge import ChargedWriter
from stator.items.commit import Writer
from stator.items.decide import Outcome, Write
from stator.metrics.bucket import BURST_SECONDS, PROVISIONED
from stator.metrics.meter import NO_LIMITS, Limit, Limits, Meters
from stator.storage.store import Decide, Key

BAR_US = 3.0
_ITEMS = 10_000
_REQUESTS = 256  # few, so that some rounds pass without another program in between
_ENOUGH = (Limit(PROVISIONED, 1e9, BURST_SECONDS),)
_LIMITS = Limits(_ENOUGH, _ENOUGH, 3_000.0, 1_000.0)
_OPERATIONS = {"GetItem": workload.get_item, "PutItem": workload.put_item}

Run = Callable[[], Awaitable[float]]


class _Undone(Writer):
    """Decides as if there were no item yet, and writes nothing: what commits cost would hide what is looked for."""

    async def run(self, keys: Sequence[Key], decide: Decide, writes: Sequence[Write]) -> Any:
        return decide([None] * len(keys)).result


class Uncharged:
    """Writes, and asks and counts nothing."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def commit(self, write: Write, _operation: str) -> Outcome:
        outcome: Outcome = await self._writer.run((write.key,), write.decide, (write,))
        return outcome


class _Unmetered:
    """Of every table at once: nothing is counted, nothing refused."""

    reads = None

    def of(self, _table: Any) -> Any:
        return self

    def read(self, units: float, partition: bytes, sort: bytes) -> None:
        """Count nothing."""


def ways(house: House) -> dict[str, Parts]:
    writer = _Undone(house.store)
    counted, limited = Meters(limits=lambda *_: NO_LIMITS), Meters(limits=lambda *_: _LIMITS)
    uncharged: Any = Uncharged(writer)
    unmetered: Any = _Unmetered()
    return {
        "none": replace(house.parts, writer=uncharged, meters=unmetered),
        "counted": replace(house.parts, writer=ChargedWriter(writer, counted), meters=counted),
        "limited": replace(house.parts, writer=ChargedWriter(writer, limited), meters=limited),
    }


def prepare(house: House, name: str, parts: Parts) -> Run:
    """One round: the CPU time of one request in microseconds."""
    handler = house.front.operations[f"DynamoDB_20120810.{name}".encode()]
    body = _OPERATIONS[name]

    async def work(calls: list[Call]) -> None:
        for call in calls:
            await handler.handler(call)

    async def run() -> float:
        requests = [handler.shape.check(orjson.loads(body(number, _ITEMS))) for number in range(_REQUESTS)]
        calls = [Call(request, KEY.account, KEY.region, HOST, parts) for request in requests]
        shares = [calls[start::IN_FLIGHT] for start in range(IN_FLIGHT)]
        gc.collect()
        began = time.process_time()
        await asyncio.gather(*map(work, shares))
        return (time.process_time() - began) * 1e6 / _REQUESTS

    return run


async def measure(house: House, rounds: int) -> dict[tuple[str, str], float]:
    """The best round of each operation in each way."""
    runs = {(name, way): prepare(house, name, parts) for way, parts in ways(house).items() for name in _OPERATIONS}
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for place, run in runs.items():
            best[place] = min(best[place], await run())
    return best


async def main(rounds: int) -> int:
    async with open_house(None, KEY) as house:
        await load(house, _ITEMS)
        best = await measure(house, rounds)
    within = True
    for name in _OPERATIONS:
        none, counted, limited = (best[name, way] for way in ("none", "counted", "limited"))
        within &= limited - none <= BAR_US
        sys.stdout.write(
            f"{name}: {none:.1f} us without accounting, {counted - none:+.1f} us counted, "
            f"{limited - none:+.1f} us held to limits (bar: {BAR_US:+.1f})\n"
        )
    return 0 if within else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise SystemExit(runner.run(main(parser.parse_args().rounds)))
