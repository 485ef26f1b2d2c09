"""Commit: the one way from decided writes to the disk."""

from collections.abc import Sequence
from typing import Any

from stator.errors import InternalServerError, ThrottlingException
from stator.items.decide import Outcome, Write
from stator.storage.failure import StoreBusy, StoreFailure
from stator.storage.store import Append, Change, Decide, Key, Put, Row, Store


class Writer:
    """Writes items. What it returns is durable."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    async def commit(self, write: Write) -> Outcome:
        """Make one write happen, or raise what refused it."""
        outcome: Outcome = await self._transact((write.key,), write.decide)
        return outcome

    async def commit_all(self, writes: Sequence[Write]) -> list[Outcome]:
        """Make several writes happen, in one commit, or none of them."""

        def decide(rows: Sequence[Row | None]) -> Change:
            puts: list[Put] = []
            deletes: list[Key] = []
            appends: list[Append] = []
            outcomes: list[Outcome] = []
            for write, row in zip(writes, rows, strict=True):
                change = write.change(row)
                puts += change.puts
                deletes += change.deletes
                appends += change.appends
                outcomes.append(change.result)
            return Change(puts, deletes, appends, outcomes)

        outcomes: list[Outcome] = await self._transact([write.key for write in writes], decide)
        return outcomes

    async def _transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        try:
            return await self._store.transact(keys, decide)
        except StoreBusy:
            raise ThrottlingException("The server is too busy to take the write. Try again.") from None
        except StoreFailure:
            raise InternalServerError from None
