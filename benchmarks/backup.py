"""`python -m benchmarks.backup`: a backup, and a restore on a fresh server when the data directory is gone.

Items are loaded over HTTP with BatchWriteItem, as plain clients load, into a table with an index. Then, of a real
server: a backup without other traffic; another under a constant load of GetItem and PutItem, whose latencies are
compared with those of the same load before. The data directory is removed, and a fresh server pointed at the archive
restores the first backup. Items and entries of the index are compared by a checksum that knows no order.
"""

import argparse
import asyncio
import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

import orjson

from benchmarks import workload
from benchmarks.backfill import Client, UnderLoad
from benchmarks.load import LoadError, put_on
from benchmarks.process import Process
from benchmarks.scratch import Say, in_scratch
from benchmarks.signing import Key
from benchmarks.target import STATOR, Target, free_port

_KEY = Key("000000000042", "any", "000000000042")
_POLL_SECONDS = 0.1
_BATCHES = 2_000  # made ready at a time
_CONNECTIONS = 8
_INDEX = "by-email"


async def start(scratch: Path, data: str, items: int) -> Target:
    """A server of its own data directory; the archive is the same for all."""
    port = free_port()
    places = ["--data-dir", str(scratch / data), "--archive", str(scratch / "archive")]
    command = [*STATOR, "serve", "--port", str(port), *places]
    process = await Process.start(command, port, scratch / f"{data}.log", ready=b"stator listening")
    return Target("stator", process, _KEY, items)


def reset_peak(target: Target) -> None:
    Path(f"/proc/{target.process.pid}/clear_refs").write_text("5")


def peak_mb(target: Target) -> float:
    status = Path(f"/proc/{target.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def load(target: Target, *, index: bool) -> float:
    """Make the table and fill it as clients do; seconds taken, without what it takes to make requests."""
    request = orjson.loads(workload.CREATE_TABLE)
    if index:
        request["AttributeDefinitions"].append({"AttributeName": "email", "AttributeType": "S"})
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": _INDEX,
                "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ]
    await target.ask("CreateTable", orjson.dumps(request))
    signer = target.signer()
    seconds = 0.0
    count = -(-target.items // workload.BATCH_ITEMS)
    for first in range(0, count, _BATCHES):
        numbers = range(first, min(first + _BATCHES, count))
        batches = [signer.sign("BatchWriteItem", workload.batch_write_item(number, target.items)) for number in numbers]
        seconds += (await put_on(target.process.host, target.process.port, batches, _CONNECTIONS, 600.0)).seconds
    return seconds


async def checksum(client: Client, table: str, index: str | None) -> tuple[int, int]:
    """How many items, or entries of an index, there are, and a sum over them."""
    count = total = 0
    request: dict[str, Any] = {"TableName": table} | ({"IndexName": index} if index else {})
    while True:
        page = orjson.loads(await client.ask("Scan", orjson.dumps(request)))
        for item in page["Items"]:
            text = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
            total += int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")
        count += page["Count"]
        if "LastEvaluatedKey" not in page:
            return count, total % (1 << 128)
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


async def back_up(client: Client, name: str) -> tuple[str, float]:
    """The ARN of a new backup, and the seconds until it is AVAILABLE."""
    began = time.perf_counter()
    arn: str = (await client.call("CreateBackup", {"BackupName": name}))["BackupDetails"]["BackupArn"]
    while True:
        details = (await client.call("DescribeBackup", {"BackupArn": arn}))["BackupDescription"]["BackupDetails"]
        if details["BackupStatus"] == "AVAILABLE":
            return arn, time.perf_counter() - began
        await asyncio.sleep(_POLL_SECONDS)


async def restore(client: Client, arn: str) -> float:
    began = time.perf_counter()
    await client.call("RestoreTableFromBackup", {"TargetTableName": workload.TABLE, "BackupArn": arn})
    while True:
        if (await client.call("DescribeTable", {}))["Table"]["TableStatus"] == "ACTIVE":
            return time.perf_counter() - began
        await asyncio.sleep(_POLL_SECONDS)


async def measure(scratch: Path, items: int, per_second: int, say: Say, *, index: bool) -> None:
    indexes = [None, _INDEX] if index else [None]
    target = await start(scratch, "data", items)
    try:
        loaded = await load(target, index=index)
        say(f"load of {items:,} items over HTTP: {loaded:.1f} s, {items / loaded:,.0f} items/s")
        client = await Client.connect(target)
        sums = [await checksum(client, workload.TABLE, one) for one in indexes]
        reset_peak(target)
        arn, seconds = await back_up(client, "calm")
        peak = peak_mb(target)
        say(f"backup: {seconds:.1f} s, {items / seconds:,.0f} items/s, at most {peak:.0f} MB resident")
        if per_second:
            under = UnderLoad(target, per_second, [workload.GET_ITEM, workload.PUT_ITEM])
            _, seconds = await under.run(lambda: back_up(client, "busy"))
            say(f"backup under {per_second} GetItem/s and {per_second} PutItem/s: {seconds:.1f} s")
            under.tell(say)
        client.close()
    finally:
        await target.process.stop()
    shutil.rmtree(scratch / "data")
    target = await start(scratch, "fresh", items)
    try:
        client = await Client.connect(target)
        used = target.process.used().cpu_seconds
        seconds = await restore(client, arn)
        used = target.process.used().cpu_seconds - used
        say(
            f"restore on a fresh server: {seconds:.1f} s, {items / seconds:,.0f} items/s, {loaded / seconds:.2f} x the"
            f" speed of the load, {used / items * 1e6:.1f} us of CPU an item, at most {peak_mb(target):.0f} MB resident"
        )
        if [await checksum(client, workload.TABLE, one) for one in indexes] != sums:
            raise LoadError("the restored table differs")
        say(f"equal: {', '.join(f'{count:,}' for count, _ in sums)} items" + (" and entries" if index else ""))
        client.close()
    finally:
        await target.process.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backup", description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--per-second", type=int, default=300, help="requests of each constant load; 0 for none")
    parser.add_argument("--no-index", action="store_true", help="a table without an index")
    chosen = parser.parse_args()
    in_scratch(lambda scratch, say: measure(scratch, chosen.items, chosen.per_second, say, index=not chosen.no_index))


if __name__ == "__main__":
    main()
