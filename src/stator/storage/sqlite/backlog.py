"""The chores that wait for the writer's connection."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from stator.storage.failure import StoreError
from stator.storage.sqlite.chores import Chore
from stator.storage.sqlite.fault import translate

_log = logging.getLogger(__name__)

REST_SECONDS = 5.0  # after a chore that failed, on a full disk for instance


class Backlog:
    """Chores in order. `wake` is called when they may go on after a rest."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._entries: deque[tuple[Chore, asyncio.Future[Any] | None]] = deque()
        self._rest: asyncio.TimerHandle | None = None
        self._wake = wake

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def next(self) -> Chore | None:
        """The chore to run now, if any."""
        return self._entries[0][0] if self._entries and self._rest is None else None

    def add(self, chore: Chore, future: "asyncio.Future[Any] | None" = None) -> None:
        """A chore without a future is nobody's to repeat: it is tried until it succeeds."""
        self._entries.append((chore, future))

    def ran(self, finished: bool, error: BaseException | None) -> None:
        """What became of a slice of `next`."""
        if error is None and not finished:
            return
        chore, future = self._entries[0]
        if error is not None and future is None:
            _log.warning("%s failed and is tried again in %.0f s: %s", type(chore).__name__, REST_SECONDS, error)
            self._rest = asyncio.get_running_loop().call_later(REST_SECONDS, self._rested)
            return
        self._entries.popleft()
        if future is None or future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(translate(error))

    def abandon(self, failure: StoreError) -> None:
        """Do none of them, and tell those who wait."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        entries = list(self._entries)
        self._entries.clear()
        for _, future in entries:
            if future is not None and not future.done():
                future.set_exception(failure)

    def _rested(self) -> None:
        self._rest = None
        self._wake()
