"""Telling of batches that were given up: a line in a file or a request to an endpoint, with Lambda's report in it."""

import logging
import os
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import orjson

from stator.journal.lineage import StreamRecord
from stator.journal.mapping import Mapping
from stator.services.triggers.batch import Batch
from stator.services.triggers.target import InvocationFault, in_thread, post

_log = logging.getLogger(__name__)

TRIES = 5
TIMEOUT_SECONDS = 5.0
FILE = "file://"


def render(mapping: Mapping, stream: StreamRecord, lane: int, batch: Batch, *, condition: str) -> bytes:
    first, last = batch.entries[0], batch.entries[-1]
    shards = [shard for shard in stream.shards[lane] if (shard.start or 0) <= first.sequence]
    return orjson.dumps(
        {
            "requestContext": {
                "requestId": str(uuid4()),
                "functionArn": mapping.function_arn,
                "condition": condition,
                "approximateInvokeCount": batch.failures,
            },
            "version": "1.0",
            "timestamp": _moment(time.time()),
            "DDBStreamBatchInfo": {
                "shardId": (shards or stream.shards[lane])[-1].id,
                "startSequenceNumber": first.number,
                "endSequenceNumber": last.number,
                "approximateArrivalOfFirstRecord": _moment(first.time),
                "approximateArrivalOfLastRecord": _moment(last.time),
                "batchSize": len(batch.entries),
                "streamArn": mapping.stream_arn,
            },
        }
    )


async def tell(destination: str, report: bytes, pause: Callable[[float], Awaitable[object]]) -> None:
    """Try a few times; what cannot be told is logged."""
    for attempt in range(TRIES):
        try:
            if destination.startswith(FILE):
                await in_thread(lambda: _append(destination.removeprefix(FILE), report + b"\n"))
                return
            status, _, _ = await post(destination, report, {"Content-Type": "application/json"}, TIMEOUT_SECONDS)
            if status < 300:
                return
            fault = f"it answered {status}"
        except (OSError, ValueError, InvocationFault) as error:
            fault = str(error)
        _log.warning("the on-failure destination %s did not take a report: %s", destination, fault)
        await pause(0.2 * 2.0**attempt)
    _log.error("not told to %s: %s", destination, report.decode())


def _append(path: str, line: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"
