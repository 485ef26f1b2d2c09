"""What brings the changes of one table to one Kinesis stream, and the destination from status to status."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Sequence
from typing import NamedTuple, Self

import orjson

from stator.errors import ResourceNotFoundException
from stator.journal.journal import Journal
from stator.journal.record import LANES
from stator.model.table import Destination, Table
from stator.services.kinesis.client import KinesisClient, KinesisRefusal, KinesisUnreachable
from stator.services.kinesis.lane import Lane
from stator.services.parts import Parts
from stator.storage.store import Change, Key, Put, Row
from stator.tables import destinations
from stator.tables.catalog import CATALOG_SPACE, Edit, not_found

_log = logging.getLogger(__name__)

CURSORS = bytes(8) + b"kinesis"
"""The partition, in space 0, of the cursors. Sort: the table's space in 8 bytes, the lane in one, the stream's ARN."""

RUN_SECONDS = 0.5  # one stretch of work
ENABLE_SECONDS_MAX = 60.0  # how long an endpoint may be away before ENABLING fails
DISABLE_SECONDS_MAX = 10.0  # how long what is left to deliver holds up DISABLING
BACK_OFF_SECONDS_MIN = 0.1
BACK_OFF_SECONDS_MAX = 10.0

_FORMAT = 1
_AGE = "AgeOfOldestUnreplicatedRecord"
_DELEGATED = "PutRecords"
_NO_PERMISSION = "User does not have a permission to use kinesis stream"


class _Sums(NamedTuple):
    units: int = 0
    throttled: int = 0
    lost: int = 0
    acknowledged: int = 0

    @classmethod
    def of(cls, lanes: Sequence[Lane]) -> Self:
        return cls(
            sum(lane.units for lane in lanes),
            sum(lane.throttled for lane in lanes),
            sum(lane.lost for lane in lanes),
            sum(lane.acknowledged for lane in lanes),
        )


class Courier:
    """Brings the changes of one table to one stream. `table` and `destination` are kept as they are now."""

    table: Table
    destination: Destination

    def __init__(self, parts: Parts, client: KinesisClient) -> None:
        self._parts = parts
        self._client = client
        self._journal = Journal(parts.store)
        self._lanes: list[Lane] = []
        self._failures = 0
        self._told = _Sums()  # by metrics, of the lanes as they are
        self.not_before = 0.0  # by the monotonic clock

    async def work(self) -> int:
        """Do what there is to do for a while; returns how much that was."""
        try:
            if self.destination.status == destinations.ENABLING:
                done = await self._enable()
            else:
                done = await self._deliver()
        except (KinesisRefusal, KinesisUnreachable) as error:
            self._back_off(error)
            return 0
        except Exception:  # noqa: BLE001  whatever it was, other destinations must go on
            _log.exception("delivery to %s stumbled", self.destination.stream_arn)
            self._failures += 1
            self.not_before = time.monotonic() + BACK_OFF_SECONDS_MAX
            return 0
        return done

    async def _enable(self) -> int:
        destination = self.destination
        try:
            status = await self._client.status(destination.stream_arn)
        except KinesisRefusal as error:
            if error.passing and not self._late(ENABLE_SECONDS_MAX):
                raise
            return await self._settle(destination, destinations.ENABLE_FAILED, _told(error))
        except KinesisUnreachable as error:
            if not self._late(ENABLE_SECONDS_MAX):
                raise
            text = f"The Kinesis endpoint of this server cannot be reached: {error}"
            return await self._settle(destination, destinations.ENABLE_FAILED, text)
        if status == "CREATING" and not self._late(ENABLE_SECONDS_MAX):
            raise KinesisUnreachable("the stream is being created")
        if status not in ("ACTIVE", "UPDATING"):
            return await self._settle(destination, destinations.ENABLE_FAILED, f"The stream is {status}")
        # Every change since Enable was answered is delivered.
        space = self.table.space
        ends = [
            await self._journal.before(space, lane, int(destination.changed * 1000) / 1000) for lane in range(LANES)
        ]
        await self._store(list(enumerate(ends)))
        self._lanes, self._told = [], _Sums()
        return await self._settle(destination, destinations.ACTIVE)

    async def _deliver(self) -> int:
        """Bring changes for a while, then see to what was asked for the destination."""
        destination = self.destination
        if not self._lanes:
            await self._load()
        until = time.monotonic() + RUN_SECONDS
        closing = destination.status == destinations.DISABLING
        last = destination.changed if closing else None
        cursors = [lane.cursor for lane in self._lanes]
        acknowledged = sum(lane.acknowledged for lane in self._lanes)
        outcomes = await asyncio.gather(
            *(lane.run(self.table, destination, until, last) for lane in self._lanes), return_exceptions=True
        )
        self._tell_metrics()
        moved = [(n, lane.cursor) for n, lane in enumerate(self._lanes) if lane.cursor != cursors[n]]
        if moved:
            await self._store(moved)
        failure = next((outcome for outcome in outcomes if outcome is not None), None)
        done = sum(lane.acknowledged for lane in self._lanes) - acknowledged
        if done:
            self._failures = 0
        if destination.status == destinations.UPDATING:
            done += await self._settle(destination, destinations.ACTIVE)
        elif closing and failure is not None and self._late(DISABLE_SECONDS_MAX):
            _log.warning("%s was disabled with changes undelivered: %s", destination.stream_arn, failure)
            return await self._settle(destination, destinations.DISABLED)
        elif closing and all(lane.is_done for lane in self._lanes):
            done += await self._settle(destination, destinations.DISABLED)
        if failure is not None:
            raise failure
        return done

    def _tell_metrics(self) -> None:
        """What has come of it since this was last told, and how late the oldest change is."""
        before, now = self._told, _Sums.of(self._lanes)
        self._told = now
        figures: dict[str, float] = {
            "ConsumedChangeDataCaptureUnits": now.units - before.units,
            "ThrottledPutRecordCount": now.throttled - before.throttled,
            "FailedToReplicateRecordCount": now.lost - before.lost,
        }
        told = {name: value for name, value in figures.items() if value}
        waiting = [lane.oldest for lane in self._lanes if lane.oldest is not None]
        if waiting:
            told[_AGE] = max(0.0, (self._parts.clock() - min(waiting)) * 1000)
        elif now.acknowledged > before.acknowledged:
            told[_AGE] = 0.0
        table = self.table
        for name, value in told.items():
            dimensions = (("DelegatedOperation", _DELEGATED), ("TableName", table.name))
            self._parts.recorder.note(table.account, table.region, name, dimensions, value)

    async def _load(self) -> None:
        rows = await self._parts.store.get([self._key(lane) for lane in range(LANES)])
        cursors = [orjson.loads(row.value)[1] if row else 0 for row in rows]
        self._lanes = [Lane(self._journal, self._client, n, cursor) for n, cursor in enumerate(cursors)]

    async def _store(self, cursors: Sequence[tuple[int, int]]) -> None:
        puts = []
        for lane, cursor in cursors:
            value = orjson.dumps([_FORMAT, cursor])
            puts.append(Put(self._key(lane), len(value), value))

        def decide(_: Sequence[Row | None]) -> Change:
            return Change(puts=puts)

        await self._parts.store.transact((), decide)

    async def _settle(self, before: Destination, status: str, description: str | None = None) -> int:
        await settle(self._parts, self.table, before, status, description)
        return 1

    def _late(self, seconds_max: float) -> bool:
        return self._parts.clock() - self.destination.changed > seconds_max

    def _back_off(self, error: Exception) -> None:
        self._failures += 1
        longest = min(BACK_OFF_SECONDS_MAX, BACK_OFF_SECONDS_MIN * 2.0 ** min(self._failures - 1, 10))
        self.not_before = time.monotonic() + longest * random.uniform(0.5, 1.0)
        if self._failures in (1, 10) or self._failures % 100 == 0:
            stream = self.destination.stream_arn
            _log.warning("delivery to %s failed %d times in a row: %s", stream, self._failures, error)

    def _key(self, lane: int) -> Key:
        sort = self.table.space.to_bytes(8, "big") + bytes([lane]) + self.destination.stream_arn.encode()
        return Key(CATALOG_SPACE, CURSORS, sort)


async def settle(parts: Parts, table: Table, before: Destination, status: str, description: str | None = None) -> None:
    """Write down what became of a destination, unless its table is gone or something else was asked meanwhile."""

    def decide(now: Table | None) -> Edit:
        if now is None or now.id != table.id:
            raise not_found(table.name)
        return Edit(destinations.settle(now, before, status, description))

    with contextlib.suppress(ResourceNotFoundException):
        await parts.catalog.change(table.account, table.region, table.name, decide)


def _told(error: KinesisRefusal) -> str:
    """As the service describes a stream that is not there or not for this user; else what the endpoint says."""
    if error.code in ("ResourceNotFoundException", "AccessDeniedException"):
        return _NO_PERMISSION
    return str(error)
