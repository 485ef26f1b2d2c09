"""What is done once has a term for each time that this router leads: everything in it that remembers something is made
anew, because other routers may have done its work since. With one router there is one term, and it lasts."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Term(Protocol):
    async def close(self, *, lost: bool = False) -> None:
        """End it: when the lead is `lost`, at once; else what takes a moment may finish."""


T = TypeVar("T", bound=Term)


class Lease(Generic[T]):
    """`number` tells which term this router has, 0 for none; `begin` makes a term and starts it. `run_once` is a duty
    of every router."""

    def __init__(self, number: Callable[[], int], begin: Callable[[], T]) -> None:
        self._number = number
        self._begin = begin
        self._running = 0
        self.term: T | None = None

    def look(self) -> bool:
        """Begin a term where it is this router's turn and it has none. Whether it did."""
        number = self._number()
        if self.term is not None or not number:
            return False
        self._running, self.term = number, self._begin()
        return True

    async def run_once(self) -> int:
        """Begin or end a term. Returns how many it began and ended."""
        changes = 0
        if self.term is not None and self._number() != self._running:
            changes += 1
            await self._end(lost=True)
        return changes + self.look()

    async def close(self) -> None:
        await self._end(lost=False)

    async def _end(self, *, lost: bool) -> None:
        term, self.term = self.term, None
        if term is not None:
            await term.close(lost=lost)
