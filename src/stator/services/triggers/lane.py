"""One part of one lane of a stream on its way to a function: batches in order, each until it succeeds or is given up.

A mapping with a parallelization factor cuts each lane into that many parts by the hash of the item's key, so the
changes of an item stay in order. Each part reads the whole lane and leaves out what is not its own.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b

import orjson

from stator.journal.event import render_event
from stator.journal.lineage import StreamRecord
from stator.journal.mapping import Mapping
from stator.journal.mappings import Mappings
from stator.journal.pattern import parse
from stator.journal.record import Entry
from stator.services.triggers import failure as trigger_failure
from stator.services.triggers.batch import EXHAUSTED, TOO_OLD, Batch, Event, after_failure, expired, first_failed
from stator.services.triggers.target import InvocationFault, Target

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
BACK_OFF_SECONDS_MIN = 0.1
BACK_OFF_SECONDS_MAX = 30.0
EVENT_BYTES_MAX = 6 * 1024 * 1024  # of an invocation
WINDOW_RECORDS = 250
LAG_MAX = 1000  # records passed over before that is written down

_HEAD, _TAIL = b'{"Records":[', b"]}"
_FAILED = "PROBLEM: Function call failed"

Pause = Callable[[float], Awaitable[object]]


class MappingChanged(Exception):
    """The mapping is not as it was: somebody else goes on from what is stored."""


class TriggerLane:
    """`run` ends after `stopping` was set, once no invocation is under way, or with the mapping."""

    def __init__(
        self,
        mappings: Mappings,
        mapping: Mapping,
        place: tuple[int, int],
        target: Target,
        *,
        pause: Pause = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mappings = mappings
        self._mapping = mapping
        self._lane, self._slot = place
        self._target = target
        self._pause = pause
        self._monotonic = monotonic
        self._patterns = [parse(pattern) for pattern in mapping.filters]
        self._waiting: list[Event] = []
        self._read = 0  # all up to here has been read
        self._stored = 0
        self._since = 0.0  # when the first of those waiting was read
        self._result = ""
        self.stopping = False

    async def run(self) -> None:
        try:
            self._read = self._stored = await self._mappings.cursor(self._mapping, self._lane, self._slot)
            while not self.stopping:
                try:
                    await self.run_once()
                except MappingChanged:
                    return
                except Exception:  # noqa: BLE001  whatever it was, the trigger must go on
                    _log.exception("trigger %s stumbled", self._mapping.uuid)
                    self._waiting = []
                    self._read = self._stored
                    await self._pause(BACK_OFF_SECONDS_MAX)
        finally:
            await self._target.close()

    async def run_once(self) -> None:
        """Read on, and deliver a batch if one is full or due."""
        stream = await self._mappings.streams.find(self._mapping.stream_name)
        if stream is None:
            await self._pause(1.0)
            return
        more = await self._fill(stream)
        batch = self._take(more=more)
        if batch is not None:
            await self._deliver(stream, batch)
        else:
            if not self._waiting and self._read - self._stored >= LAG_MAX:
                await self._advance(self._read, "")
            await self._pause(0 if more else POLL_SECONDS)  # reading suspends nobody, and others want their turn

    async def _fill(self, stream: StreamRecord) -> bool:
        """Read what comes next, unless a batch is full already. True when there may be more at once."""
        if len(self._waiting) >= self._mapping.batch_size:
            return True
        found = await self._mappings.streams.journal.read(
            stream.journal, self._lane, self._read, records_max=WINDOW_RECORDS
        )
        if found.trimmed and self._read:
            _log.warning("trigger %s: changes may have been trimmed before they were delivered", self._mapping.uuid)
        last = stream.shards[self._lane][-1].end  # later changes are another stream's
        for entry in found.entries:
            if (last is None or entry.sequence <= last) and slot_of(entry, self._mapping.factor) == self._slot:
                self._wait_for(stream, entry)
        self._read = found.cursor
        return found.more

    def _wait_for(self, stream: StreamRecord, entry: Entry) -> None:
        record = render_event(stream, self._lane, entry)
        if self._patterns and not any(matches(record) for matches in self._patterns):
            return
        if not self._waiting:
            self._since = self._monotonic()
        number = record["dynamodb"]["SequenceNumber"]
        self._waiting.append(Event(entry.sequence, entry.time, number, orjson.dumps(record)))

    def _take(self, *, more: bool) -> Batch | None:
        """The next batch, once it is full or its window is over."""
        count, size = 0, len(_HEAD) + len(_TAIL)
        for event in self._waiting[: self._mapping.batch_size]:
            size += len(event.body) + 1
            if count and size > EVENT_BYTES_MAX:
                break
            count += 1
        full = count == self._mapping.batch_size or count < len(self._waiting)
        due = not more and self._monotonic() - self._since >= self._mapping.window_seconds
        if not count or not (full or due):
            return None
        taken = tuple(self._waiting[:count])
        del self._waiting[:count]
        self._since = self._monotonic()
        return Batch(taken)

    async def _deliver(self, stream: StreamRecord, first: Batch) -> None:
        queue = [first]
        failures = 0
        while queue:
            old, batch = expired(queue[0], self._mapping, self._mappings.clock())
            if old is not None:
                await self._give_up(stream, old, TOO_OLD)
            queue[:1] = [] if batch is None else [batch]
            if batch is not None:
                failed_from, reason = await self._try(batch)
                if failed_from is None:
                    queue = queue[1:]
                    failures = 0
                else:
                    failures += 1
                    again, given_up = after_failure(batch, self._mapping, failed_from)
                    queue = [*again, *queue[1:]]
                    if given_up is not None:
                        await self._give_up(stream, given_up, EXHAUSTED, reason)
            await self._advance(self._next(queue) - 1, _FAILED if failures else "OK")
            if failures and queue:
                await self._back_off(failures)
            if self.stopping:
                raise MappingChanged

    async def _try(self, batch: Batch) -> tuple[int | None, str]:
        """The place of the first event that failed, or None; and why."""
        event = _HEAD + b",".join(entry.body for entry in batch.entries) + _TAIL
        try:
            answer = await self._target.invoke(event)
        except InvocationFault as fault:
            _log.warning("trigger %s: function %s: %s", self._mapping.uuid, self._mapping.function_name, fault)
            return 0, str(fault)
        if not self._mapping.reports_failures:
            return None, ""
        try:
            told = orjson.loads(answer) if answer else None
        except orjson.JSONDecodeError:
            return 0, "the answer is not JSON"
        return first_failed(batch, told), "batchItemFailures"

    async def _give_up(self, stream: StreamRecord, batch: Batch, condition: str, reason: str = "") -> None:
        mapping = self._mapping
        _log.error("trigger %s gave up %d changes: %s %s", mapping.uuid, len(batch.entries), condition, reason)
        if mapping.on_failure is not None:
            report = trigger_failure.render(mapping, stream, self._lane, batch, condition=condition)
            await trigger_failure.tell(mapping.on_failure, report, self._pause)

    def _next(self, queue: list[Batch]) -> int:
        """The sequence of the first change that is neither done nor given up."""
        if queue:
            return queue[0].first
        return self._waiting[0].sequence if self._waiting else self._read + 1

    async def _advance(self, cursor: int, result: str) -> None:
        """Write down how far this part is. Raises MappingChanged."""
        if cursor == self._stored and result == self._result:
            return
        if not await self._mappings.advance(self._mapping, self._lane, self._slot, cursor, result):
            raise MappingChanged
        self._stored = cursor
        self._result = result or self._result

    async def _back_off(self, failures: int) -> None:
        longest = min(BACK_OFF_SECONDS_MAX, BACK_OFF_SECONDS_MIN * 2.0 ** min(failures - 1, 10))
        left = longest * random.uniform(0.5, 1.0)
        while left > 0 and not self.stopping:
            await self._pause(min(left, 1.0))
            left -= 1.0


def slot_of(entry: Entry, factor: int) -> int:
    """Which of the parts of its lane a change belongs to: the same for all changes of an item."""
    if factor == 1:
        return 0
    key = orjson.dumps(entry.keys, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big") % factor
