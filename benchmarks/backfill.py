"""`python -m benchmarks.backfill`: how long an index takes to be filled on a table that is there.

Items are loaded straight into a data directory. Then, of a real server over HTTP: a whole Scan, page after page over
one connection, and the same by boto3; an index added and waited for, without other traffic; another added under a
constant load of GetItem, whose latencies are compared with those of the same load before. A request that is late puts
off no other.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import boto3
import orjson

from benchmarks import workload
from benchmarks.load import LoadError
from benchmarks.scratch import Say, in_scratch
from benchmarks.target import Target, start_stator

T = TypeVar("T")

_POLL_SECONDS = 0.2
_CALM_SECONDS = 10.0  # of the load before the index is added


class Client:
    """Requests one after the other over one connection."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._signer = target.signer()
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, target: Target) -> "Client":
        return cls(target, *await asyncio.open_connection(target.process.host, target.process.port, limit=1 << 22))

    async def ask(self, operation: str, body: bytes) -> bytes:
        """The body of the reply. Raises LoadError when it is a failure."""
        self._writer.write(self._signer.sign(operation, body))
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        reply = await self._reader.readexactly(int(length.partition(b":")[2]))
        if head[9:12] != b"200":
            raise LoadError(f"{operation}: {(head + reply)[:600].decode('latin-1')}")
        return reply

    async def call(self, operation: str, request: dict[str, Any]) -> Any:
        return orjson.loads(await self.ask(operation, orjson.dumps({"TableName": workload.TABLE} | request)))

    def close(self) -> None:
        self._writer.close()


async def scan(client: Client, *, parse: bool) -> tuple[int, float]:
    """Items found and seconds taken. Without `parse` only the key to go on from is read of a page."""
    began = time.perf_counter()
    count, request = 0, dict[str, Any]()
    while True:
        reply = await client.ask("Scan", orjson.dumps({"TableName": workload.TABLE} | request))
        rest = orjson.loads(reply if parse else b"{" + reply[_end_of_items(reply) :])
        count += rest["Count"]
        if "LastEvaluatedKey" not in rest:
            return count, time.perf_counter() - began
        request = {"ExclusiveStartKey": rest["LastEvaluatedKey"]}


def scan_by_boto3(target: Target) -> tuple[int, float]:
    """The same with the SDK's client, which makes Python objects of every attribute."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=f"http://{target.process.host}:{target.process.port}",
        region_name=target.key.region,
        aws_access_key_id=target.key.access_key,
        aws_secret_access_key=target.key.secret,
    )
    began = time.perf_counter()
    pages = client.get_paginator("scan").paginate(TableName=workload.TABLE)
    count = sum(page["Count"] for page in pages)
    client.close()
    return count, time.perf_counter() - began


def _end_of_items(reply: bytes) -> int:
    return reply.rindex(b"],") + 2


async def fill(client: Client, attribute: str) -> float:
    """Add an index with that key and wait until it is ACTIVE; seconds taken."""
    name = f"by-{attribute}"
    create = {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    began = time.perf_counter()
    await client.call(
        "UpdateTable",
        {
            "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": "S"}],
            "GlobalSecondaryIndexUpdates": [{"Create": create}],
        },
    )
    while True:
        table = (await client.call("DescribeTable", {}))["Table"]
        if all(index["IndexStatus"] == "ACTIVE" for index in table["GlobalSecondaryIndexes"]):
            return time.perf_counter() - began
        await asyncio.sleep(_POLL_SECONDS)


class Load:
    """Requests at a constant rate, until stopped: one that is late does not put off the next one."""

    def __init__(self, target: Target, per_second: int, asked: workload.Workload = workload.GET_ITEM) -> None:
        self._target = target
        self._asked = asked
        self._per_second = per_second
        self._idle: list[Client] = []
        self._number = 0
        self._running = True
        self.latencies: list[float] = []

    async def run(self) -> None:
        due = time.perf_counter()
        asking = set[asyncio.Task[None]]()
        while self._running:
            due += 1 / self._per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.ensure_future(self._ask(due))
            asking.add(task)
            task.add_done_callback(asking.discard)
        await asyncio.gather(*asking)
        for client in self._idle:
            client.close()

    def stop(self) -> None:
        self._running = False

    async def _ask(self, due: float) -> None:
        client = self._idle.pop() if self._idle else await Client.connect(self._target)
        self._number += 1
        sent = max(due, time.perf_counter())  # a timer of this side that was late says nothing of the server
        await client.ask(self._asked.operation, self._asked.body(self._number, self._target.items))
        self.latencies.append(time.perf_counter() - sent)
        self._idle.append(client)


def percentile(latencies: list[float], percent: float) -> float:
    """In milliseconds."""
    return sorted(latencies)[min(len(latencies) - 1, int(len(latencies) * percent / 100))] * 1000


class UnderLoad:
    """Something that is done beside constant loads, and what it did to their latencies."""

    def __init__(self, target: Target, per_second: int, asked: Sequence[workload.Workload]) -> None:
        self._loads = {one.name: Load(target, per_second, one) for one in asked}
        self._calm: dict[str, list[float]] = {}

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it once the loads have gone on for a while; returns what it returns."""
        running = [asyncio.ensure_future(one.run()) for one in self._loads.values()]
        await asyncio.sleep(_CALM_SECONDS)
        for name, one in self._loads.items():
            self._calm[name], one.latencies = one.latencies, []
        done = await work()
        for one in self._loads.values():
            one.stop()
        await asyncio.gather(*running)
        return done

    def tell(self, say: Say) -> None:
        for name, one in self._loads.items():
            for percent in (50, 99, 99.9):
                before, during = percentile(self._calm[name], percent), percentile(one.latencies, percent)
                say(f"{name} p{percent}: {before:.2f} ms before, {during:.2f} ms meanwhile, {during / before:.2f} x")


async def measure(scratch: Path, items: int, per_second: int, say: Say) -> None:
    target = await start_stator(scratch, items)
    try:
        client = await Client.connect(target)
        await scan(client, parse=False)  # the first finds cold pages
        count, scanned = await scan(client, parse=False)
        _, parsed = await scan(client, parse=True)
        if count != items:
            raise LoadError(f"{count} items where {items} were loaded")
        _, sdk = await asyncio.to_thread(scan_by_boto3, target)
        say(f"scan of {items:,} items: {scanned:.2f} s, {parsed:.2f} s with every page parsed, {sdk:.2f} s by boto3")
        used = target.process.used().cpu_seconds
        filled = await fill(client, "email")
        used = target.process.used().cpu_seconds - used
        say(
            f"fill without load: {filled:.2f} s, {filled / scanned:.2f} x scan, {filled / parsed:.2f} x parsed scan,"
            f" {filled / sdk:.2f} x boto3's, {used / items * 1e6:.1f} us of CPU an item"
        )
        under = UnderLoad(target, per_second, [workload.GET_ITEM])
        loaded = await under.run(lambda: fill(client, "name"))
        say(f"fill under {per_second} GetItem/s: {loaded:.2f} s, {loaded / scanned:.2f} x scan without load")
        under.tell(say)
        client.close()
    finally:
        await target.process.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--per-second", type=int, default=300, help="GetItem requests of the constant load")
    chosen = parser.parse_args()
    in_scratch(lambda scratch, say: measure(scratch, chosen.items, chosen.per_second, say))


if __name__ == "__main__":
    main()
