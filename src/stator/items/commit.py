"""Commit: the one way from decided writes to the disk."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from stator.clock import Clock, system_clock
from stator.errors import (
    IdempotentParameterMismatchException,
    InternalServerError,
    ResourceNotFoundException,
    ThrottlingException,
    TransactionInProgressException,
)
from stator.items.decide import Outcome, Write
from stator.items.idempotency import Replay, Token
from stator.items.transaction import decide_all, together
from stator.model.table import Table
from stator.storage.failure import SpaceGone, StoreBusy, StoreError
from stator.storage.hold import Hold
from stator.storage.store import Change, Decide, Key, Row, Store

Latest = Callable[[Table], Table]
"""The table of a write that was prepared some time ago, as it is now."""

DecideWrites = Callable[[Sequence[Write], Sequence[Row | None]], Change]
"""Several writes and their rows to one change, as `decide_all` does."""


def _as_prepared(table: Table) -> Table:
    return table


class Writer:
    """Writes items. What it returns is durable. `clock` gives the journal's records their times and must never fall.

    A write is decided by its table as it is at that moment, not as it was when the request was read: an index that was
    added in between would miss it.
    """

    __slots__ = ("_clock", "_latest", "_running", "_store")

    def __init__(self, store: Store, latest: Latest = _as_prepared, clock: Clock = system_clock) -> None:
        self._store = store
        self._latest = latest
        self._clock = clock
        self._running: dict[Key, str] = {}  # tokens of transactions on their way, with their digests

    async def commit(self, write: Write) -> Outcome:
        """Make one write happen, or raise what refused it."""
        outcome: Outcome = await self.run((write.key,), write.decide, (write,))
        return outcome

    async def commit_all(self, writes: Sequence[Write]) -> list[Outcome]:
        """Make several writes happen, in one commit, or none of them."""
        outcomes: list[Outcome] = await self.run([write.key for write in writes], _together(writes), writes)
        return outcomes

    async def commit_timed(self, writes: Sequence[Write]) -> float:
        """The same; how many seconds it, and what shared its turn, held up the loop."""
        hold = Hold()
        await self.run([write.key for write in writes], hold.around(_together(writes)), writes)
        return hold.seconds

    async def transact(self, writes: Sequence[Write], decide_writes: DecideWrites = decide_all) -> list[Outcome]:
        """Make several writes of different items happen, or none of them. Raises TransactionCanceledException."""
        outcomes: list[Outcome] = await self.run(
            [write.key for write in writes], lambda rows: decide_writes(writes, rows), writes
        )
        return outcomes

    async def transact_once(
        self, writes: Sequence[Write], token: Token, decide_writes: DecideWrites = decide_all
    ) -> list[Outcome] | Replay:
        """The same, unless it has happened before under this token.

        Raises IdempotentParameterMismatchException when the token came with another request, and
        TransactionInProgressException while the first is still under way.
        """
        known = 1 + len(token.others)

        def decide(rows: Sequence[Row | None]) -> Change:
            replay = token.replay(rows[:known])
            if replay is not None:
                return Change(result=replay)
            change = decide_writes(writes, rows[known:])
            return replace(change, puts=[*change.puts, token.record(change.result)])

        digest = self._running.get(token.key)
        if digest is not None:
            raise TransactionInProgressException if digest == token.digest else IdempotentParameterMismatchException
        self._running[token.key] = token.digest
        try:
            keys = [token.key, *token.others, *(write.key for write in writes)]
            done: list[Outcome] | Replay = await self.run(keys, decide, writes)
        finally:
            del self._running[token.key]
        return done

    async def commit_with(self, keys: Sequence[Key], writes: Sequence[Write], decide: Decide) -> Any:
        """Make happen what `decide` says of the rows of `keys` and then of these writes'; it changes each write's row
        itself, so that one may be refused without the others. Raises what it raises."""
        return await self.run([*keys, *(write.key for write in writes)], decide, writes)

    async def run(self, keys: Sequence[Key], decide: Decide, writes: Sequence[Write]) -> Any:
        """Make happen what `decide` says of the rows of `keys`, which are those of `writes`, perhaps after others."""
        latest, clock = self._latest, self._clock

        def decide_now(rows: Sequence[Row | None]) -> Change:
            now = 0.0
            for write in writes:
                table = write.table = latest(write.table)
                if table.journaled:
                    # One time for all: whoever cuts the journal between two times cuts no commit in two.
                    now = now or clock()
                    write.time = now
            return decide(rows)

        try:
            return await self._store.transact(keys, decide_now)
        except StoreBusy:
            raise ThrottlingException("The server is too busy to take the write. Try again.") from None
        except SpaceGone:  # the table was deleted while the write was on its way
            raise ResourceNotFoundException from None
        except StoreError:  # it failed, or the server is stopping: clients try again
            raise InternalServerError from None


def _together(writes: Sequence[Write]) -> Decide:
    return lambda rows: together([write.change(row) for write, row in zip(writes, rows, strict=True)])
