"""One lane of a table's journal on its way to a Kinesis stream.

A request holds at most one change of an item, and the item's next one is sent after that was acknowledged: PutRecords
promises no order within a request, and may take some records and refuse others. So the changes of an item arrive in
order, whatever fails.
"""

import logging
import time
from collections.abc import Sequence
from functools import partial

from stator.items.capacity import write_units
from stator.journal.journal import Journal
from stator.journal.record import Entry
from stator.model.table import Destination, Table
from stator.services.kinesis.client import (
    THROTTLES,
    KinesisClient,
    KinesisRefusal,
    KinesisUnreachable,
    OutgoingRecord,
)
from stator.services.kinesis.record import outgoing, partition_key
from stator.tables import destinations

_log = logging.getLogger(__name__)

WINDOW_RECORDS = 250  # read at a time: a few milliseconds of the loop
WAITING_RECORDS = 125
WINDOW_BYTES = 2 * 1024 * 1024
REQUEST_RECORDS_MAX = 500
REQUEST_BYTES_MAX = 5 * 1024 * 1024
RECORD_BYTES_SURE = 1_000_000  # every stream takes records of this size; some take larger ones

_OF_CONTENT = frozenset({"ValidationException", "InvalidArgumentException", "SerializationException"})


class Lane:
    """One lane of the journal on its way to a stream. All up to `cursor` has been acknowledged."""

    def __init__(self, journal: Journal, client: KinesisClient, lane: int, cursor: int) -> None:
        self._journal = journal
        self._client = client
        self._lane = lane
        self._read = cursor  # all up to here has been read
        self._waiting: list[tuple[str, Entry]] = []  # by partition key, in order
        self._records_max = REQUEST_RECORDS_MAX
        self.cursor = cursor
        self.acknowledged = 0
        self.units = 0  # change data capture units of what was acknowledged
        self.throttled = 0  # records that Kinesis could not take at that moment
        self.lost = 0  # records given up
        self.is_done = False  # whether the last run found no more

    @property
    def oldest(self) -> float | None:
        """The time of the oldest change that has been read and not acknowledged."""
        return min((entry.time for _, entry in self._waiting), default=None)

    async def run(self, table: Table, destination: Destination, until: float, last: float | None) -> None:
        """Deliver until there is no more, or the monotonic clock shows `until`; with `last`, no change that is later.

        Raises KinesisRefusal or KinesisUnreachable; what was not acknowledged is kept and tried again.
        """
        self.is_done = False
        more = True
        while more or self._waiting:
            # What waits for its item's turn or is refused holds up others only when there is much of it.
            if more and len(self._waiting) <= WAITING_RECORDS:
                more = await self._fill(table, last)
            if self._waiting:
                await self._send(table, destination)
            if time.monotonic() >= until:
                return
        self.is_done = True

    async def _fill(self, table: Table, last: float | None) -> bool:
        found = await self._journal.read(
            table.space, self._lane, self._read, records_max=WINDOW_RECORDS, bytes_max=WINDOW_BYTES
        )
        if found.trimmed:
            self.lost += 1
            _log.error("changes of table %s in lane %d were trimmed before Kinesis had them", table.name, self._lane)
        entries = [entry for entry in found.entries if last is None or entry.time <= last]
        self._waiting += [(partition_key(entry), entry) for entry in entries]
        self._read = found.cursor
        if not self._waiting:
            self.cursor = self._read
        return found.more and len(entries) == len(found.entries)

    async def _send(self, table: Table, destination: Destination) -> None:
        """One request with the oldest change of each item that has some."""
        chosen = self._choose()
        make = partial(_records, table, destination, self._lane, [self._waiting[place][1] for place in chosen])
        try:
            failures = await self._client.put(destination.stream_arn, make)
        except KinesisRefusal as error:
            self.throttled += len(chosen) * (error.code in THROTTLES)
            if not self._is_too_large(error, max(len(record.data) for record in make())):
                raise
            if len(chosen) > 1:  # one of them cannot be taken: find it
                self._records_max = max(1, len(chosen) // 4)
                return
            _, entry = self._waiting[chosen[0]]
            _log.error("a change of table %s, keys %s, is too large for Kinesis: %s", table.name, entry.keys, error)
            failures = [None]
            self.lost += 1
            self.units -= _units(entry)
        failed = {place for place, failure in zip(chosen, failures, strict=False) if failure is not None}
        # `put` may have made fewer than were chosen: what is too much for one request waits for the next.
        gone = set(chosen[: len(failures)]) - failed
        self.units += sum(_units(self._waiting[place][1]) for place in gone)
        self.throttled += sum(failure in THROTTLES for failure in failures)
        self._waiting = [pair for place, pair in enumerate(self._waiting) if place not in gone]
        self.cursor = self._waiting[0][1].sequence - 1 if self._waiting else self._read
        self.acknowledged += len(gone)
        if failed:
            raise KinesisUnreachable(f"{len(failed)} of {len(failures)} records failed: {failures[_first(failures)]}")
        self._records_max = min(REQUEST_RECORDS_MAX, self._records_max * 2)

    @staticmethod
    def _is_too_large(error: KinesisRefusal, longest: int) -> bool:
        """Whether a request is refused for a record that can never be taken. All else may be mended at the endpoint."""
        return longest > RECORD_BYTES_SURE and (error.status == 413 or error.code in _OF_CONTENT)

    def _choose(self) -> list[int]:
        """Places in `_waiting` of the changes that go next."""
        chosen: list[int] = []
        items: set[str] = set()
        for place, (item, _) in enumerate(self._waiting):
            if item not in items:
                items.add(item)
                chosen.append(place)
                if len(chosen) == self._records_max:
                    break
        return chosen


def _records(table: Table, destination: Destination, lane: int, entries: Sequence[Entry]) -> list[OutgoingRecord]:
    """The records of the first of the entries, as many as one request may hold."""
    precision = destination.precision or destinations.MILLISECOND
    made: list[OutgoingRecord] = []
    size = 0
    for entry in entries:
        record = outgoing(table, lane, entry, precision)
        size += len(record.data) * 4 // 3 + len(record.partition_key) + 100
        if made and size > REQUEST_BYTES_MAX:
            break
        made.append(record)
    return made


def _units(entry: Entry) -> int:
    """Change data capture units: one for each KB begun of the larger image."""
    return write_units(max(entry.new_size, entry.old_size))


def _first(failures: Sequence[str | None]) -> int:
    return next(place for place, failure in enumerate(failures) if failure is not None)
