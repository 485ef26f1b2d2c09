"""Writes for clients: let in while there is capacity for them, and charged for once they are done.

A write is refused by its table before anything is read, and by a global index once it is known that the index has to
follow it: then nothing is written. A refused condition costs what writing the item that is there would have cost.
"""

from collections.abc import Sequence

from stator.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    TransactionCanceledException,
    WireError,
)
from stator.items.capacity import read_units, write_units
from stator.items.commit import Writer
from stator.items.decide import Outcome, PutWrite, Write
from stator.items.idempotency import Replay, Token
from stator.items.throughput import check_write
from stator.items.transaction import FACTOR, cancellation, decide_all, together
from stator.metrics.meter import Meter, Meters
from stator.storage.store import Change, Key, Row

_REFUSED_CONDITION = (ConditionalCheckFailedException, DuplicateItemException)


class Admission:
    """Of the writes of one request: what was let in counts before it is charged."""

    __slots__ = ("_meters", "_operation", "_pending", "entries", "refused")

    def __init__(self, meters: Meters, operation: str) -> None:
        self._meters = meters
        self._operation = operation
        self._pending: dict[int, float] = {}  # units by space
        self.entries: dict[tuple[Key, int], Key] = {}  # of indexes, by the item's key and the index's space
        self.refused = False

    def admit(self, write: Write, factor: int) -> None:
        """Raise unless the table has capacity for one more write. Its units are those it has at least."""
        meter = self._meters.of(write.table)
        if meter.writes is not None:
            least = write_units(write.size if isinstance(write, PutWrite) else 0)
            self._take(meter, write, write.key, factor * least)

    def admit_entries(self, write: Write, change: Change) -> None:
        """Raise unless the global indexes that have to follow a write have capacity for what it does to them."""
        units_of = change.result.index_units
        if not units_of:
            return
        keys = {key.space: key for key in (*change.deletes, *(put.key for put in change.puts))}
        for index in write.table.indexes:
            units = units_of.get(index.name)
            if units and not index.local:
                meter = self._meters.of_index(write.table, index)
                # An entry that costs is put or removed. Else something is wrong with the index: others find that.
                key = self.entries[write.key, index.space] = keys.get(index.space, write.key)
                if meter.writes is not None:
                    self._take(meter, write, key, units)

    def _take(self, meter: Meter, write: Write, key: Key, units: float) -> None:
        pending = self._pending.get(meter.space, 0.0)
        try:
            check_write(meter, write.table, key.partition, self._operation, pending, sort=key.sort)
        except WireError:
            self.refused = True
            raise
        self._pending[meter.space] = pending + units


class ChargedWriter:
    """What operations write with. `operation` is the name of the one that does, for the metrics of throttling.

    Raises, besides what a Writer raises, the errors of `items.throughput`.
    """

    __slots__ = ("_meter", "_meters", "_writer")

    def __init__(self, writer: Writer, meters: Meters) -> None:
        self._writer = writer
        self._meters = meters
        self._meter: Meter | None = None  # of the last single write: mostly that of the next one, too

    async def commit(self, write: Write, operation: str) -> Outcome:
        """Make one write happen, or raise what refused it."""
        table, key = write.table, write.key
        meter = self._meter
        if meter is None or meter.definition is not table:
            meter = self._meter = self._meters.of(table)
        budget = meter.writes
        if budget is not None and not budget.open:
            check_write(meter, table, key.partition, operation, sort=key.sort)
        if write.guard.condition is None and not table.indexes:  # nothing can refuse it any more
            plain: Outcome = await self._writer.run((key,), write.decide, (write,))
            meter.write(write_units(plain.size), key.partition, key.sort)
            return plain
        return await self._commit(write, operation, meter)

    async def _commit(self, write: Write, operation: str, meter: Meter) -> Outcome:
        """The same for one that a condition or an index may refuse still."""
        seen: Row | None = None
        entries = Admission(self._meters, operation)

        def decide(rows: Sequence[Row | None]) -> Change:
            nonlocal seen, entries
            seen = rows[0]
            entries = Admission(self._meters, operation)
            change = write.change(seen)
            entries.admit_entries(write, change)
            return change

        try:
            outcome: Outcome = await self._writer.run((write.key,), decide, (write,))
        except _REFUSED_CONDITION:
            meter.write(write_units(0 if seen is None else seen.size), write.key.partition, write.key.sort)
            raise
        self._charge(write, outcome, 1, entries)
        return outcome

    async def commit_batch(self, writes: Sequence[Write], operation: str) -> list[Outcome | WireError]:
        """Make several writes happen in one commit; those that there was no capacity for are told by their errors.

        Raises that of the first where there was none for any, and what else refuses one of them refuses all.
        """
        results: list[Outcome | WireError | None] = [None] * len(writes)
        admission = Admission(self._meters, operation)
        for position, write in enumerate(writes):
            try:
                admission.admit(write, 1)
            except WireError as error:
                results[position] = error
        entering = [write for write, error in zip(writes, results, strict=True) if error is None]

        entries = Admission(self._meters, operation)

        def decide(rows: Sequence[Row | None]) -> Change:
            nonlocal entries
            entries = Admission(self._meters, operation)
            return together([_change(write, row, entries) for write, row in zip(entering, rows, strict=True)])

        if entering:
            done = iter(await self._writer.run([write.key for write in entering], decide, entering))
            results = [next(done) if result is None else result for result in results]
        told = [result for result in results if result is not None]
        for write, result in zip(writes, told, strict=True):
            if isinstance(result, Outcome):
                self._charge(write, result, 1, entries)
        if all(isinstance(result, WireError) for result in told) and isinstance(told[0], WireError):
            raise told[0]
        return told

    async def transact(
        self, writes: Sequence[Write], operation: str, token: Token | None = None
    ) -> list[Outcome] | Replay:
        """Make several writes of different items happen, or none of them: once only, where there is a token.

        Raises TransactionCanceledException, also where there is no capacity.
        """
        self._admit(writes, operation)
        seen: Sequence[Row | None] = ()
        entries = Admission(self._meters, operation)

        def decide(writes: Sequence[Write], rows: Sequence[Row | None]) -> Change:
            nonlocal seen, entries
            seen = rows
            entries = Admission(self._meters, operation)
            return decide_all(writes, rows, entries.admit_entries)

        try:
            if token is None:
                done: list[Outcome] | Replay = await self._writer.transact(writes, decide)
            else:
                done = await self._writer.transact_once(writes, token, decide)
        except TransactionCanceledException:
            if not entries.refused:
                self._charge_refused(writes, seen)
            raise
        if isinstance(done, Replay):
            for write, size in zip(writes, done.sizes, strict=True):
                units = FACTOR * read_units(size, consistent=True)
                self._meters.of(write.table).read(units, write.key.partition, write.key.sort)
        else:
            for write, outcome in zip(writes, done, strict=True):
                self._charge(write, outcome, FACTOR, entries)
        return done

    def _admit(self, writes: Sequence[Write], operation: str) -> None:
        """Raise TransactionCanceledException unless there is capacity for all of a transaction."""
        admission = Admission(self._meters, operation)
        refused: dict[int, WireError] = {}
        for position, write in enumerate(writes):
            try:
                admission.admit(write, FACTOR)
            except WireError as error:
                refused[position] = error
        if refused:
            raise cancellation(len(writes), refused)

    def _charge(self, write: Write, outcome: Outcome, factor: int, entries: Admission) -> None:
        """Charge the table, and global indexes what they cost; local ones are the table's."""
        units = float(factor * write_units(outcome.size))
        if outcome.index_units:
            for index in write.table.indexes:
                used = outcome.index_units.get(index.name)
                if used and index.local:
                    units += used
                elif used:
                    key = entries.entries[write.key, index.space]
                    self._meters.of_index(write.table, index).write(used, key.partition, key.sort)
        self._meters.of(write.table).write(units, write.key.partition, write.key.sort)

    def _charge_refused(self, writes: Sequence[Write], seen: Sequence[Row | None]) -> None:
        for write, row in zip(writes, seen, strict=False):  # nothing was seen of one that never began
            units = FACTOR * write_units(0 if row is None else row.size)
            self._meters.of(write.table).write(units, write.key.partition, write.key.sort)


def _change(write: Write, row: Row | None, entries: Admission) -> Change:
    """What the write makes of its row: nothing where an index has no capacity for it, and the error for a result."""
    change = write.change(row)
    try:
        entries.admit_entries(write, change)
    except WireError as error:
        return Change(result=error)
    return change
