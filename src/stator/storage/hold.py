"""How long a write held the loop: it, and what shared its turn."""

import asyncio
import time
from collections.abc import Sequence

from stator.storage.store import Change, Decide, Row


class Hold:
    """Of one `transact` with the decide that `around` makes. The last time it was decided counts."""

    __slots__ = ("_began", "_ended")

    def __init__(self) -> None:
        self._began = self._ended = 0.0

    def around(self, decide: Decide) -> Decide:
        """The same decide, measured."""

        def measured(rows: Sequence[Row | None]) -> Change:
            self._began = time.perf_counter()
            asyncio.get_running_loop().call_soon(self._end)  # what is decided is written before the loop goes on
            return decide(rows)

        return measured

    @property
    def seconds(self) -> float:
        """0 while nothing was decided."""
        return max(0.0, self._ended - self._began)

    def _end(self) -> None:
        self._ended = time.perf_counter()
