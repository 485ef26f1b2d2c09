"""`python -m benchmarks.export`: exports of a table, alone and beside a constant load.

Items are loaded as for `benchmarks.backup`. Then, of a real server with recovery to a point in time turned on: a full
export in each format without other traffic, and one under a constant load of GetItem and PutItem, whose latencies are
compared with those of the same load before. Each has all items of its moment: counts and checksums are compared with
the manifests.
"""

import argparse
import asyncio
import base64
import gzip
import hashlib
import time
from pathlib import Path
from typing import Any

import orjson

from benchmarks import workload
from benchmarks.backfill import Client, UnderLoad
from benchmarks.backup import load, peak_mb, reset_peak, start
from benchmarks.load import LoadError
from benchmarks.scratch import Say, in_scratch

_BUCKET = "bench"
_POLL_SECONDS = 0.1
_CALM_SECONDS = 10.0


async def export(client: Client, table_arn: str, bucket: Path, format: str) -> tuple[float, int]:
    """The seconds until an export is COMPLETED, and how many items it has. Raises LoadError for a faulty one."""
    began = time.perf_counter()
    request = {"TableArn": table_arn, "S3Bucket": _BUCKET, "ExportFormat": format}
    told = await _ask(client, "ExportTableToPointInTime", request)
    while told["ExportStatus"] == "IN_PROGRESS":
        await asyncio.sleep(_POLL_SECONDS)
        told = await _ask(client, "DescribeExport", {"ExportArn": told["ExportArn"]})
    seconds = time.perf_counter() - began
    if told["ExportStatus"] != "COMPLETED":
        raise LoadError(f"the export failed: {told}")
    count = await asyncio.to_thread(count_items, bucket, told["ExportManifest"])
    if count != told["ItemCount"]:
        raise LoadError(f"{count} items, and not {told['ItemCount']} as the export says")
    return seconds, count


def count_items(bucket: Path, manifest: str) -> int:
    """The lines of an export's data files, whose checksums are compared."""
    summary = orjson.loads((bucket / manifest).read_bytes())
    count = 0
    for line in (bucket / summary["manifestFilesS3Key"]).read_bytes().splitlines():
        file = orjson.loads(line)
        body = (bucket / file["dataFileS3Key"]).read_bytes()
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        if base64.b64encode(digest).decode() != file["md5Checksum"]:
            raise LoadError(f"{file['dataFileS3Key']} is damaged")
        count += gzip.decompress(body).count(b"\n")
    return count


async def measure(scratch: Path, items: int, per_second: int, say: Say) -> None:
    bucket = scratch / "data-buckets" / _BUCKET
    bucket.mkdir(parents=True)
    target = await start(scratch, "data", items)
    try:
        loaded = await load(target, index=False)
        say(f"load of {items:,} items over HTTP: {loaded:.1f} s, {items / loaded:,.0f} items/s")
        client = await Client.connect(target)
        recovery = {"PointInTimeRecoveryEnabled": True}
        await client.call("UpdateContinuousBackups", {"PointInTimeRecoverySpecification": recovery})
        table_arn = (await client.call("DescribeTable", {}))["Table"]["TableArn"]
        await asyncio.sleep(_CALM_SECONDS)  # the first copy of the table is made meanwhile
        for format in ("DYNAMODB_JSON", "ION"):
            reset_peak(target)
            used = target.process.used().cpu_seconds
            seconds, count = await export(client, table_arn, bucket, format)
            used = target.process.used().cpu_seconds - used
            if count != items:
                raise LoadError(f"{count} items instead of {items}")
            say(
                f"export as {format}: {seconds:.1f} s, {items / seconds:,.0f} items/s, {used / items * 1e6:.1f} us of "
                f"CPU an item, at most {peak_mb(target):.0f} MB resident"
            )
        if per_second:
            under = UnderLoad(target, per_second, [workload.GET_ITEM, workload.PUT_ITEM])
            seconds, _ = await under.run(lambda: export(client, table_arn, bucket, "DYNAMODB_JSON"))
            say(f"export under {per_second} GetItem/s and {per_second} PutItem/s: {seconds:.1f} s")
            under.tell(say)
        client.close()
    finally:
        await target.process.stop()


async def _ask(client: Client, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(await client.ask(operation, orjson.dumps(request)))["ExportDescription"]
    return told


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export", description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--per-second", type=int, default=300, help="requests of each constant load; 0 for none")
    chosen = parser.parse_args()
    in_scratch(lambda scratch, say: measure(scratch, chosen.items, chosen.per_second, say))


if __name__ == "__main__":
    main()
